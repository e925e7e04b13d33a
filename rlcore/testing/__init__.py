"""What tests of toolkits and platforms need: clocks that the test moves, and a fake SageMaker."""

from rlcore.testing.clocks import Clock, ManualClock, SystemClock
from rlcore.testing.endpoints import EndpointScript
from rlcore.testing.fake import FakeSageMaker
from rlcore.testing.faults import Fault
from rlcore.testing.operations import Call
from rlcore.testing.timelines import JobScript
from rlcore.testing.transforms import TransformScript

__all__ = [
    "Call",
    "Clock",
    "EndpointScript",
    "FakeSageMaker",
    "Fault",
    "JobScript",
    "ManualClock",
    "SystemClock",
    "TransformScript",
]

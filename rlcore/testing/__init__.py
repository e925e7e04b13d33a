"""What tests of toolkits and platforms need: contracts to keep, clocks to move, a fake SageMaker.

Each name is imported when it is first used: only the contracts need pytest, only the fake service
needs what `rlcore[testing]` installs.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rlcore.testing.clocks import Clock as Clock
    from rlcore.testing.clocks import ManualClock as ManualClock
    from rlcore.testing.clocks import SystemClock as SystemClock
    from rlcore.testing.contracts.platforms import HostingContract as HostingContract
    from rlcore.testing.contracts.platforms import PlatformContract as PlatformContract
    from rlcore.testing.contracts.platforms import TrialJob as TrialJob
    from rlcore.testing.contracts.records import CapturedLog as CapturedLog
    from rlcore.testing.contracts.records import ShortTraining as ShortTraining
    from rlcore.testing.contracts.toolkit import ToolkitContract as ToolkitContract
    from rlcore.testing.endpoints import EndpointScript as EndpointScript
    from rlcore.testing.fake import FakeSageMaker as FakeSageMaker
    from rlcore.testing.faults import Fault as Fault
    from rlcore.testing.operations import Call as Call
    from rlcore.testing.timelines import JobScript as JobScript
    from rlcore.testing.transforms import TransformScript as TransformScript

_HOMES = {
    "Call": "operations",
    "CapturedLog": "contracts.records",
    "Clock": "clocks",
    "EndpointScript": "endpoints",
    "FakeSageMaker": "fake",
    "Fault": "faults",
    "HostingContract": "contracts.platforms",
    "JobScript": "timelines",
    "ManualClock": "clocks",
    "PlatformContract": "contracts.platforms",
    "ShortTraining": "contracts.records",
    "SystemClock": "clocks",
    "ToolkitContract": "contracts.toolkit",
    "TransformScript": "transforms",
    "TrialJob": "contracts.platforms",
}

__all__ = [  # noqa: PLE0604 - the table above is the only list
    *_HOMES,
]


def __getattr__(name: str) -> object:
    """Import a public name from its home."""
    if name not in _HOMES:
        msg = f"module 'rlcore.testing' has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(importlib.import_module(f"rlcore.testing.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return sorted({*globals(), *__all__})

"""What is wrong with a job although the service would take its request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlcore.errors import MissingArgument
from rlcore.warning import warn

if TYPE_CHECKING:
    from rlcore.spec import JobRequest


def check_instance_type(request: JobRequest) -> None:
    """Raise `MissingArgument` where nothing says what the job runs on."""
    given = request.resources.instance_type
    if not given and not request.options.get("instance_groups"):
        msg = "SageMaker needs an instance_type, such as 'ml.c5.2xlarge'."
        raise MissingArgument(msg)


def warn_of_isolation(request: JobRequest) -> None:
    """Warn of a release that is installed when its job starts, and a job without a network."""
    added = request.release.image_requirements if request.release else ()
    if added and not request.image_uri and request.options.get("enable_network_isolation"):
        msg = (
            f"{request.release} is installed when the job starts, and enable_network_isolation"
            " leaves no network for it. Use an image of your own that has it (image_uri=...), or"
            " leave the isolation away."
        )
        warn(msg)

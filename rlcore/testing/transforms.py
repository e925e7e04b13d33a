"""The fake's transform jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from rlcore.testing.endpoints import Things
from rlcore.testing.errors import invalid, taken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rlcore.testing.endpoints import Made

_FINAL = {"Completed", "Failed", "Stopped"}


@attrs.frozen(kw_only=True)
class TransformScript:
    """What a transform job of the fake does. Times are seconds.

    Attributes:
        starting: How long hosts are got for.
        transforming: How long it runs then.
        stopping: How long it takes to end once it is asked to.
        failure_reason: Why it fails.
    """

    starting: float = 60.0
    transforming: float = 60.0
    stopping: float = 10.0
    failure_reason: str | None = None


class TransformJobs(Things):
    """Transform jobs: in progress, then completed or failed; or stopped.

    Args:
        models: What they run.
        arn: Returns the ARN of a resource, for its kind and name.
        clock: The time.
    """

    def __init__(
        self, models: Things, arn: Callable[[str, str], str], clock: Callable[[], float]
    ) -> None:
        """There is none yet."""
        super().__init__("transform job", "TransformJob", arn, clock, "transform-job")
        self.scripts: dict[str | None, TransformScript] = {None: TransformScript()}
        self._models = models
        self._stopped: dict[str, float] = {}

    def create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer CreateTransformJob."""
        self._models.find(request["ModelName"])
        if request["TransformJobName"] in self.made:
            msg = "Job name must be unique within an AWS account and region"
            raise taken(msg)
        return super().create(request)

    def describe(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer DescribeTransformJob."""
        name = request["TransformJobName"]
        made = self.find(name)
        status, ended = self._state(name, made)
        script = self._script(name)
        started = made.created + script.starting
        reason = {"FailureReason": script.failure_reason} if status == "Failed" else {}
        return {
            **super().describe(request),
            "TransformJobStatus": status,
            **({"TransformStartTime": started} if started <= self._clock() else {}),
            **({"TransformEndTime": ended} if status in _FINAL else {}),
            **reason,
        }

    def stop(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer StopTransformJob."""
        name = request["TransformJobName"]
        status, _ = self._state(name, self.find(name))
        if status in _FINAL:
            msg = f"The request was rejected because the transform job is in status {status}."
            raise invalid(msg)
        self._stopped.setdefault(name, self._clock())
        return {}

    def find(self, name: str) -> Made:
        """Return the job that has a name."""
        if name not in self.made:
            msg = "Requested resource not found."
            raise invalid(msg)
        return self.made[name]

    def _state(self, name: str, made: Made) -> tuple[str, float]:
        """Return the state of a job, and when it ends."""
        script, now = self._script(name), self._clock()
        if name in self._stopped:
            ended = self._stopped[name] + script.stopping
            return ("Stopped" if now >= ended else "Stopping"), ended
        ended = made.created + script.starting + script.transforming
        if now < ended:
            return "InProgress", ended
        return ("Failed" if script.failure_reason else "Completed"), ended

    def _script(self, name: str) -> TransformScript:
        return self.scripts.get(name, self.scripts[None])

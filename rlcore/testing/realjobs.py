"""Training jobs of the fake that run on this machine, on the platform `local`."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from rlcore import storage
from rlcore.errors import PlatformError
from rlcore.platforms.local.platform import LocalPlatform
from rlcore.platforms.sagemaker import recovery
from rlcore.registry import default_registry
from rlcore.spec import Channel, JobState, Resources
from rlcore.testing.jobs import Job
from rlcore.testing.objects import Objects
from rlcore.testing.timelines import IN_PROGRESS, STOPPING, Step, final_step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rlcore.spec import JobRequest, JobStatus, LogEvent
    from rlcore.testing.timelines import JobScript

_HOST = "algo-1"
_LONGEST_REASON = 1024  # characters, as the service has it
# The platform's own lines that tell a stage, and the service's words.
_STAGES = {"stage: Training": "Training", "stage: Packing": "Uploading"}
_OUTCOMES = {
    JobState.SUCCEEDED: "Completed",
    JobState.FAILED: "Failed",
    JobState.STOPPED: "Stopped",
}


@attrs.frozen(kw_only=True)
class Workshop:
    """Where real jobs run.

    Attributes:
        platform: What runs them.
        objects: The fake's S3.
        folder: For what they read and write.
    """

    platform: LocalPlatform
    objects: Objects
    folder: Path


class RealJob(Job):
    """A training job that a thread starts, watches and brings to its end."""

    def __init__(
        self,
        request: Mapping[str, Any],
        arn: str,
        script: JobScript,
        clock: Callable[[], float],
        *,
        workshop: Workshop,
    ) -> None:
        """Begin now."""
        super().__init__(request, arn, script, clock)
        self._workshop = workshop
        self._folder = workshop.folder / self.name
        self._lines: list[tuple[float, str]] = []
        self._reason = ""
        self._started = False
        self._changes = [Step(clock(), IN_PROGRESS, "Starting")]
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def steps(self) -> list[Step]:
        """Return the changes that there were; nobody knows more."""
        with self._lock:
            return list(self._changes)

    def lines(self, host: int) -> list[tuple[float, str]]:
        """Return the lines of a host that were written; the first one runs alone."""
        return [*super().lines(host), *(self._lines if host == 1 else ())]

    def stop(self) -> None:
        """Ask it to end."""
        with self._lock:
            if self._changes[-1].status != IN_PROGRESS:
                return
            self._changes.append(Step(self._clock(), STOPPING, "Stopping"))
            started = self._started
        if started:
            self._workshop.platform.stop(self.name)

    def close(self) -> None:
        """End it, and wait until nothing of it runs any more."""
        self.stop()
        self._thread.join()

    def _run(self) -> None:
        try:
            status = self._trained()
        except Exception as error:  # noqa: BLE001 - nobody else is there to hear of it
            self._end("Failed", f"{type(error).__name__}: {error}")
            return
        outcome = _OUTCOMES[status.state] if status else "Stopped"
        reason = (status and status.failure_reason) or ""
        over = outcome == "Stopped" and reason.startswith("max_run")
        self._end("MaxRuntimeExceeded" if over else outcome, reason)

    def _trained(self) -> JobStatus | None:
        """Run it to its end, and bring what it leaves to S3; None where it never began."""
        self._become("Downloading")
        platform = self._workshop.platform
        plan = platform.plan(self._request())
        with self._lock:
            if self._changes[-1].status != IN_PROGRESS:
                return None
            platform.start(plan, None)
            self._started = True
        for event in platform.logs(self.name, follow=True):
            self._heard(event)
        status = platform.describe(self.name)
        self._bring(status)
        return status

    def _heard(self, event: LogEvent) -> None:
        if event.host == _HOST:
            self._lines.append((self._clock(), event.message))
        elif event.message in _STAGES:
            self._become(_STAGES[event.message])

    def _become(self, secondary: str) -> None:
        """Take note of a stage; one that was asked to stop is stopping until its end."""
        with self._lock:
            if self._changes[-1].status == IN_PROGRESS:
                self._changes.append(Step(self._clock(), IN_PROGRESS, secondary))

    def _end(self, outcome: str, reason: str) -> None:
        self._reason = reason[:_LONGEST_REASON]
        with self._lock:
            self._changes.append(final_step(self._clock(), outcome))

    def _failure(self, last: Step) -> dict[str, str]:
        return {"FailureReason": self._reason} if last.status == "Failed" else {}

    # What it reads and leaves.

    def _request(self) -> JobRequest:
        """Return what runs here, with all that it reads on this machine.

        Raises:
            PlatformError: Nothing that is installed knows its image.
        """
        tags = {tag["Key"]: tag["Value"] for tag in self.request.get("Tags", ())}
        request = recovery.job_request(self.request, tags, default_registry())
        if request.release is None:
            msg = f"No toolkit that is installed runs the image {request.image_uri}."
            raise PlatformError(msg)
        objects, folder = self._workshop.objects, self._folder
        return attrs.evolve(
            request,
            source_uri=objects.get(str(request.source_uri), folder / "sourcedir.tar.gz").as_uri(),
            channels=tuple(self._channel(channel) for channel in request.channels),
            resources=Resources(
                instance_count=request.resources.instance_count, max_run=request.resources.max_run
            ),
            output_path=(folder / "output").as_uri(),
            checkpoint_s3_uri=self._checkpoints(request.checkpoint_s3_uri),
            options={},
        )

    def _channel(self, channel: Channel) -> Channel:
        folder = self._folder / "input" / channel.name
        uri = channel.uri or channel.source["DataSource"]["S3DataSource"]["S3Uri"]
        return Channel(
            name=channel.name,
            uri=self._workshop.objects.get_tree(uri, folder).as_uri(),
            content_type=channel.content_type,
        )

    def _checkpoints(self, uri: str | None) -> str | None:
        folder = self._folder / "checkpoints"
        return self._workshop.objects.get_tree(uri, folder).as_uri() if uri else None

    def _bring(self, status: JobStatus) -> None:
        """Bring what a job has left to where the service puts it."""
        objects = self._workshop.objects
        root = storage.join(self.request["OutputDataConfig"]["S3OutputPath"], self.name, "output")
        for uri in filter(None, (status.model_data, status.output_data)):
            path = storage.to_path(uri)
            objects.put(path, storage.join(root, path.name))
        intermediate = self._folder / "output" / self.name / "output/intermediate"
        objects.put_tree(intermediate, storage.join(root, "intermediate"))
        kept = self.request.get("CheckpointConfig")
        if kept:
            objects.put_tree(self._folder / "checkpoints", kept["S3Uri"])

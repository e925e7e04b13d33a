"""What a platform has to do. Nothing but protocols lives here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rlcore.endpoints import Answer, Deployment, EndpointStatus
    from rlcore.metrics import LearningCurve
    from rlcore.source import Bundle
    from rlcore.spec import JobRequest, JobStatus, LogEvent, Plan, ToolkitRelease


class Platform(Protocol):
    """A place where training jobs run.

    An entry point of the group `rlcore.platforms` names a class that is callable without arguments.
    Every method but `plan` raises `JobNotFound` for a name that the platform does not know.
    """

    name: str

    def plan(self, request: JobRequest) -> Plan:
        """Return what `start` would do. Pure and offline; raises for what cannot run here."""

    def start(self, plan: Plan, bundle: Bundle | None) -> str:
        """Start the job and return its name; raise `JobExists` rather than start it twice.

        *bundle* is the packed source; None when the request names an archive that is there already.
        """

    def describe(self, name: str) -> JobStatus:
        """Return the job as it is now."""

    def logs(self, name: str, *, follow: bool = False) -> Iterator[LogEvent]:
        """Yield the log from its beginning; with *follow*, until the job has ended."""

    def stop(self, name: str) -> None:
        """Ask the job to stop, and return at once. Stopping a job that has ended does nothing."""

    def recover(self, name: str) -> JobRequest:
        """Return the request of a job, for `attach`; its `source_uri` names the packed source."""

    def jobs(self) -> Iterable[JobStatus]:
        """Return all jobs of this platform, newest first."""


class Hosting(Protocol):
    """A place where models are served.

    Every method but `deploy` and `endpoints` raises `EndpointNotFound` for a name that the platform
    does not know.
    """

    name: str

    def deploy(self, deployment: Deployment, bundle: Bundle | None) -> str:
        """Start an endpoint and return its name, before it is in service.

        *bundle* is the packed inference code; None where the model's request names an archive that
        is there already, or brings no code.

        Raises:
            EndpointExists: There is an endpoint of that name.
            NotDeployable: The model's release has no way to be served here.
        """

    def describe(self, name: str) -> EndpointStatus:
        """Return the endpoint as it is now."""

    def endpoints(self) -> Iterable[EndpointStatus]:
        """Return all endpoints of this platform, newest first."""

    def invoke(
        self, name: str, body: bytes, *, content_type: str, accept: str, attributes: str = ""
    ) -> Answer:
        """Send a request and return the answer.

        Args:
            name: The endpoint.
            body: The request's body.
            content_type: Its MIME type.
            accept: MIME type that the answer is to have.
            attributes: Custom attributes, `name=value` separated by commas.

        Raises:
            InvocationFailed: The answer was an error.
        """

    def delete(self, name: str) -> None:
        """End the endpoint; what was in flight is answered. The model's archive stays."""

    def delete_model(self, name: str) -> None:
        """Delete a model that hosting keeps beside its endpoint; does nothing where it keeps none.

        Args:
            name: The endpoint that serves it, deleted already or not.
        """


@runtime_checkable
class HostingPlatform(Protocol):
    """A platform that serves models too."""

    @property
    def hosting(self) -> Hosting:
        """Its hosting."""


@runtime_checkable
class MetricsPlatform(Protocol):
    """A platform that keeps a job's metrics beside its log."""

    def curve(self, name: str) -> LearningCurve:
        """Return the metrics of a job, as far as they are kept."""


@runtime_checkable
class ImagePlatform(Protocol):
    """A platform that runs a release in an image."""

    def base_job_name(
        self, release: ToolkitRelease | None, image_uri: str | None, instance_type: str | None
    ) -> str:
        """Return what a job's name begins with where the user chose nothing.

        Args:
            release: What trains; None for an image of one's own.
            image_uri: That image.
            instance_type: What it runs on.
        """

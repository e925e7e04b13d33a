"""Endpoints of the fake that serve on this machine, by the hosting of the platform `local`."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from rlcore.endpoints import Deployment, EndpointState, ModelRequest
from rlcore.errors import EndpointNotFound, InvocationFailed, NotDeployable
from rlcore.platforms.sagemaker import recovery
from rlcore.registry import default_registry
from rlcore.testing.endpoints import Endpoints
from rlcore.testing.errors import model_failed, not_in_service

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from rlcore.testing.endpoints import Configurations, Made
    from rlcore.testing.realjobs import Workshop

_JSON = "application/json"
_SERVER_ERROR = 500
_STATES = {
    EndpointState.CREATING: "Creating",
    EndpointState.IN_SERVICE: "InService",
    EndpointState.OUT_OF_SERVICE: "Failed",
    EndpointState.FAILED: "Failed",
}


class RealEndpoints(Endpoints):
    """Endpoints, each of which a thread deploys.

    Args:
        configurations: What they are made from.
        arn: Returns the ARN of a resource, for its kind and name.
        clock: The time.
        account: Number of the account.
        workshop: Where they run.
    """

    def __init__(
        self,
        configurations: Configurations,
        arn: Callable[[str, str], str],
        clock: Callable[[], float],
        account: str,
        *,
        workshop: Workshop,
    ) -> None:
        """There is none yet."""
        super().__init__(configurations, arn, clock, account)
        self._workshop = workshop
        self._hosting = workshop.platform.hosting
        self._failed: dict[str, str] = {}
        self._threads: dict[str, threading.Thread] = {}

    def create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer CreateEndpoint, and start it."""
        answer = super().create(request)
        name = request["EndpointName"]
        configuration = self._configurations.find(request["EndpointConfigName"]).request
        model = self._configurations.models.find(
            configuration["ProductionVariants"][0]["ModelName"]
        ).request
        self._failed.pop(name, None)
        self._threads[name] = threading.Thread(target=self._deploy, args=(name, model), daemon=True)
        self._threads[name].start()
        return answer

    def delete(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer DeleteEndpoint, and end it."""
        answer = super().delete(request)
        self._end(request["EndpointName"])
        return answer

    def progress(self, name: str, made: Made) -> tuple[str, str]:
        """Return the status of an endpoint, and why it failed."""
        del made
        if name in self._failed:
            return "Failed", self._failed[name]
        try:
            found = self._hosting.describe(name)
        except EndpointNotFound:
            return "Creating", ""
        return _STATES[found.state], found.failure_reason or ""

    def invoke(self, name: str, body: bytes, headers: Mapping[str, str]) -> tuple[str, bytes]:
        """Answer InvokeEndpoint by what serves it: content type and body."""
        if name not in self.made or self.status(name)[0] != "InService":
            raise not_in_service(name, self._account)
        try:
            answer = self._hosting.invoke(
                name,
                body,
                content_type=headers.get("Content-Type", _JSON),
                accept=headers.get("Accept", _JSON),
                attributes=headers.get("X-Amzn-SageMaker-Custom-Attributes", ""),
            )
        except InvocationFailed as error:
            status = error.status or _SERVER_ERROR
            raise model_failed(status, str(error).encode(), self._account) from error
        return answer.content_type, answer.body

    def close(self) -> None:
        """End all of them."""
        for name in list(self._threads):
            self._end(name)

    def _end(self, name: str) -> None:
        thread = self._threads.pop(name, None)
        if thread:
            thread.join()
            if name not in self._failed:
                self._hosting.delete(name)

    def _deploy(self, name: str, model: Mapping[str, Any]) -> None:
        try:
            deployment = Deployment(name=name, model=self._model(name, model))
            self._hosting.deploy(deployment, None)
        except Exception as error:  # noqa: BLE001 - nobody else is there to hear of it
            self._failed[name] = f"{type(error).__name__}: {error}"

    def _model(self, name: str, model: Mapping[str, Any]) -> ModelRequest:
        """Return the model, with all of it on this machine."""
        container = model.get("PrimaryContainer") or model["Containers"][0]
        variables = dict(container.get("Environment", {}))
        tags = {tag["Key"]: tag["Value"] for tag in model.get("Tags", ())}
        image = container.get("Image", "")
        release = recovery.release_of(name, image, tags, default_registry())
        if release is None:
            msg = f"No toolkit that is installed serves the image {image}."
            raise NotDeployable(msg)
        folder = self._workshop.folder / "endpoints" / name
        data = self._workshop.objects.get(container["ModelDataUrl"], folder / "model.tar.gz")
        program, source = self._code(variables, folder)
        return ModelRequest(
            release=release,
            model_data=data.as_uri(),
            entry_point=program,
            source_uri=source,
            environment=variables,
        )

    def _code(self, variables: dict[str, str], folder: Path) -> tuple[str | None, str | None]:
        """Take the inference script out of the variables; return it, and where its archive is."""
        program = variables.pop("SAGEMAKER_PROGRAM", None)
        source = variables.pop("SAGEMAKER_SUBMIT_DIRECTORY", None)
        if not program or not source or not source.startswith("s3://"):
            return None, None  # it is in the model's own archive, if anywhere
        return program, self._workshop.objects.get(source, folder / "source.tar.gz").as_uri()

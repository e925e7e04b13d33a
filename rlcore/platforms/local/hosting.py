"""Endpoints on this machine: started, asked and ended from any process."""

from __future__ import annotations

import importlib.util
import json
import secrets
import shutil
import socket
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlcore import jobnames, storage
from rlcore.endpoints import EndpointState, EndpointStatus
from rlcore.errors import (
    EndpointExists,
    EndpointNotFound,
    MissingExtra,
    PortTaken,
    did_you_mean,
)
from rlcore.platforms.local import deployments, fronts
from rlcore.platforms.local.endpointfolder import (
    EndpointFolder,
    endpoint_folder,
    endpoints_folder,
    write_whole,
)
from rlcore.platforms.local.environments import Environments
from rlcore.platforms.local.invocations import ADDRESS, Connections
from rlcore.platforms.local.locks import locked
from rlcore.spec import Environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rlcore.endpoints import Answer, Deployment
    from rlcore.source import Bundle

_STAGING = ".new-"  # begins the name of a folder that is no endpoint yet, or no longer one
_ABANDONED = 3600.0  # seconds
_BACKLOG = 2048
_DIED = "The endpoint's process died. Delete the endpoint and deploy again."


class LocalHosting:
    """Serves models on this machine's loopback address, each behind a process of its own.

    Args:
        name: The platform's name.
        home: Where endpoints are kept.
        environments: Where environments are found and built.
        clock: Seconds since the epoch.
    """

    def __init__(
        self, name: str, *, home: Path, environments: Path, clock: Callable[[], float]
    ) -> None:
        """Name the folders; nothing is made."""
        self.name = name
        self._home = home
        self._environments = environments
        self._clock = clock
        self._connections = Connections(self._found)

    def deploy(self, deployment: Deployment, bundle: Bundle | None) -> str:
        """Start an endpoint and return its name, before it is in service.

        Raises:
            EndpointExists: There is an endpoint of that name.
            PortTaken: Another process listens on the port.
            EnvironmentUnavailable: The environment is not there, and cannot be built here.
            MissingExtra: The server is not installed.
            RLCoreError: What `deployments.document` raises.
        """
        name = jobnames.check(deployment.name)
        _check_server()
        document = deployments.document(deployment)
        document.update(self._built(document))
        folder = endpoint_folder(self._home, name)
        if folder.path.exists():
            raise EndpointExists(_taken(name))
        with (
            _listening(document["options"].get("port", 0)) as listening,
            self._staging() as staging,
            locked(staging.lock) as lock,
        ):
            document["port"] = listening.getsockname()[1]
            _write(staging, document, bundle)
            _publish(staging, folder)
            fronts.spawn(folder, lock, listening.fileno(), document["id"])
        return name

    def describe(self, name: str) -> EndpointStatus:
        """Return the endpoint as it is now; one whose process has died is failed."""
        try:
            return _status(self._found(name))
        except FileNotFoundError as error:  # deleted in this moment
            raise EndpointNotFound(self._unknown(name)) from error

    def endpoints(self) -> list[EndpointStatus]:
        """Return every endpoint of this home, newest first."""
        found = []
        for path in endpoints_folder(self._home).glob("[!.]*"):
            with suppress(FileNotFoundError):  # deleted in this moment
                found.append(_status(EndpointFolder(path)))
        return sorted(found, key=lambda status: status.created_at, reverse=True)

    def invoke(
        self, name: str, body: bytes, *, content_type: str, accept: str, attributes: str = ""
    ) -> Answer:
        """Send a request and return the answer; raise `InvocationFailed` where it is an error."""
        headers = {
            "Content-Type": content_type,
            "Accept": accept,
            "X-Amzn-SageMaker-Custom-Attributes": attributes,
        }
        given = {header: value for header, value in headers.items() if value}
        return self._connections.invoke(name, body, given)

    def delete(self, name: str) -> None:
        """End the endpoint; what was in flight is answered. The model's archive stays."""
        folder = self._found(name)
        self._connections.forget(name)
        with suppress(FileNotFoundError):  # somebody else deletes it too
            mark = folder.read_document()["id"]
            with locked(folder.deleting):
                if folder.read_document()["id"] == mark:  # and not another of that name by now
                    _remove(folder, mark)

    def delete_model(self, name: str) -> None:
        """Do nothing: what an endpoint keeps of its model goes with it."""

    def _found(self, name: str) -> EndpointFolder:
        folder = endpoint_folder(self._home, name)
        if Path(name).name == name and folder.document.exists():
            return folder
        raise EndpointNotFound(self._unknown(name))

    def _unknown(self, name: str) -> str:
        nearest = did_you_mean(name, [status.name for status in self.endpoints()])
        return (
            f"No endpoint named {name!r} on this machine.{nearest} `rlcore endpoints` lists them."
        )

    def _built(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return when and where, and the environment if it is there already."""
        environment = Environment(**document["environment"])
        environments = Environments(self._environments)
        environments.check(environment, label=f"{document['label']} serving")
        built = environments.find(environment)
        return {
            "created_at": self._clock(),
            "environments": str(self._environments),
            "built": built and {"python": str(built.python), "lock": str(built.lock)},
        }

    @contextmanager
    def _staging(self) -> Iterator[EndpointFolder]:
        """Make a folder that is gone afterwards, unless it was published under its own name."""
        endpoints = endpoints_folder(self._home)
        try:
            endpoints.mkdir(parents=True, exist_ok=True)
            self._sweep(endpoints)
            path = Path(tempfile.mkdtemp(prefix=_STAGING, dir=endpoints))
        except OSError as error:
            raise storage.written_error(error, endpoints) from error
        try:
            yield EndpointFolder(path)
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def _sweep(self, endpoints: Path) -> None:
        """Remove what was left behind by clients that were killed in the middle."""
        for path in endpoints.glob(f"{_STAGING}*"):
            with suppress(OSError):
                if self._clock() - path.stat().st_mtime > _ABANDONED:
                    shutil.rmtree(path, ignore_errors=True)


def _check_server() -> None:
    if importlib.util.find_spec("uvicorn") is None or not importlib.util.find_spec("httptools"):
        msg = (
            "The server of local endpoints is not installed. Run: pip install 'rlcore[local]',"
            " or in a checkout: pip install '.[local]'"
        )
        raise MissingExtra(msg)


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    """Yield a socket that listens on the port; 0 for any that is free."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((ADDRESS, port))
        except OSError as error:
            msg = f"Port {port} cannot be had: {error.strerror}. Leave it out for any free one."
            raise PortTaken(msg) from error
        listening.listen(_BACKLOG)
        yield listening


def _write(folder: EndpointFolder, document: dict[str, Any], bundle: Bundle | None) -> None:
    try:
        write_whole(folder.token, secrets.token_urlsafe(32))
        folder.write_status({"state": "Creating", "stage": "Starting"})
        if bundle is not None:
            bundle.write(folder.source)
        folder.document.write_text(json.dumps(document), "utf-8")
    except OSError as error:
        raise storage.written_error(error, folder.path) from error


def _publish(staging: EndpointFolder, folder: EndpointFolder) -> None:
    try:
        staging.path.rename(folder.path)
    except OSError as error:
        raise EndpointExists(_taken(folder.path.name)) from error


def _remove(folder: EndpointFolder, mark: str) -> None:
    fronts.end(folder, mark)
    gone = folder.path.with_name(f"{_STAGING}{mark}")
    folder.path.rename(gone)  # first: nobody sees an endpoint that is half removed
    shutil.rmtree(gone, ignore_errors=True)


def _taken(name: str) -> str:
    return (
        f"There is an endpoint named {name!r} already. Choose another endpoint_name, or delete it:"
        f" rlcore delete {name}"
    )


def _status(folder: EndpointFolder) -> EndpointStatus:
    # Looked at first: a front that ends says what it has to say before it lets go.
    alive = fronts.is_alive(folder)
    document, said = folder.read_document(), folder.read_status()
    state, reason = EndpointState(said["state"]), said.get("failure_reason")
    if not alive and state is not EndpointState.FAILED:
        last = "".join(f"\n{line}" for line in folder.last_lines())
        state, reason = EndpointState.FAILED, f"{_DIED}{last}"
    return EndpointStatus(
        name=document["name"],
        state=state,
        stage=said.get("stage", ""),
        failure_reason=reason,
        created_at=document["created_at"],
        url=f"http://{ADDRESS}:{document['port']}",
        model_data=document["model_data"],
        release=document["label"],
        policies=tuple(said.get("policies", ())),
        requests=said.get("requests", 0),
        outside=said.get("outside", 0),
        restarts=said.get("restarts", 0),
    )

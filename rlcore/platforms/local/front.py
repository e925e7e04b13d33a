"""The process of one endpoint: `python -m rlcore.platforms.local.front FOLDER LOCK SOCKET`.

It listens from the beginning, unpacks the model, starts the workers and hands them what comes. It
holds the endpoint's lock for as long as it lives. Nothing is imported here that takes long: an
endpoint should be there at once.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import traceback
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from rlcore.platforms.local import processes
from rlcore.platforms.local.application import Application, Rules
from rlcore.platforms.local.dispatcher import Dispatcher, Limits
from rlcore.platforms.local.endpointfolder import EndpointFolder
from rlcore.platforms.local.gathering import GatheringProtocol
from rlcore.platforms.local.unpacking import Unpacking
from rlcore.platforms.local.worker import NoWorker

if TYPE_CHECKING:
    from collections.abc import Mapping

_FLUSH_INTERVAL = 0.5  # seconds between a request and its line in the access log, at most
_LAST_ANSWERS = 10.0  # seconds for what is in flight when the endpoint is deleted
_LAST_STEPS = 2.0  # seconds for a worker to end, when nobody waits for its answers any more
_REASON_LIMIT = 4096  # characters of a failure's reason
# What of the client's environment is not the worker's: its own Python and its own job, if any.
_PREFIXES = ("PYTHON", "SM_", "SAGEMAKER_", "RLCORE_", "VIRTUAL_ENV")


class Front:
    """Brings an endpoint into service and serves it until it is told to end."""

    def __init__(self, folder: EndpointFolder, listening: socket.socket) -> None:
        """Read the endpoint; nothing is done yet."""
        self._folder = folder
        self._listening = listening
        self._document = folder.read_document()
        options = self._document["options"]
        self._stage = "Starting"
        self._failure: str | None = None
        self._held = ExitStack()
        self._lines: list[str] = []
        self._flushing: asyncio.TimerHandle | None = None
        self._log = folder.log.open("ab", buffering=0)
        self._access_log = folder.access_log.open("ab", buffering=0)
        self._dispatcher = Dispatcher(
            self._spawn,
            Limits(**_given(options, workers="model_server_workers", queue_size="queue_size",
                            timeout="timeout")),
            tell=self._tell,
            changed=self._publish,
        )  # fmt: skip
        self._application = Application(
            self._dispatcher,
            Rules(
                token=folder.token.read_text("utf-8"),
                port=listening.getsockname()[1],
                **_given(options, max_body_size="max_body_size", body_timeout="body_timeout"),
            ),
            stage=lambda: self._stage,
            note=self._note,
        )
        self._server = uvicorn.Server(_configuration(self._application))

    async def run(self) -> None:
        """Serve until SIGTERM, or until the model turns out not to be servable."""
        self._publish()
        bringing = asyncio.create_task(self._bring_into_service())
        await self._server.serve([self._listening])
        bringing.cancel()
        await self._dispatcher.close(_LAST_STEPS)
        self._flush()
        self._held.close()

    def stop(self) -> None:
        """Let `run` end, whether it has begun or not."""
        self._server.should_exit = True

    async def _bring_into_service(self) -> None:
        try:
            loop = asyncio.get_running_loop()
            tell = self._tell
            unpacking = Unpacking(self._folder, self._document, stage=self._enter, tell=tell)
            python = await loop.run_in_executor(None, unpacking.run, self._held)
            self._command = [*unpacking.prefix(python), python, "-s", "-m", "rlserving.worker"]
            self._enter("Starting worker")
            await self._dispatcher.start()
            self._enter("")
        except NoWorker as error:
            said = [] if error.explained else self._folder.last_lines()
            self._fail("\n".join([str(error), *said]))
        except Exception as error:  # noqa: BLE001 - nobody else is there to hear of it
            self._tell("".join(traceback.format_exception(error)).rstrip())
            self._fail(f"{type(error).__name__}: {error}")

    def _fail(self, reason: str) -> None:
        self._failure = reason[:_REASON_LIMIT]
        self._publish()
        self.stop()

    def _enter(self, stage: str) -> None:
        self._stage = stage
        self._publish()

    def _spawn(self, descriptor: int) -> subprocess.Popen[bytes]:
        """Start a worker, which has the descriptor as its end of the socket."""
        return subprocess.Popen(
            [*self._command, str(self._folder.worker_document), str(descriptor)],
            cwd=self._folder.packages,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            pass_fds=[descriptor],
        )  # fmt: skip

    def _environment(self) -> dict[str, str]:
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(_PREFIXES)
        }
        return {
            **inherited,
            # Small networks on few cores: a second thread costs more than it brings.
            "OMP_NUM_THREADS": "1",
            "ORT_DISABLE_TELEMETRY": "1",
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "SM_MODEL_DIR": str(self._folder.model),
            **self._document["variables"],
            processes.MARK: self._document["id"],
        }

    def _tell(self, text: str) -> None:
        with suppress(OSError):  # the disk may be full, and the endpoint goes on
            self._log.write(f"{text}\n".encode("utf-8", "replace"))

    def _note(self, line: str) -> None:
        self._lines.append(line)
        if self._flushing is None:
            loop = asyncio.get_running_loop()
            self._flushing = loop.call_later(_FLUSH_INTERVAL, self._flush)

    def _flush(self) -> None:
        self._flushing = None
        lines, self._lines = self._lines, []
        with suppress(OSError):  # likewise
            self._access_log.write("".join(lines).encode("utf-8", "replace"))
        self._publish()

    def _publish(self) -> None:
        with suppress(OSError):  # likewise
            self._folder.write_status(self._status())

    def _status(self) -> dict[str, Any]:
        return {
            "state": self._state,
            "stage": self._stage,
            "failure_reason": self._failure or self._dispatcher.failure,
            "policies": self._dispatcher.policies or (),
            "requests": self._application.requests,
            "outside": self._application.outside,
            "restarts": self._dispatcher.restarts,
        }

    @property
    def _state(self) -> str:
        if self._failure:
            return "Failed"
        if self._stage:
            return "Creating"
        return "OutOfService" if self._dispatcher.failure else "InService"


def _given(options: Mapping[str, Any], **names: str) -> dict[str, Any]:
    """Return the options that were given, under the names that they have elsewhere."""
    return {ours: options[name] for ours, name in names.items() if options.get(name) is not None}


def _configuration(application: Application) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http=GatheringProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,  # we write our own
        log_config=None,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=int(_LAST_ANSWERS),
    )


def main(folder: str, lock: str, listening: str) -> None:
    """Leave the client behind, then serve the endpoint of *folder*.

    Args:
        folder: The endpoint's folder.
        lock: The descriptor that is locked for as long as this process lives.
        listening: The descriptor of the socket that listens.
    """
    for descriptor in (lock, listening):
        os.set_inheritable(int(descriptor), False)  # noqa: FBT003 - takes no keyword
    endpoint = EndpointFolder(Path(folder))
    process = os.fork()
    if process:
        endpoint.process.write_text(str(process), "utf-8")
        os._exit(0)
    front = Front(endpoint, socket.socket(fileno=int(listening)))
    # Until uvicorn listens to signals, and afterwards: it raises again what has come meanwhile.
    signal.signal(signal.SIGTERM, lambda *_: front.stop())
    # Not asyncio.run, which waits for threads: one may still be building an environment.
    loop = asyncio.new_event_loop()
    loop.run_until_complete(front.run())
    processes.kill(endpoint.read_document()["id"])
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])

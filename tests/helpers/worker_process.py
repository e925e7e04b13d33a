"""A worker's process, with this end of its socket in the place of a front."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import rlserving
from rlserving import frames

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rlserving.frames import Answer, Request


class Worker:
    """A worker's process, and the front's end of its socket."""

    def __init__(self, python: str, folder: Path, **document: Any) -> None:
        """Start it with a document, from a copy of the package alone."""
        packages = folder / "packages"
        shutil.copytree(
            Path(rlserving.__file__).parent,
            packages / "rlserving",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        (folder / "worker.json").write_text(json.dumps(document), "utf-8")
        self.connection, theirs = socket.socketpair()
        self.connection.settimeout(60)
        self._payloads = self._received()
        self.log = folder / "log"
        with theirs, self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *(python, "-E", "-s", "-m", "rlserving.worker"),
                    *(str(folder / "worker.json"), str(theirs.fileno())),
                ],
                cwd=packages,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                pass_fds=[theirs.fileno()],
            )

    def greeting(self) -> Any:
        """Return what the first frame says."""
        return json.loads(next(self._payloads, b"null"))

    def send(self, *requests: Request) -> None:
        """Ask, without waiting."""
        self.connection.sendall(frames.pack_requests(requests))

    def receive(self) -> list[Answer] | None:
        """Return the next answers; None when the worker has gone."""
        payload = next(self._payloads, None)
        return None if payload is None else frames.unpack_answers(payload)

    def _received(self) -> Iterator[bytes]:
        """Yield what comes, frame after frame."""
        splitter = frames.Splitter()
        for data in iter(lambda: self.connection.recv(1 << 16), b""):
            yield from splitter.feed(data)

    def ask(self, *requests: Request) -> list[Answer] | None:
        """Ask, and return the answers."""
        self.send(*requests)
        return self.receive()

    def close(self) -> None:
        """End whatever is left."""
        self.connection.close()
        self.process.kill()
        self.process.wait()


def find_python(version: str) -> str:
    """Return a Python of a version; the test is skipped where there is none."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = [*pyenv.glob(f"versions/{version}.*/bin/python"), shutil.which(f"python{version}")]
    return next((str(each) for each in found if each), "") or pytest.skip(f"no Python {version}")

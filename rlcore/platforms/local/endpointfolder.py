"""Where the files of one endpoint are, and what it says of itself. Imported by the front, so light.

The front holds the lock for as long as it lives, and replaces the status whole: whoever reads it
sees one that was true.
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

_LAST_LINES = 20
_TAIL = 1 << 14  # bytes that surely hold so many lines


class EndpointFolder:
    """The folder of one endpoint, readable by its owner alone.

    Attributes:
        path: The folder itself.
        document: The endpoint as data, `endpoint.json`.
        token: What requests must carry.
        status_file: What the front says of itself.
        log: What front and workers print.
        access_log: A line for each request: time, status, method, path, bytes, ms, outside.
        lock: Locked for as long as the front lives.
        deleting: Locked by whoever deletes the endpoint.
        process: Number of the front's process.
        archive: A copy of the model's archive, until it is unpacked.
        model: The unpacked model.
        tree: What inference code of a user's sees as `/opt/ml`.
        source: The packed inference code, where there is some.
        code: The unpacked inference code.
        worker_document: What the worker reads.
        packages: Holds the copy of `rlserving` that the workers run.
    """

    def __init__(self, path: Path) -> None:
        """Name the files; nothing is made."""
        self.path = path
        self.document = path / "endpoint.json"
        self.token = path / "token"
        self.status_file = path / "status.json"
        self.log = path / "log"
        self.access_log = path / "access.log"
        self.lock = path / "lock"
        self.deleting = path / "deleting"
        self.process = path / "process"
        self.archive = path / "model.tar.gz"
        self.model = path / "model"
        self.tree = path / "opt_ml"
        self.source = path / "source.tar.gz"
        self.code = path / "code"
        self.worker_document = path / "worker.json"
        self.packages = path / "packages"

    def read_document(self) -> dict[str, Any]:
        """Return the endpoint as it was asked for."""
        document: dict[str, Any] = json.loads(self.document.read_text("utf-8"))
        return document

    def read_status(self) -> dict[str, Any]:
        """Return what the front said last."""
        status: dict[str, Any] = json.loads(self.status_file.read_text("utf-8"))
        return status

    def write_status(self, status: dict[str, Any]) -> None:
        """Replace what the front says of itself."""
        write_whole(self.status_file, json.dumps(status))

    def last_lines(self) -> list[str]:
        """Return the end of the log."""
        with suppress(FileNotFoundError), self.log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            return file.read().decode("utf-8", "replace").splitlines()[-_LAST_LINES:]
        return []


def endpoints_folder(home: Path) -> Path:
    """Return the folder of all endpoints."""
    return home / "endpoints"


def endpoint_folder(home: Path, name: str) -> EndpointFolder:
    """Return the folder of the endpoint *name*."""
    return EndpointFolder(endpoints_folder(home) / name)


def write_whole(path: Path, text: str) -> None:
    """Write a file of its owner's alone that is never seen half written."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink()
        raise

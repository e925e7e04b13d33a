"""The process behind an endpoint: `python -s -m rlserving.worker DOCUMENT DESCRIPTOR`.

It loads the model that the document describes, says so over the socket, and answers frame after
frame until the front is gone. What a user's code prints goes to standard error.
"""

import contextlib
import io
import json
import os
import select
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any, Dict, Iterator, List

from . import frames
from .models import open_model

_SERIAL = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
    *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
)
_LONGEST_REASON = 2000
_SIGNALS = 4096  # that are heard at once
_CHUNK = 1 << 20


def main(arguments: List[str]) -> int:
    """Serve until the front is gone or SIGTERM comes; return the exit code.

    Args:
        arguments: Path of the document, and number of the socket's descriptor.
    """
    path, descriptor = arguments
    os.environ.update(dict.fromkeys(_SERIAL, "1"))
    _print_to_stderr()
    _leave_the_path_to_others()
    document = json.loads(Path(path).read_text("utf-8"))
    with socket.socket(fileno=int(descriptor)) as connection:
        waiting = _Waiting(connection)
        try:
            model = open_model(document)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a user's code raises
            traceback.print_exc()
            # What is raised in a user's code is told by its traceback.
            explained = type(error).__module__.startswith(__package__)
            _send(connection, {"error": _reason(error), "explained": explained})
            return 1
        _send(connection, {"policies": list(model.names), "batches": model.batches})
        for payload in waiting.payloads():
            answers = model.respond(frames.unpack_requests(payload))
            connection.sendall(frames.pack_answers(answers))
    return 0


class _Waiting:
    """Waits for frames, and for SIGTERM, which lets a frame that has begun be answered."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._frames = frames.Splitter()
        self._bell, ringer = socket.socketpair()
        ringer.setblocking(False)  # noqa: FBT003 - its name says it
        self._ringer = ringer
        signal.set_wakeup_fd(ringer.fileno())
        signal.signal(signal.SIGTERM, _nothing)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the front's to see
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)
        self._poll.register(self._bell, select.POLLIN)

    def payloads(self) -> Iterator[bytes]:
        """Yield the payloads of frames, until there will be no more."""
        while True:
            ready = {descriptor for descriptor, _ in self._poll.poll()}
            if self._connection.fileno() in ready:
                data = self._connection.recv(_CHUNK)
                if not data:
                    return
                yield from self._frames.feed(data)
            elif signal.SIGTERM in self._bell.recv(_SIGNALS):  # not one of the user's code
                return


def _nothing(*_: Any) -> None:
    """Be a handler: without one, the signal would end the process before it rings."""


def _print_to_stderr() -> None:
    os.dup2(2, 1)
    sys.stdout = sys.stderr = io.TextIOWrapper(
        io.BufferedWriter(_Log(2, "w", closefd=False)),
        encoding="utf-8",
        errors="backslashreplace",
        line_buffering=True,
    )


class _Log(io.FileIO):
    """A file whose disk may be full: what is printed is lost then, and nothing else."""

    def write(self, data: Any) -> int:
        """Write what can be written."""
        with contextlib.suppress(OSError):
            super().write(data)
        return len(data)


def _leave_the_path_to_others() -> None:
    """Keep what lies beside this package from being imported by a user's code, or instead of it."""
    ours = Path(__file__).resolve().parents[1]
    sys.path[:] = [each for each in sys.path if Path(each).resolve() != ours]


def _reason(error: BaseException) -> str:
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text[:_LONGEST_REASON]


def _send(connection: socket.socket, value: Dict[str, Any]) -> None:
    connection.sendall(frames.pack(json.dumps(value).encode()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

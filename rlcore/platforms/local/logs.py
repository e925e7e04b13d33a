r"""The log of a job: written by its supervisor, read by anybody at any time.

One record a line: `timestamp<TAB>host<TAB>message\n`. A record without its end is not there yet, so
a reader sees each one once and whole, also while the file grows and after its writer was killed.
Imported by the supervisor, so light.
"""

from __future__ import annotations

import os
import time
from typing import IO, TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

PLATFORM = "rlcore"  # the host of the platform's own lines
HOST = "algo-1"  # the host of the script's lines
LONGEST_LINE = 65536  # bytes; what is longer becomes several events
_STAGE = "stage: "
# How long a follower sleeps: at first, after new lines, at most (seconds), and how that grows.
_QUICKEST, _BUSY, _SLOWEST, _GROWTH = 0.004, 0.05, 0.2, 1.25


class Line(NamedTuple):
    """One line of the log: seconds since the epoch, host, message."""

    timestamp: float
    host: str
    message: str


class LineSplitter:
    """Cuts a stream of bytes into lines.

    Of a line that a carriage return rewrote, as progress bars do, the last state stays. A line
    longer than `LONGEST_LINE` is cut.
    """

    def __init__(self) -> None:
        """Start with nothing pending."""
        self._pending = b""

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that *data* completes."""
        *complete, self._pending = (self._pending + data).split(b"\n")
        lines = [piece for line in complete for piece in _pieces(_rewritten(line))]
        self._pending = _rewritten(self._pending)
        while len(self._pending) > LONGEST_LINE:
            lines.append(_text(self._pending[:LONGEST_LINE]))
            self._pending = self._pending[LONGEST_LINE:]
        return lines

    def close(self) -> list[str]:
        """Return the line that has no end, if there is one."""
        rest, self._pending = self._pending, b""
        return self.feed(rest + b"\n") if rest else []


def _rewritten(line: bytes) -> bytes:
    """Drop what a carriage return overwrites; one at the end may belong to a line feed."""
    text = line.rstrip(b"\r")
    return line[text.rfind(b"\r") + 1 :]


def _pieces(line: bytes) -> list[str]:
    line = line.rstrip(b"\r")
    starts = range(0, max(len(line), 1), LONGEST_LINE)
    return [_text(line[start : start + LONGEST_LINE]) for start in starts]


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")


class LogWriter:
    """Appends records; each call is one write."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        """Open the log."""
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._clock = clock

    def write(self, host: str, messages: Iterable[str]) -> None:
        """Append messages, none of which has a line feed, under the time of now."""
        stamp = f"{self._clock():.6f}\t{host}\t"
        data = "".join(f"{stamp}{message}\n" for message in messages).encode("utf-8", "replace")
        while data:
            data = data[os.write(self._file, data) :]

    def tell(self, text: str) -> None:
        """Append lines of the platform itself."""
        self.write(PLATFORM, text.splitlines())

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def stage(self, name: str) -> None:
        """Append the change to a stage of the job."""
        self.tell(f"{_STAGE}{name}")


def repair(path: Path) -> None:
    """End a record that its writer did not live to end."""
    with path.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")


def read(path: Path) -> Iterator[Line]:
    """Yield the records that are there."""
    with path.open("rb") as file:
        yield from _Records(file)


def follow(
    path: Path, ended: Callable[[], bool], sleep: Callable[[float], object] = time.sleep
) -> Iterator[Line]:
    """Yield all records, those that come later too, until *ended* and everything is read."""
    delay = _QUICKEST
    over = False
    with path.open("rb") as file:
        records = _Records(file)
        while not over:
            # Asked before reading: what was written before the end is read after it.
            over = records.idle and ended()
            yield from records
            if not over:
                delay = min(delay * _GROWTH, _SLOWEST) if records.idle else _BUSY
                sleep(delay)


class _Records:
    """Iterates, as often as one likes, over the records that are new.

    Attributes:
        idle: Whether the last time there were none.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._partial = b""
        self.idle = False

    def __iter__(self) -> Iterator[Line]:
        self.idle = True
        for data in self._file:
            self.idle = False
            self._partial += data
            if data.endswith(b"\n"):
                line = _parse(self._partial[:-1])
                self._partial = b""
                if line:
                    yield line


def _parse(record: bytes) -> Line | None:
    """Return one record, None for one that was cut off by the death of its writer."""
    timestamp, _, rest = record.decode("utf-8", "replace").partition("\t")
    host, tab, message = rest.partition("\t")
    try:
        return Line(float(timestamp), host, message) if tab else None
    except ValueError:
        return None

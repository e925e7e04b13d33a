"""Following a job: a live view on a terminal or in a notebook, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

from rlcore.display.progress import Progress
from rlcore.display.text import outcome_text, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rlcore.metrics import MetricParser
    from rlcore.spec import JobStatus, LogEvent

_NARROWEST = 60
"""A live view needs this many columns."""


class View(AbstractContextManager["View"], Protocol):
    """Shows the events of one job; entered before the first, left after the last."""

    def show(self, event: LogEvent) -> None:
        """Show one more line."""

    def end(self, status: JobStatus) -> None:
        """Show the outcome, after the view was left."""


@contextmanager
def watch(  # noqa: PLR0913 - what is shown, and how
    name: str,
    parser: MetricParser,
    *,
    status: Callable[[], JobStatus],
    sieve: MetricParser | None = None,
    stream: TextIO | None = None,
    clock: Callable[[], float] = time.time,
) -> Iterator[View]:
    """Show a job while it is followed; give each of its log events to the view's `show`.

    Args:
        name: The job's name.
        parser: A fresh parser of its metrics.
        status: Asks for the job's state: once at the beginning, once at the end.
        sieve: A parser without steps, to show of the log only metrics, warnings and errors.
        stream: Where to write; standard output by default.
        clock: Seconds since the epoch.
    """
    progress = Progress(name, parser, status().created_at, sieve)
    with _view(progress, stream or sys.stdout, clock) as view:
        yield view
    view.end(status())


def _view(progress: Progress, stream: TextIO, clock: Callable[[], float]) -> View:
    if stream is sys.stdout and in_notebook():
        from rlcore.display.notebook import NotebookView  # noqa: PLC0415  (needs IPython)

        return NotebookView(progress, clock)
    if is_live_terminal(stream):
        # Importing rich takes longer than all of this package.
        from rlcore.display.terminal import TerminalView, console_on  # noqa: PLC0415

        return TerminalView(progress, console_on(stream), clock)
    return PlainView(progress, stream)


def in_notebook() -> bool:
    """Tell whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None


def is_live_terminal(stream: TextIO) -> bool:
    """Tell whether *stream* is a terminal that can be redrawn and is wide enough for a chart."""
    if not stream.isatty() or os.environ.get("TERM", "dumb") in {"dumb", "unknown"}:
        return False
    columns = os.get_terminal_size(stream.fileno()).columns
    return columns >= _NARROWEST and "utf" in (stream.encoding or "").lower()


class PlainView(View):
    """Writes the log's lines, and at last the outcome."""

    def __init__(self, progress: Progress, stream: TextIO) -> None:
        """Write to *stream*."""
        self._progress = progress
        self._stream = stream

    def __exit__(self, *_: object) -> None:
        """Take the points that waited for more lines."""
        self._progress.close()

    def show(self, event: LogEvent) -> None:
        """Write one line, after its host where there are more than one."""
        if self._progress.observe(event):
            line = self._progress.mark(event) + plain(event.message)
            print(line, file=self._stream, flush=True)

    def end(self, status: JobStatus) -> None:
        """Write the outcome."""
        print(outcome_text(status, self._progress.curve), file=self._stream, flush=True)

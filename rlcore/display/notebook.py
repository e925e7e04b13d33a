"""The live view in a notebook: one output, updated in place."""

from __future__ import annotations

import importlib
from collections import deque
from html import escape
from typing import TYPE_CHECKING, Any

from rlcore.display.html import curve_html, job_html
from rlcore.display.progress import Picture, Progress, Ticker
from rlcore.display.text import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from rlcore.spec import JobStatus, LogEvent

_TICK_SECONDS = 0.5
_LAST_LINES = 12


class NotebookView:
    """Shows stage, times, figures, the curve and the last lines of the log."""

    def __init__(self, progress: Progress, clock: Callable[[], float]) -> None:
        """Show *progress*; *clock* returns seconds since the epoch."""
        self._progress = progress
        self._clock = clock
        self._lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._chart = Picture(lambda: curve_html(progress.curve))
        self._ended = False

    def __enter__(self) -> Self:
        """Make the output."""
        ipython = importlib.import_module("IPython.display")  # there is one in notebooks only

        self._html: Callable[[str], Any] = ipython.HTML
        self._output = ipython.display(self._html(self._content()), display_id=True)
        self._ticker = Ticker(self._tick, _TICK_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        """Show the last state."""
        self._ticker.stop()
        self._progress.close()
        self._ended = True
        self._tick()

    def show(self, event: LogEvent) -> None:
        """Take one more line; the next tick shows it."""
        self._progress.observe(event)
        self._lines.append(plain(event.message))

    def end(self, status: JobStatus) -> None:
        """Replace the progress by the outcome."""
        self._output.update(self._html(job_html(status, self._progress.curve)))

    def _tick(self) -> None:
        self._output.update(self._html(self._content()))

    def _content(self) -> str:
        progress = self._progress
        now = self._clock()
        figures = " · ".join([progress.total(now), *progress.figures()])
        lines = "\n".join(list(self._lines))
        return (
            f"<div><b>{escape(progress.state(now))}</b> · {escape(figures)}"
            f" · {escape(progress.name)}</div>"
            f"{self._chart.get(len(progress.curve), at_once=self._ended)}"
            f"<pre>{escape(lines)}</pre>"
        )

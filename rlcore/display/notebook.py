"""The live view in a notebook: one output, updated in place."""

from __future__ import annotations

import importlib
from collections import deque
from html import escape
from typing import TYPE_CHECKING

from rlcore.display.html import curve_html, job_html, lines_html
from rlcore.display.progress import Picture, Progress, Ticker
from rlcore.display.text import outcome_text, plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from rlcore.spec import JobStatus, LogEvent

_TICK_SECONDS = 0.5
_LAST_LINES = 20


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

        self._output = ipython.display(self._progress_bundle(), raw=True, display_id=True)
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
        if self._progress.observe(event):
            self._lines.append(self._progress.mark(event) + plain(event.message))

    def end(self, status: JobStatus) -> None:
        """Replace the progress by the outcome."""
        curve = self._progress.curve
        bundle = self._bundle(outcome_text(status, curve), job_html(status, curve))
        self._output.update(bundle, raw=True)

    def _tick(self) -> None:
        self._output.update(self._progress_bundle(), raw=True)

    def _progress_bundle(self) -> dict[str, str]:
        progress = self._progress
        now = self._clock()
        state = progress.state(now)
        figures = " · ".join([progress.total(now), *progress.figures(), progress.name])
        chart = self._chart.get(len(progress.curve), at_once=self._ended)
        card = f"<div><b>{escape(state)}</b> · {escape(figures)}</div>{chart}"
        return self._bundle(f"{state} · {figures}", card)

    def _bundle(self, summary: str, card: str) -> dict[str, str]:
        """Return the output by MIME type: a notebook without HTML shows the summary alone."""
        return {"text/plain": summary, "text/html": card + lines_html(list(self._lines))}

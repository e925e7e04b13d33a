"""The live view on a terminal: the log scrolls, state and curve stay below it."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.segment import Segment, Segments
from rich.style import Style
from rich.text import Text

from rlcore.display.progress import FINAL_STAGES, Picture, Progress, Ticker, stage_of
from rlcore.display.text import MARK, curve_text, outcome_text, plain
from rlcore.metrics import PLATFORM_HOST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import ConsoleOptions, RenderableType, RenderResult
    from typing_extensions import Self

    from rlcore.spec import JobStatus, LogEvent

_TICK_SECONDS = 0.25
_TALLEST_CHART, _WIDEST_CHART = 14, 120
_LINES_FOR_LOG = 8
"""Lines of the screen that the chart leaves to the log."""
_LOWEST_CHART = 6

_COLOURS = {"Succeeded": "green", "Failed": "red", "Stopped": "yellow", "Stopping": "yellow"}
_UNSAFE = re.compile(
    r"\x1b(?!\[[0-9;:]*m)(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])?|[\x00-\x08\x0a-\x1a\x1c-\x1f\x7f]"
)
_RESET = "\x1b[0m"
_REPORT = "rlcore step="


def console_on(stream: TextIO) -> Console:
    """Return a console that writes to *stream*."""
    return Console(file=stream, highlight=False, markup=False)


class TerminalView:
    """Redraws at most four times a second, however fast the lines come."""

    def __init__(self, progress: Progress, console: Console, clock: Callable[[], float]) -> None:
        """Show *progress* on *console*; *clock* returns seconds since the epoch."""
        self._progress = progress
        self._console = console
        self._clock = clock
        self._events: deque[tuple[str, LogEvent]] = deque()
        self._chart = Picture(self._draw_chart)
        self._drawn_at = -1
        self._ended = False
        self._live = Live(_Bottom(self._bottom), console=console, auto_refresh=False)

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.start(refresh=True)
        self._ticker = Ticker(self._tick, _TICK_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        """Show all that came, and leave the last picture standing."""
        self._ticker.stop()
        self._progress.close()
        self._ended = True
        self._tick()
        self._live.stop()

    def show(self, event: LogEvent) -> None:
        """Take one more line; the next tick shows it."""
        if self._progress.observe(event):
            self._events.append((self._progress.mark(event), event))

    def end(self, status: JobStatus) -> None:
        """Print the outcome."""
        self._console.print(outcome_text(status, self._progress.curve), soft_wrap=True)

    def _tick(self) -> None:
        events = [self._events.popleft() for _ in range(len(self._events))]
        second = int(self._clock())
        if events:
            # One print for all of them: each redraws what stands below.
            self._console.print(_Lines(events), soft_wrap=True, end="")
        elif second != self._drawn_at or self._ended:
            self._live.refresh()
        self._drawn_at = second

    def _bottom(self) -> Group:
        progress, width = self._progress, self._console.width
        now, colour = self._clock(), _COLOURS.get(progress.stage, "cyan")
        state = Text.assemble(
            (f"● {progress.state(now)}", f"bold {colour}"),
            f"   {progress.total(now)}   ",
            (progress.name, "dim"),
        )
        state.truncate(width, overflow="ellipsis")
        figures = Text("  " + "   ".join(progress.figures()))
        figures.truncate(width, overflow="ellipsis")
        shows = (len(progress.curve), self._console.size)
        chart = self._chart.get(shows, at_once=self._ended)
        return Group(state, figures, chart) if chart.segments else Group(state)

    def _draw_chart(self) -> Segments:
        width, height = self._console.size
        height = min(_TALLEST_CHART, height - _LINES_FOR_LOG)
        if height < _LOWEST_CHART or not len(self._progress.curve):
            return Segments([])
        text = curve_text(self._progress.curve, min(width, _WIDEST_CHART), height)
        return Segments(self._console.render(_coloured(text)))


def _coloured(chart: str) -> Text:
    text = Text(chart, no_wrap=True)
    text.highlight_regex("[\u2801-\u28ff]+", "cyan")
    text.highlight_regex(MARK, "bold yellow")
    return text


class _Bottom:
    """What stands below the log, made anew whenever it is drawn."""

    def __init__(self, make: Callable[[], RenderableType]) -> None:
        self._make = make

    def __rich__(self) -> RenderableType:
        return self._make()


class _Lines:
    """Log lines as they are, each after the mark of its host; the platform's own set apart.

    The terminal wraps them, but for reports: those come often, and their beginning says enough.
    """

    def __init__(self, events: list[tuple[str, LogEvent]]) -> None:
        self._events = events

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        return self._segments(options.max_width)

    def _segments(self, width: int) -> Iterator[Segment]:
        for mark, event in self._events:
            stage = stage_of(event)
            if stage in FINAL_STAGES:
                continue  # the outcome follows
            if stage:
                yield Segment(f"● {stage}", Style(bold=True))
            elif event.host == PLATFORM_HOST:
                yield Segment(harmless(event.message), Style(dim=True))
            elif _REPORT in event.message:
                yield Segment(_cut(mark + plain(event.message), width))
            else:
                yield Segment(mark + harmless(event.message))
            yield Segment.line()


def _cut(line: str, width: int) -> str:
    text = Text(line)
    text.truncate(width, overflow="ellipsis")
    return text.plain


def harmless(message: str) -> str:
    """Return what a line shows at last, with its colours but nothing that moves the cursor."""
    text = _UNSAFE.sub("", message.rstrip("\r").rpartition("\r")[2])
    return text + _RESET if "\x1b" in text else text

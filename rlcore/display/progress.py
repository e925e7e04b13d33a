"""What is known of a running job from its log so far."""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

from rlcore.display.figure import duration, evaluation_metric, main_metric, steps_per_second
from rlcore.metrics import PLATFORM_HOST, LearningCurve
from rlcore.spec import JobState

if TYPE_CHECKING:
    from collections.abc import Callable

    from rlcore.metrics import MetricParser, MetricPoint
    from rlcore.spec import LogEvent

Drawing = TypeVar("Drawing")

_STAGE = "stage: "
# The reports of rlscript among them, whatever they report; where an error came from; errors that
# are called `PresetMissing` or so.
_IMPORTANT = re.compile(
    r"\brlcore[ :]|(?i:warning|error|exception|traceback)|^ +File |^(?:\w+\.)*(?:[A-Z][a-z]+){2,}: "
)
FINAL_STAGES = {state.value for state in JobState if state.final}
_FIRST_HOST = "algo-1"
_RECENT_STEPS = 500
_COST = 100
"""A drawing that took a second is drawn anew after this many: one per cent of a core."""


class Progress:
    """Stage, times and learning curve of one job, read from its log events.

    Attributes:
        name: The job's name.
        curve: Its learning curve so far.
        stage: What it is doing.
    """

    def __init__(
        self,
        name: str,
        parser: MetricParser,
        started_at: float,
        sieve: MetricParser | None = None,
    ) -> None:
        """Begin with a job that was asked for at *started_at*, in seconds since the epoch.

        With a *sieve*, a parser that waits for no steps, a line is shown only if it has a metric, a
        warning or an error.
        """
        self.name = name
        self._sieve = sieve
        self.curve = LearningCurve()
        self.stage = "Starting"
        self._stage_since = self._started_at = started_at
        self._steps: deque[tuple[float, float]] = deque(maxlen=_RECENT_STEPS)
        self._parser = parser
        self._has_many_hosts = False

    def observe(self, event: LogEvent) -> bool:
        """Read one more line; return whether it is to be shown."""
        self._has_many_hosts |= event.host not in {PLATFORM_HOST, _FIRST_HOST}
        if event.host != PLATFORM_HOST:
            self._add(self._parser.feed(event.message, event.timestamp))
        elif stage := stage_of(event):
            self.stage, self._stage_since = stage, event.timestamp
        return self._sieve is None or self._is_important(event, self._sieve)

    def _is_important(self, event: LogEvent, sieve: MetricParser) -> bool:
        has_metrics = bool(sieve.feed(event.message, event.timestamp))
        return has_metrics or event.host == PLATFORM_HOST or bool(_IMPORTANT.search(event.message))

    def mark(self, event: LogEvent) -> str:
        """Return what a script's line begins with: its host, once there are more than one."""
        is_marked = self._has_many_hosts and event.host != PLATFORM_HOST
        return f"[{event.host}] " if is_marked else ""

    def close(self) -> None:
        """Take the points that waited for more lines."""
        self._add(self._parser.close())

    def _add(self, points: list[MetricPoint]) -> None:
        self.curve.extend(points)
        known = ((point.time, point.step) for point in points if point.step is not None)
        self._steps.extend(known)

    def state(self, now: float) -> str:
        """Return the stage and how long it has taken; a final one takes no time."""
        taken = f" {duration(now - self._stage_since)}"
        return self.stage + ("" if self.stage in FINAL_STAGES else taken)

    def total(self, now: float) -> str:
        """Return how long the whole job has taken."""
        return f"total {duration(now - self._started_at)}"

    def figures(self) -> list[str]:
        """Return environment steps, their rate, the return and the newest evaluation, if known."""
        name = main_metric(self.curve.names) or ""
        last = self.curve.last(name)
        if last is None:
            return []
        steps = list(self._steps)
        texts = [f"{steps[-1][1]:,.0f} steps"] if steps else []
        rate = steps_per_second(steps)
        texts += [] if rate is None else [f"{rate:,.0f} steps/s"]
        texts.append(f"{name} {last.value:.4g}")
        evaluation = self.curve.last(evaluation_metric(self.curve.names) or "")
        if evaluation and evaluation.name != name:
            texts.append(f"{evaluation.name} {evaluation.value:.4g}")
        return texts


def stage_of(event: LogEvent) -> str:
    """Return the stage that the platform announces in this line, or the empty string."""
    announces = event.host == PLATFORM_HOST and event.message.startswith(_STAGE)
    return event.message.removeprefix(_STAGE) if announces else ""


class Picture(Generic[Drawing]):
    """A drawing of a growing curve, kept up to date at little cost."""

    def __init__(
        self, draw: Callable[[], Drawing], timer: Callable[[], float] = time.perf_counter
    ) -> None:
        """Draw with *draw*, and measure by *timer* what it costs."""
        self._draw = draw
        self._timer = timer
        self._drawn: Drawing | None = None
        self._shown: object = None
        self._next = timer()

    def get(self, shows: object, *, at_once: bool = False) -> Drawing:
        """Return a drawing of what *shows* identifies, or an older one if it is too soon."""
        begin = self._timer()
        is_due = shows != self._shown and (at_once or begin >= self._next)
        if is_due or self._drawn is None:
            self._drawn, self._shown = self._draw(), shows
            end = self._timer()
            self._next = end + _COST * (end - begin)
        return self._drawn


class Ticker:
    """Calls a function again and again from a thread, until stopped."""

    def __init__(self, call: Callable[[], None], seconds: float) -> None:
        """Start at once."""
        self._done = threading.Event()
        self._call = call
        self._seconds = seconds
        self._thread = threading.Thread(target=self._run, name="rlcore-display", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._done.wait(self._seconds):
            self._call()

    def stop(self) -> None:
        """Wait for a call under way, and make no more."""
        self._done.set()
        self._thread.join()

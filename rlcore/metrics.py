"""Log lines and metric definitions become points, points a learning curve. Pure.

A definition's regular expression is searched once in each line, as the training service does, and
the text of its first group is the value. What is no finite number gives no point: `.nan`, `nan` and
`inf` are no values of a curve.

Where the step of a value comes from:

1. from its own line: `rlcore step=2000 ...`, or what the step pattern captures there;
2. where there is a step pattern, from the next line that names a step within a second: toolkits
   print a result as a block, whose step stands some lines below the values;
3. else from the last line that named one; None before the first.
"""

from __future__ import annotations

import itertools
import math
import operator
import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Any

import attrs

from rlcore import literals

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rlcore.spec import LogEvent, MetricDefinition

PLATFORM_HOST = "rlcore"  # writes the platform's own log lines, which carry no metrics

_REPORT = "rlcore step="
_REPORT_STEP = re.compile(r"rlcore step=(\S+)")
_BLOCK_SECONDS = 1.0
_BATCH = 4096


@attrs.frozen
class MetricPoint:
    """One value of a metric.

    Attributes:
        name: Name of the metric's definition.
        value: A finite number.
        step: Environment steps so far, None where the log does not tell.
        time: When the line was written, in seconds since the epoch.
    """

    name: str
    value: float
    step: float | None
    time: float


class MetricParser:
    """Reads the points out of log lines, given one by one or many at once.

    It remembers steps between lines, so each log needs a parser of its own.
    """

    def __init__(
        self, definitions: Iterable[MetricDefinition], step_pattern: str | None = None
    ) -> None:
        """Compile *definitions*; the only group of *step_pattern* captures a step."""
        self._searches = tuple(_Search.of(each.regex, each.name) for each in definitions)
        self._step_search = _Search.of(step_pattern) if step_pattern else None
        searches = filter(None, [*self._searches, self._step_search])
        self._screen = literals.screen([*(each.pattern.pattern for each in searches), _REPORT])
        self._step: float | None = None
        self._waiting: list[tuple[str, float, float]] = []

    def feed(self, message: str, timestamp: float) -> list[MetricPoint]:
        """Return the points that one more line completes; a point may wait for its step."""
        for literal in self._screen:
            if literal in message:
                return self._read(message, timestamp)
        return self._expired(timestamp) if self._waiting else []

    def feed_lines(self, messages: Sequence[str], timestamps: Sequence[float]) -> list[MetricPoint]:
        """Return the same points as `feed` for each line, several times faster."""
        points: list[MetricPoint] = []
        for index in self._lines_of_interest(messages):
            points += self._read(messages[index], timestamps[index])
        return points

    def close(self) -> list[MetricPoint]:
        """Return the points that still wait for a step. Call it at the end of a log."""
        return self._release(len(self._waiting))

    def _lines_of_interest(self, messages: Sequence[str]) -> list[int]:
        # One search through the joined text costs far less than one through each line.
        text = "\n".join(messages)
        lengths = map(operator.add, map(len, messages), itertools.repeat(1))
        ends = list(itertools.accumulate(lengths))
        found: set[int] = set()
        for literal in self._screen if messages else ():
            position = text.find(literal)
            while position >= 0:
                line = bisect_right(ends, position)
                found.add(line)
                position = text.find(literal, ends[line])
        return sorted(found)

    def _read(self, message: str, timestamp: float) -> list[MetricPoint]:
        points = self._expired(timestamp) if self._waiting else []
        for search in self._searches:
            value = search.number(message)
            if value is not None:
                self._waiting.append((search.name, value, timestamp))
        step = self._step_in(message)
        self._step = self._step if step is None else step
        return points if step is None and self._step_search else points + self.close()

    def _step_in(self, message: str) -> float | None:
        if _REPORT in message:
            match = _REPORT_STEP.search(message)
            return _finite(match.group(1)) if match else None
        return self._step_search.number(message) if self._step_search else None

    def _expired(self, now: float) -> list[MetricPoint]:
        old = itertools.takewhile(lambda value: value[2] < now - _BLOCK_SECONDS, self._waiting)
        return self._release(sum(1 for _ in old))

    def _release(self, count: int) -> list[MetricPoint]:
        released, self._waiting = self._waiting[:count], self._waiting[count:]
        return [MetricPoint(name, value, self._step, time) for name, value, time in released]


@attrs.frozen
class _Search:
    """A compiled pattern, and the texts that a line must hold to be worth searching."""

    pattern: re.Pattern[str]
    literals: tuple[str, ...]
    name: str

    @classmethod
    def of(cls, regex: str, name: str = "") -> _Search:
        return cls(re.compile(regex), literals.worthwhile(regex), name)

    def number(self, message: str) -> float | None:
        for literal in self.literals:
            if literal not in message:
                return None
        match = self.pattern.search(message)
        return _finite(match.group(1 if self.pattern.groups else 0)) if match else None


def _finite(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


@attrs.frozen
class Series:
    """The points of one metric as columns, in the order of the log."""

    steps: tuple[float | None, ...]
    values: tuple[float, ...]
    times: tuple[float, ...]


class LearningCurve:
    """The points of a training job, in the order of its log."""

    def __init__(self, points: Iterable[MetricPoint] = ()) -> None:
        """Begin with *points*."""
        self._points: list[MetricPoint] = []
        self._by_name: dict[str, list[MetricPoint]] = {}
        self.extend(points)

    @classmethod
    def from_events(cls, events: Iterable[LogEvent], parser: MetricParser) -> LearningCurve:
        """Read a whole log."""
        curve = cls()
        lines = (event for event in events if event.host != PLATFORM_HOST)
        while batch := list(itertools.islice(lines, _BATCH)):
            messages = [event.message for event in batch]
            curve.extend(parser.feed_lines(messages, [event.timestamp for event in batch]))
        curve.extend(parser.close())
        return curve

    def add(self, point: MetricPoint) -> None:
        """Append one point."""
        self._points.append(point)
        if point.name in self._by_name:
            self._by_name[point.name].append(point)
        else:
            self._by_name[point.name] = [point]  # Never empty: a view's thread may be reading.

    def extend(self, points: Iterable[MetricPoint]) -> None:
        """Append points."""
        for point in points:
            self.add(point)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the metrics that have points, in the order of their first."""
        return tuple(self._by_name)

    def series(self, name: str) -> Series:
        """Return the columns of one metric; empty for a name that has no points."""
        points = self._by_name.get(name, ())
        columns = ((point.step, point.value, point.time) for point in points)
        steps, values, times = zip(*columns, strict=True) if points else ((), (), ())
        return Series(steps, values, times)

    def last(self, name: str) -> MetricPoint | None:
        """Return the newest point of a metric."""
        return next(reversed(self._by_name.get(name, ())), None)

    def best(self, name: str) -> MetricPoint | None:
        """Return the last point with a metric's highest value."""
        points = reversed(self._by_name.get(name, ()))
        return max(points, key=lambda point: point.value, default=None)

    def to_rows(self) -> list[dict[str, Any]]:
        """Return the points as dictionaries, for JSON, CSV or a data frame."""
        return [attrs.asdict(point) for point in self._points]

    def __len__(self) -> int:
        """Return the number of points of all metrics."""
        return len(self._points)

    def __iter__(self) -> Iterator[MetricPoint]:
        """Iterate over the points of all metrics."""
        return iter(self._points)

    def __repr__(self) -> str:
        """Return e.g. `LearningCurve(120 points of episode_return_mean)`."""
        return f"LearningCurve({len(self)} points of {', '.join(self.names) or 'no metric'})"

    def _repr_html_(self) -> str:
        from rlcore.display import curve_html  # noqa: PLC0415  (display stands above this module)

        return curve_html(self)

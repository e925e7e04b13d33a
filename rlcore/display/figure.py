"""What a picture of a learning curve shows, whatever it is drawn with. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rlcore.metrics import LearningCurve, Series

Point = tuple[float, float]

_SMOOTHED_SHARE = 20
"""The moving mean spans this part of the points: one twentieth."""

_LARGEST = 1e100
_SMALLEST_RANGE = 1e-9
"""Numbers that differ by less than this part of them are drawn as equal."""


@attrs.frozen(kw_only=True)
class Figure:
    """One metric against environment steps, or seconds where no line told a step.

    Attributes:
        name: The metric that the line shows.
        x_label: What stands on the horizontal axis.
        raw: The points as logged.
        line: Their moving mean; the points themselves where there are few.
        evaluation_name: The metric of *evaluations*, None where there is none.
        evaluations: Points to mark, the episodes of one evaluation averaged.
        goal: The value to reach, if any.
    """

    name: str
    x_label: str
    raw: tuple[Point, ...]
    line: tuple[Point, ...]
    evaluation_name: str | None
    evaluations: tuple[Point, ...]
    goal: float | None

    @property
    def x_range(self) -> tuple[float, float]:
        """Left and right end, from zero unless the curve begins far from it."""
        xs = [x for x, _ in (*self.raw, *self.evaluations)]
        low, high = min(xs), max(xs)
        return _widened(0.0 if 0 < low < high / 3 else low, high)

    @property
    def y_range(self) -> tuple[float, float]:
        """Bottom and top end."""
        goals = [] if self.goal is None else [self.goal]
        ys = [*(y for _, y in (*self.line, *self.evaluations)), *goals]
        return _widened(min(ys), max(ys))


def figure(curve: LearningCurve, goal: float | None = None) -> Figure | None:
    """Return what to draw of *curve*; None as long as it has no points."""
    name = main_metric(curve.names)
    if name is None:
        return None
    series = curve.series(name)
    by_step = any(step is not None for step in series.steps)
    evaluation_name = evaluation_metric(curve.names)
    evaluations = None if evaluation_name in (None, name) else curve.series(evaluation_name or "")
    raw = _points(series, by_step=by_step, start=series.times[0])
    return Figure(
        name=name,
        x_label="environment steps" if by_step else "seconds",
        raw=raw,
        line=_smoothed(raw),
        evaluation_name=evaluation_name if evaluations else None,
        evaluations=_mean_of_each(_points(evaluations, by_step=by_step, start=series.times[0]))
        if evaluations
        else (),
        goal=goal,
    )


def main_metric(names: Sequence[str]) -> str | None:
    """Return the first metric of the training's mean return, else the first metric, else None."""
    training = [name for name in names if not _is_evaluation(name)]
    returns = [name for name in training if _is_return(name)]
    means = [name for name in returns if not _is_extreme(name)]
    return next(iter([*means, *returns, *training, *names]), None)


def evaluation_metric(names: Sequence[str]) -> str | None:
    """Return the first metric of the evaluation's mean return, or None."""
    evaluations = [name for name in names if _is_evaluation(name) and _is_return(name)]
    return next((name for name in evaluations if not _is_extreme(name)), None)


def _is_evaluation(name: str) -> bool:
    return any(word in name.lower() for word in ("eval", "test"))


def _is_extreme(name: str) -> bool:
    return any(word in name.lower() for word in ("max", "min"))


def _is_return(name: str) -> bool:
    return any(word in name.lower() for word in ("return", "reward", "rew_mean"))


def _points(series: Series, *, by_step: bool, start: float) -> tuple[Point, ...]:
    xs = series.steps if by_step else tuple(time - start for time in series.times)
    pairs = zip(xs, series.values, strict=True)
    return tuple((_drawable(x), _drawable(y)) for x, y in pairs if x is not None)


def _drawable(number: float) -> float:
    """Return a number that sums and differences of many keep finite."""
    return min(max(number, -_LARGEST), _LARGEST)


def _mean_of_each(points: tuple[Point, ...]) -> tuple[Point, ...]:
    values: dict[float, list[float]] = {}
    for x, y in points:
        values.setdefault(x, []).append(y)
    return tuple((x, sum(ys) / len(ys)) for x, ys in values.items())


def _smoothed(points: tuple[Point, ...]) -> tuple[Point, ...]:
    means = moving_mean([y for _, y in points], max(1, len(points) // _SMOOTHED_SHARE))
    return tuple((x, mean) for (x, _), mean in zip(points, means, strict=True))


def moving_mean(values: Sequence[float], window: int) -> list[float]:
    """Return for each value the mean of it and up to *window* - 1 before it."""
    means, total = [], 0.0
    for index, value in enumerate(values):
        total += value
        if index >= window:
            total -= values[index - window]
        means.append(total / min(index + 1, window))
    return means


def thinned(points: Sequence[Point], limit: int) -> list[Point]:
    """Return at most about *limit* of *points*, evenly chosen, the last among them."""
    stride = max(1, math.ceil(len(points) / limit))
    return [*points[:-1:stride], *points[-1:]]


def _widened(low: float, high: float) -> tuple[float, float]:
    if high - low > _SMALLEST_RANGE * max(abs(low), abs(high), _SMALLEST_RANGE):
        return low, high
    margin = abs(low) / 10 or 1.0
    return low - margin, high + margin


def ticks(low: float, high: float, count: int) -> list[float]:
    """Return about *count* round numbers from *low* to *high*."""
    rough = (high - low) / max(1, count)
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = min(
        (magnitude * factor for factor in (1, 2, 5, 10)), key=lambda step: abs(step / rough - 1)
    )
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def short_number(value: float, largest: float | None = None) -> str:
    """Return e.g. `475`, `0.25`, `20k`, `1.5M`, in the unit that fits *largest*."""
    size = abs(value if largest is None else largest)
    for least, divisor, unit in ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if size >= least and value:
            return f"{value / divisor:.4g}{unit}"
    return f"{value:.4g}"


def duration(seconds: float) -> str:
    """Return e.g. `0:42` or `1:02:03`."""
    minutes, second = divmod(max(0, int(seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def steps_per_second(steps: Sequence[Point], seconds: float = 60.0) -> float | None:
    """Return the rate of the last *seconds* of pairs of time and step, where it is known."""
    recent = [(time, step) for time, step in steps if time >= steps[-1][0] - seconds]
    if not recent or recent[0][0] == recent[-1][0]:
        return None
    (first_time, first_step), (last_time, last_step) = recent[0], recent[-1]
    return max(0.0, (last_step - first_step) / (last_time - first_time))

"""What a picture of a curve shows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlcore.display.figure import (
    duration,
    evaluation_metric,
    figure,
    main_metric,
    moving_mean,
    short_number,
    steps_per_second,
    thinned,
    ticks,
)
from rlcore.metrics import LearningCurve, MetricPoint

NAMES = [
    (("episode_reward_max", "episode_reward_mean"), "episode_reward_mean", None),
    (("reward-testing", "reward-training"), "reward-training", "reward-testing"),
    (
        ("loss", "evaluation_return_max", "evaluation_return_mean", "episode_return_mean"),
        "episode_return_mean",
        "evaluation_return_mean",
    ),
    (("loss", "entropy"), "loss", None),
    (("episode_reward_max",), "episode_reward_max", None),
    (("evaluation_return_mean",), "evaluation_return_mean", "evaluation_return_mean"),
    ((), None, None),
]


@pytest.mark.parametrize(("names", "main", "evaluation"), NAMES)
def test_which_metric_is_shown(
    names: tuple[str, ...], main: str | None, evaluation: str | None
) -> None:
    """The line is the training's mean return, the marks are the evaluation's."""
    assert (main, evaluation) == (main_metric(names), evaluation_metric(names))


def test_figure_of_a_curve(curve: LearningCurve) -> None:
    """The line is smoothed over a twentieth, the episodes of an evaluation are averaged."""
    drawn = figure(curve, goal=700)
    assert drawn is not None
    assert ((1000.0, 0.0), (60000.0, 590.0)) == (drawn.raw[0], drawn.raw[-1])
    assert (60000.0, 580.0) == drawn.line[-1]
    assert [(10000.0, 110.0), (20000.0, 210.0)] == list(drawn.evaluations[:2])
    assert ((0.0, 60000.0), (0.0, 700)) == (drawn.x_range, drawn.y_range)


def test_figure_without_steps() -> None:
    """A log that tells no step is drawn over seconds."""
    drawn = figure(LearningCurve([MetricPoint("a", 1.0, None, t) for t in (50.0, 53.0)]))
    assert drawn is not None
    assert ("seconds", ((0.0, 1.0), (3.0, 1.0))) == (drawn.x_label, drawn.raw)
    assert (0.9, 1.1) == drawn.y_range


def test_no_figure_of_no_points() -> None:
    """An empty curve has nothing to draw."""
    assert figure(LearningCurve()) is None


def test_evaluation_alone_is_no_mark() -> None:
    """Where only evaluations were logged they are the line."""
    drawn = figure(LearningCurve([MetricPoint("evaluation_return_mean", 1.0, 5.0, 1.0)]))
    assert drawn is not None
    assert (None, ()) == (drawn.evaluation_name, drawn.evaluations)


@given(st.lists(st.integers(-1000, 1000)), st.integers(1, 10))
def test_moving_mean(values: list[int], window: int) -> None:
    """Each mean is that of the last values up to the window."""
    expected = [
        sum(values[max(0, end - window) : end]) / min(window, end)
        for end in range(1, len(values) + 1)
    ]
    assert pytest.approx(expected) == moving_mean(values, window)


@given(st.lists(st.tuples(st.floats(), st.floats()), max_size=50), st.integers(1, 20))
def test_thinned(points: list[tuple[float, float]], limit: int) -> None:
    """A few points stand for many, the last is always among them."""
    thin = thinned(points, limit)
    assert len(thin) <= limit + 1
    assert points[-1:] == thin[-1:]
    assert len(points) > limit or points == thin


TICKS = [
    ((0, 120_000, 6), [0, 20_000, 40_000, 60_000, 80_000, 100_000, 120_000]),
    ((0, 1, 4), [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
    ((-3, 7, 2), [0, 5]),
    ((9.5, 9.7, 2), [9.5, 9.6, 9.7]),
]


@pytest.mark.parametrize(("arguments", "expected"), TICKS)
def test_ticks(arguments: tuple[float, float, int], expected: list[float]) -> None:
    """Ticks are round and inside of the range."""
    assert pytest.approx(expected) == ticks(*arguments)


@given(st.floats(-1e9, 1e9), st.floats(1e-3, 1e9), st.integers(2, 20))
def test_ticks_are_inside(low: float, size: float, count: int) -> None:
    """Any range has at least one tick, none outside, and not many more than asked for."""
    high = low + size
    values = ticks(low, high, count)
    assert 1 <= len(values) <= 2 * count + 1
    assert all(low - size * 1e-6 <= value <= high + size * 1e-6 for value in values)


def test_short_number() -> None:
    """Large numbers get a unit, that of the largest where one is given."""
    numbers = (0, 475, 0.25, 9999, 20_000, 1.5e6, -3e9)
    assert ["0", "475", "0.25", "9999", "20k", "1.5M", "-3G"] == [short_number(n) for n in numbers]
    assert ["0", "5k"] == [short_number(n, 20_000) for n in (0, 5000)]


def test_duration() -> None:
    """Hours appear when there are any."""
    assert ["0:00", "0:42", "1:02:03"] == [duration(seconds) for seconds in (-1, 42.9, 3723)]


def test_steps_per_second() -> None:
    """The rate is that of the last minute; unknown with less than two points."""
    assert 20.0 == steps_per_second([(0.0, 0.0), (100.0, 1000.0), (150.0, 2000.0)])
    assert steps_per_second([(0.0, 0.0)]) is None
    assert steps_per_second([]) is None

"""Log lines become points, points a learning curve."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlcore.metrics import (
    LearningCurve,
    MetricParser,
    MetricPoint,
)
from rlcore.spec import LogEvent, MetricDefinition

LOGS = Path(__file__).parent / "data/logs"
NUMBER = r"([-+]?[0-9]*[.]?[0-9]+([eE][-+]?[0-9]+)?)"


def define(**regexes: str) -> tuple[MetricDefinition, ...]:
    """Return one definition for each name and regular expression."""
    return tuple(MetricDefinition(name=name, regex=regex) for name, regex in regexes.items())


def read(
    messages: list[str], parser: MetricParser, seconds: float = 0.001
) -> list[tuple[str, float, float | None]]:
    """Return name, value and step of the points of lines that come *seconds* apart."""
    points = []
    for index, message in enumerate(messages):
        points += parser.feed(message, index * seconds)
    points += parser.close()
    return [(point.name, point.value, point.step) for point in points]


RAY = define(mean=f"episode_reward_mean: {NUMBER}", max=f"episode_reward_max: {NUMBER}")
COACH = define(
    training=r"^Training>.*Total reward=(.*?),", testing=r"^Testing>.*Total reward=(.*?),"
)

CAPTURED = {
    "coach-0.11.1.txt": (
        COACH,
        r"Steps=(\d+)",
        {"training": [(62.0, 62), (15.0, 77), (24.0, 101)], "testing": [(8.0, 204), (10.0, 204)]},
    ),
    "coach-0.11.0.txt": (
        COACH,
        r"Steps=(\d+)",
        {"training": [(22.0, 22), (32.0, 54)], "testing": [(10.0, 204), (9.0, 204)]},
    ),
    "ray-0.6.5.txt": (
        RAY,
        r"timesteps_total: (\d+)",
        {
            "mean": [(22.662857142857142, 4000), (37.91428571428571, 8000)],
            "max": [(87.0, 4000), (132.0, 8000)],
        },
    ),
    "ray-2.60.0-tune.txt": (
        define(mean=r"episode_return_mean\s+(\S+)"),
        r"num_env_steps_sampled_lifetime +(\d+)",
        {"mean": [(237.222, 44072)]},
    ),
    "sb3-2.9.2.txt": (
        define(mean=r"ep_rew_mean\s+\| (\S+)"),
        r"total_timesteps\s+\| (\d+)",
        {"mean": [(24.9, 2560), (40.7, 5120)]},
    ),
}


@pytest.mark.parametrize(("log", "case"), CAPTURED.items())
def test_captured_logs(
    log: str,
    case: tuple[tuple[MetricDefinition, ...], str, dict[str, list[tuple[float, float]]]],
) -> None:
    """The toolkits' own output gives values at the steps that belong to them."""
    definitions, step_pattern, expected = case
    lines = (LOGS / log).read_text("utf-8").splitlines()
    curve = LearningCurve(
        MetricPoint(name, value, step, 0.0)
        for name, value, step in read(lines, MetricParser(definitions, step_pattern))
    )
    for name, points in expected.items():
        series = curve.series(name)
        actual = list(zip(series.values, series.steps, strict=True))
        assert points == actual[: len(points)]


VALUES = {
    "a=1.5": 1.5,
    "a=-2e3": -2000.0,
    "a= 7": 7.0,
    "a=": None,
    "a=nan": None,
    "a=inf": None,
    "a=.nan": None,
    "a=seven": None,
    "\x1b[36ma=1": 1.0,
    "b=1": None,
}


@pytest.mark.parametrize(("line", "value"), VALUES.items())
def test_only_finite_numbers_are_values(line: str, value: float | None) -> None:
    """A first group that is no finite number gives no point."""
    points = read([line], MetricParser(define(a="a=(.*)")))
    assert ([] if value is None else [("a", value, None)]) == points


def test_group_that_took_no_part() -> None:
    """A match without its first group gives no point."""
    assert [] == read(["a=x"], MetricParser(define(a=r"a=(?:(\d+)|x)")))


def test_whole_match_where_there_is_no_group() -> None:
    """Jobs of others may carry a pattern without a group: its match is the value."""
    assert [("a", 5.0, None)] == read(["at 5 m"], MetricParser(define(a=r"\d+")))


def test_each_line_counts_once() -> None:
    """A line with two occurrences gives the first one's value, as on the service."""
    assert [("a", 1.0, None)] == read(["a=1 a=2"], MetricParser(define(a=r"a=(\d)")))


def test_report_line_has_its_own_step() -> None:
    """The step of an `rlcore` line wins over the step pattern, and lasts for later lines."""
    parser = MetricParser(define(a=r"\ba=(\S+)"), step_pattern=r"time=(\d+)")
    lines = ["a=1", "rlcore step=2000.0 time=12 a=2", "(pid=7) rlcore step=3000 time=13 a=3", "a=4"]
    expected = [("a", 1.0, 2000), ("a", 2.0, 2000), ("a", 3.0, 3000), ("a", 4.0, 3000)]
    assert expected == read(lines, parser)


def test_without_step_pattern_nothing_waits() -> None:
    """Points come with their line; their step is the last one reported."""
    parser = MetricParser(define(a=r"a=(\S+)"))
    assert [MetricPoint("a", 1.0, None, 10.0)] == parser.feed("a=1", 10.0)
    assert [] == parser.feed("rlcore step=5", 11.0)
    assert [MetricPoint("a", 2.0, 5.0, 12.0)] == parser.feed("a=2", 12.0)


def test_step_of_a_later_block_is_not_taken() -> None:
    """A value that saw no step within a second keeps the last step before it."""
    parser = MetricParser(define(a=r"a=(\S+)"), step_pattern=r"steps: (\d+)")
    assert [("a", 1.0, None), ("a", 2.0, 10)] == read(["a=1", "steps: 10", "a=2"], parser, 2)


def test_waiting_point_comes_with_the_next_line() -> None:
    """Any line a second later releases a point that waits for its step."""
    parser = MetricParser(define(a=r"a=(\S+)"), step_pattern=r"steps: (\d+)")
    assert [] == parser.feed("a=1", 10.0)
    assert [] == parser.feed("something else", 10.5)
    assert [MetricPoint("a", 1.0, None, 10.0)] == parser.feed("something else", 11.5)


WORDS = st.sampled_from(
    [
        "a=",
        "reward: ",
        "loss ",
        "1",
        "-2.5e3",
        "nan",
        "x",
        "Training> ",
        "steps: ",
        ", ",
        "\n",
        "rlcore step=",
        "7",
        " ",
    ]
)
MESSAGES = st.lists(st.lists(WORDS, max_size=6).map("".join), max_size=12)
PATTERNS = st.lists(
    st.sampled_from(
        [
            r"a=(\S+)",
            r"reward: (.*?),",
            r"^Training> .*a=(\S*)",
            r"(?i)LOSS (\S+)",
            r"(\d+)",
            r"loss (\S+)|a=(\S+)",
            r"x{2}(\d)",
            r"step=(\d+) .*reward: (\d+)",
            r"\d+$",
            r"()",
        ]
    ),
    max_size=10,
)
STEPS = st.sampled_from([None, r"steps: (\d+)", r"(\d+),"])


def naive(regexes: list[str], messages: list[str]) -> list[tuple[str, float]]:
    """Search each line for each pattern."""
    found = []
    for message in messages:
        for name, regex in enumerate(regexes):
            match = re.search(regex, message)
            try:
                value = float(match[min(1, match.re.groups)] if match else "")
            except (TypeError, ValueError):
                continue
            if math.isfinite(value):
                found.append((str(name), value))
    return found


@given(PATTERNS, MESSAGES, STEPS, st.floats(0, 2))
def test_equals_the_naive_loop(
    regexes: list[str], messages: list[str], step_pattern: str | None, seconds: float
) -> None:
    """Screening by literals loses nothing, adds nothing and keeps the order; so does the bulk."""
    definitions = [MetricDefinition(name=str(i), regex=regex) for i, regex in enumerate(regexes)]
    one_by_one = MetricParser(definitions, step_pattern)
    points = [p for i, text in enumerate(messages) for p in one_by_one.feed(text, i * seconds)]
    points += one_by_one.close()
    assert naive(regexes, messages) == [(point.name, point.value) for point in points]

    bulk = MetricParser(definitions, step_pattern)
    times = [index * seconds for index in range(len(messages))]
    half = len(messages) // 2
    in_bulk = bulk.feed_lines(messages[:half], times[:half])
    in_bulk += bulk.feed_lines(messages[half:], times[half:])
    assert points == in_bulk + bulk.close()


def test_curve_from_events_skips_the_platform() -> None:
    """What the platform says of itself is no metric."""
    events = [
        LogEvent(timestamp=1.0, host="rlcore", message="a=1"),
        LogEvent(timestamp=2.0, host="algo-1", message="a=2"),
    ]
    curve = LearningCurve.from_events(events, MetricParser(define(a=r"a=(\d)")))
    assert [MetricPoint("a", 2.0, None, 2.0)] == list(curve)


def test_curve_tells_its_points() -> None:
    """Names, columns, last, best, rows and length agree with what was added."""
    points = [
        MetricPoint("b", 1.0, 10, 1.0),
        MetricPoint("a", 5.0, None, 2.0),
        MetricPoint("b", 3.0, 20, 3.0),
        MetricPoint("b", 2.0, 30, 4.0),
    ]
    curve = LearningCurve(points)
    assert ("b", "a") == curve.names
    assert ((10, 20, 30), (1.0, 3.0, 2.0), (1.0, 3.0, 4.0)) == (
        curve.series("b").steps,
        curve.series("b").values,
        curve.series("b").times,
    )
    assert () == curve.series("c").values
    assert (points[3], None) == (curve.last("b"), curve.last("c"))
    assert (points[2], None) == (curve.best("b"), curve.best("c"))
    assert 4 == len(curve)
    assert {"name": "a", "value": 5.0, "step": None, "time": 2.0} == curve.to_rows()[1]
    assert json.dumps(curve.to_rows())
    assert "LearningCurve(4 points of b, a)" == repr(curve)


def test_the_later_of_two_best_points() -> None:
    """Of equal evaluations the later policy counts, as it does for what a script exports."""
    points = [MetricPoint("a", value, step, 1.0) for step, value in enumerate((1.0, 3.0, 3.0, 2.0))]
    assert points[2] == LearningCurve(points).best("a")


def test_curve_draws_itself_in_a_notebook() -> None:
    """A curve is a drawing in a notebook."""
    assert "<svg" in LearningCurve([MetricPoint("a", 1.0, 1, 1.0)])._repr_html_()

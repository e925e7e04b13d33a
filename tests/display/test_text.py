"""Curves and outcomes as text."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rlcore.display.text import MARK, curve_text, outcome_text
from rlcore.metrics import LearningCurve, MetricPoint
from rlcore.spec import JobState, JobStatus


def test_curve_text(curve: LearningCurve) -> None:
    """A chart has a legend, labels on both axes, a rising line and its evaluations."""
    lines = curve_text(curve, 100, 10, goal=700).split("\n")
    legend = (
        "⠒ episode_return_mean against environment steps   ◆ evaluation_return_mean   ┄ goal 700"
    )
    assert legend == lines[0]
    assert "┄┄┄┄" in lines[1]
    assert ["600", "400", "200", "0"] == [line.split()[0] for line in lines[1:-2] if "┤" in line]
    assert ["0", "10k", "20k", "30k", "40k", "50k", "60k"] == lines[-1].split()
    assert 6 == sum(line.count(MARK) for line in lines[1:])
    columns = [max(map(line.find, filter(_is_dot, line))) for line in lines[2:-2]]
    assert sorted(columns, reverse=True) == columns


def _is_dot(character: str) -> bool:
    return "\u2800" < character <= "\u28ff"


def test_chart_to_the_dot() -> None:
    """A straight rise and fall is drawn to the dot."""
    points = [MetricPoint("a", y, x, 0.0) for x, y in ((0.0, 0.0), (5.0, 10.0), (10.0, 0.0))]
    expected = """\
⠒ a against environment steps
10 ┤           ⡠⠒⠑⠤⡀         ◆
   │        ⣀⠔⠉    ⠈⠒⢄
 5 ┤     ⢀⠔⠊          ⠉⠢⣀
   │  ⢀⡠⠊⠁               ⠑⠤⡀
 0 ┤⡠⠔⠁                    ⠈⠒⢄
   └┬───────────┬────────────┬
    0           5           10"""
    curve = LearningCurve([*points, MetricPoint("eval_return", 10.0, 10.0, 0.0)])
    assert expected == curve_text(curve, 30, 8)


def test_no_points() -> None:
    """An empty curve says so."""
    assert "No points yet." == curve_text(LearningCurve())


VALUES = st.floats(allow_nan=False, allow_infinity=False) | st.integers(0, 100).map(float)


@example([(1.7e308, 0.0), (-1.7e308, 1.7e308), (-1.7e308, -1.7e308)], 80, 16)
@example([(0.0, 0.0), (5e-324, 5e-324)], 80, 16)
@given(
    st.lists(st.tuples(VALUES, st.none() | VALUES), min_size=1, max_size=30),
    st.integers(0, 150),
    st.integers(0, 40),
)
def test_chart_fits(points: list[tuple[float, float | None]], width: int, height: int) -> None:
    """Whatever the curve, its chart has the size that was asked for, if it is not too small."""
    curve = LearningCurve(MetricPoint("a", value, step, 0.0) for value, step in points)
    lines = curve_text(curve, width, height).split("\n")
    assert max(6, height) == len(lines)
    assert max(map(len, lines)) <= max(24, width)


def test_outcome_text(curve: LearningCurve, succeeded: JobStatus) -> None:
    """The outcome has times, returns and the paths of the files."""
    expected = """\
Succeeded rl-job
  times   environment 0:30, training 1:30, total 2:00
  metrics episode_return_mean 590 at the end, best evaluation 620 at 60,000 steps
  model   /out/rl-job/output/model.tar.gz
  output  s3://bucket/rl-job/output/output.tar.gz
  curve   curve.png"""
    assert expected == outcome_text(succeeded, curve, Path("curve.png"))


def test_the_paths_of_files_can_be_pasted(succeeded: JobStatus) -> None:
    """A folder with a blank in its name is shown with the blank."""
    job = attrs.evolve(succeeded, model_data="file:///my%20jobs/model.tar.gz", output_data=None)
    assert "  model   /my jobs/model.tar.gz" in outcome_text(job, LearningCurve()).splitlines()


def test_outcome_of_a_failure(succeeded: JobStatus) -> None:
    """A failure gives its reason, and only what is known."""
    failed = attrs.evolve(
        succeeded,
        state=JobState.FAILED,
        failure_reason="The script ended with exit code 1",
        started_at=None,
        model_data=None,
        output_data=None,
    )
    expected = "Failed rl-job: The script ended with exit code 1\n  times   total 2:00"
    assert expected == outcome_text(failed, LearningCurve())


@pytest.mark.parametrize("state", [JobState.RUNNING, JobState.PENDING])
def test_outcome_of_a_running_job(succeeded: JobStatus, state: JobState) -> None:
    """A job that goes on has no times yet."""
    running = attrs.evolve(succeeded, state=state, ended_at=None, model_data=None, output_data=None)
    assert f"{state.value} rl-job" == outcome_text(running, LearningCurve())

"""Curves and outcomes as text."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rlcore.display.text import MARK, cause, curve_text, outcome_text, shortened
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
⠒ a   ◆ eval_return
10 ┤           ⡠⠒⠑⠤⡀         ◆
   │        ⣀⠔⠉    ⠈⠒⢄
 5 ┤     ⢀⠔⠊          ⠉⠢⣀
   │  ⢀⡠⠊⠁               ⠑⠤⡀
 0 ┤⡠⠔⠁                    ⠈⠒⢄
   └┬───────────┬────────────┬
    0           5           10"""
    curve = LearningCurve([*points, MetricPoint("eval_return", 10.0, 10.0, 0.0)])
    assert expected == curve_text(curve, 30, 8)


LEGENDS = {
    100: "⠒ episode_return_mean against environment steps   ◆ evaluation_return_mean   ┄ goal 700",
    80: "⠒ episode_return_mean against steps   ◆ evaluation_return_mean   ┄ goal 700",
    70: "⠒ episode_return_mean   ◆ evaluation_return_mean   ┄ goal 700",
    60: "⠒ episode_return_mean ◆ evaluation_return_mean ┄ goal 700",
    50: "⠒ episode_return_mean ◆ evaluation_return_mean ┄ …",
}


@pytest.mark.parametrize(("width", "legend"), LEGENDS.items())
def test_a_narrow_legend_says_less(curve: LearningCurve, width: int, legend: str) -> None:
    """First the axis goes, then the gaps, and what is cut ends with an ellipsis."""
    assert legend == curve_text(curve, width, 10, goal=700).partition("\n")[0]


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


TRACEBACK = """\
Traceback (most recent call last):
  File "/job/code/train.py", line 5, in <module>
    main()
    ^^^^^^
  File "/job/code/train.py", line 2, in main
    1 / 0
    ~~^~~
ZeroDivisionError: division by zero"""


def script_error(output: str, code: int = 1, note: str = "") -> str:
    """Return a failure's reason as the training service writes it."""
    lines = ["ExecuteUserScriptError:", f"ExitCode {code}", f'ErrorMessage "{output}"', note]
    command = 'Command "/envs/1/bin/python train.py --lr 1"'
    return "\n".join([*filter(None, lines), command])


DIVISION = "exit code 1, ZeroDivisionError: division by zero"
KILLED = 'ExtraInfo "OutOfMemory: Process killed by SIGKILL (signal 9)"'
CAUSES = {
    script_error(TRACEBACK): DIVISION,
    f"AlgorithmError: {script_error(TRACEBACK)}": DIVISION,
    script_error(f"{TRACEBACK}\nbye from an exit handler\n\n"): DIVISION,
    script_error(TRACEBACK.partition("\n")[2]): DIVISION,
    script_error(TRACEBACK)[:-30]: DIVISION,
    script_error(TRACEBACK).rpartition("\nCommand")[0]: DIVISION,
    script_error(f"{TRACEBACK}:\n  0 is not\nallowed"): f"{DIVISION}:",
    script_error("a\nlr\tis missing\n\n", 2): "exit code 2; its last line: lr is missing",
    script_error("\x1b[31mred\x1b[0m\r10%\r"): "exit code 1; its last line: 10%",
    script_error('say "Command "'): 'exit code 1; its last line: say "Command "',
    script_error("", 7): "exit code 7",
    script_error("rollout", 137, KILLED): f"exit code 137, {KILLED[11:-1]}",
    "Mine:\nmore": "Mine, exit code 9",
    "\nNo space\tleft\x1b[0m\n": "No space left, exit code 9",
    script_error(f"Refused: no\nException ignored in: <A>\n{TRACEBACK}\n"): (
        "exit code 1; its last line: Refused: no"
    ),
    script_error(f"{TRACEBACK}\nException ignored in: 'b.c'"): DIVISION,
    "x" * 500: "x" * 399 + "…",
    "": "exit code 9",
}


@pytest.mark.parametrize(("reason", "expected"), CAUSES.items())
def test_cause(reason: str, expected: str) -> None:
    """A script's error is its exception or its last line, any other text its first line."""
    assert expected == cause(reason, 9)


@given(st.text() | st.text().map(script_error), st.none() | st.integers(0, 255))
def test_any_reason_has_a_cause_of_one_short_line(reason: str, exit_code: int | None) -> None:
    """Whatever a script wrote, its cause fits into a line."""
    line = cause(reason, exit_code)
    assert len(line) <= 400
    assert [line] == (line.splitlines() or [""])


def test_outcome_of_a_script_that_failed(succeeded: JobStatus) -> None:
    """The outcome's first line has the exception, which the user must read first."""
    failed = attrs.evolve(
        succeeded, state=JobState.FAILED, failure_reason=script_error(TRACEBACK), exit_code=1
    )
    assert f"Failed rl-job: {DIVISION}" == outcome_text(failed, LearningCurve()).split("\n")[0]


def test_shortened() -> None:
    """Only what is too long gets an ellipsis."""
    assert ["abc", "a…", ""] == [shortened("abc", 3), shortened("abc", 2), shortened("", 2)]


@pytest.mark.parametrize("state", [JobState.RUNNING, JobState.PENDING])
def test_outcome_of_a_running_job(succeeded: JobStatus, state: JobState) -> None:
    """A job that goes on has no times yet."""
    running = attrs.evolve(succeeded, state=state, ended_at=None, model_data=None, output_data=None)
    assert f"{state.value} rl-job" == outcome_text(running, LearningCurve())

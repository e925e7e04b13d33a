"""Tests of `rlcore curve`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

POINTS = [("average_loss", 1.0), ("average_loss", 0.5), ("average_loss", 0.33)]


@pytest.mark.usefixtures("with_finished_job")
def test_piped(rlcore: Run) -> None:
    """A point is a line: metric, step, value, time."""
    lines = rlcore("curve", "finished").stdout.splitlines()

    rows = [line.split("\t") for line in lines]
    assert POINTS == [(name, float(value)) for name, _, value, _ in rows]
    assert [4] * 3 == [len(row) for row in rows]


@pytest.mark.usefixtures("with_finished_job")
def test_json(rlcore: Run) -> None:
    """A point is an object."""
    document = json.loads(rlcore("curve", "--last", "--json").stdout)

    assert "finished" == document["job_name"]
    assert POINTS == [(point["name"], point["value"]) for point in document["points"]]
    assert {"name", "value", "step", "time"} == set(document["points"][0])


@pytest.mark.usefixtures("with_finished_job")
def test_png(rlcore: Run, tmp_path: Path) -> None:
    """The path of the picture is printed."""
    pytest.importorskip("matplotlib")
    picture = tmp_path / "curve.png"

    process = rlcore("curve", "finished", "--png", str(picture), "--goal", "0.4")

    assert (0, f"{picture}\n") == (process.returncode, process.stdout)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_no_points(rlcore: Run) -> None:
    """A job without metrics has an empty curve."""
    rlcore("train", "-f", "job.yaml", "--job-name", "one", "-H", "rounds=0")

    process = rlcore("curve", "one")

    assert (0, "") == (process.returncode, process.stdout)
    assert "No points: no metric has matched a line of the log.\n" == process.stderr


def test_no_points_of_a_running_job(rlcore: Run, tmp_path: Path) -> None:
    """A job that goes on may have points later: it says where it is, and no picture is drawn."""
    options = ("-H", "before=60")
    rlcore("train", "-f", "job.yaml", "--job-name", "one", "--detach", *options)

    shown = rlcore("curve", "one")
    drawn = rlcore("curve", "one", "--png", str(tmp_path / "curve.png"))
    rlcore("stop", "one", "--wait")

    assert shown.stderr.startswith("No points yet: one is ")
    assert (0, 2) == (shown.returncode, drawn.returncode)
    assert drawn.stderr.startswith("error: No points yet: one is ")

"""Tests of `rlcore logs`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Run

LOG = """\
[rlcore] stage: Training
example 0
average loss = 1.00
example 1
average loss = 0.50
example 2
average loss = 0.33
[rlcore] stage: Packing
[rlcore] stage: Succeeded
"""


@pytest.mark.usefixtures("with_finished_job")
@pytest.mark.parametrize("arguments", [("finished",), ("--last",), ("-f", "finished")])
def test_shows_the_whole_log(rlcore: Run, arguments: list[str]) -> None:
    """By name or as the newest job; following a job that has ended ends at once."""
    process = rlcore("logs", *arguments)

    assert (0, "") == (process.returncode, process.stderr)
    assert process.stdout.endswith(LOG)


@pytest.mark.usefixtures("with_finished_job")
def test_timestamps(rlcore: Run) -> None:
    """Each line begins with local time, to the millisecond, and its offset."""
    lines = rlcore("logs", "finished", "--timestamps").stdout.splitlines()

    stamp = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d ")
    assert [] == [line for line in lines if not stamp.match(line)]


def test_follow_to_the_end(rlcore: Run) -> None:
    """A follower that comes late misses nothing and ends with the job."""
    rlcore("train", "-f", "job.yaml", "--job-name", "one", "--detach", "-H", "pause=0.3")

    process = rlcore("logs", "-f", "one")

    assert process.stdout.endswith(LOG)


@pytest.mark.usefixtures("with_finished_job")
def test_unknown_job(rlcore: Run) -> None:
    """The nearest name is told."""
    process = rlcore("logs", "finishd")

    assert 2 == process.returncode
    assert "No job named 'finishd' on this machine. Did you mean 'finished'?" in process.stderr


def test_last_of_none(rlcore: Run) -> None:
    """Where there is no job, there is no newest one."""
    process = rlcore("logs", "--last")

    assert (2, "error: There is no job yet on the platform local.\n") == (
        process.returncode,
        process.stderr,
    )


@pytest.mark.usefixtures("with_finished_job")
def test_name_and_last(rlcore: Run) -> None:
    """One job is meant, not two."""
    assert 2 == rlcore("logs", "finished", "--last").returncode

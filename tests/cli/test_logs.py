"""Tests of `rlcore logs`."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest
from pseudo_terminal import on_terminal

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
[rlcore] The script wrote nothing to SM_MODEL_DIR: model.tar.gz is empty.
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


def test_interrupt(rlcore: Run, environment: dict[str, str], rlcore_command: list[str]) -> None:
    """Ctrl-C ends the following with 130 and nothing else; the job goes on."""
    rlcore("train", "-f", "job.yaml", "--job-name", "one", "--detach", "-H", "pause=60")
    process = subprocess.Popen(
        [*rlcore_command, "logs", "-f", "one"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert any(line == "example 0\n" for line in process.stdout)

    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)

    assert (130, "") == (process.returncode, errors.strip())
    assert "one: Stopped\n" == rlcore("stop", "one", "--wait").stdout


@pytest.mark.usefixtures("with_finished_job")
def test_a_reader_that_left(environment: dict[str, str], rlcore_command: list[str]) -> None:
    """A pipe that nobody reads, as behind `head`, ends the command without a word."""
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [*rlcore_command, "logs", "finished"],
        env=environment,
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    os.close(writer)

    assert (1, b"") == (process.returncode, process.stderr)


@pytest.mark.usefixtures("with_finished_job")
@pytest.mark.parametrize(
    ("changes", "styled"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_styles(
    environment: dict[str, str],
    rlcore_command: list[str],
    changes: dict[str, str],
    styled: bool,
) -> None:
    """A terminal gets the platform's lines dimmed, unless it cannot or its owner wants none."""
    command = [*rlcore_command, "logs", "finished"]
    lines = on_terminal(command, 80, **{**environment, "TERM": "xterm", **changes}).splitlines()

    platform = "[rlcore] stage: Training"
    assert (f"\x1b[2m{platform}\x1b[0m" if styled else platform) in lines
    assert "example 0" in lines


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

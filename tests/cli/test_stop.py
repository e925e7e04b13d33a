"""Tests of `rlcore stop`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Run


def test_stops(rlcore: Run) -> None:
    """With `--wait` it returns when the job has ended."""
    rlcore("train", "-f", "job.yaml", "--job-name", "one", "--detach", "-H", "pause=60")

    process = rlcore("stop", "one", "--wait")

    assert (0, "one: Stopped\n") == (process.returncode, process.stdout)


def test_returns_at_once(rlcore: Run) -> None:
    """Without `--wait` the job may still be stopping."""
    rlcore("train", "-f", "job.yaml", "--job-name", "one", "--detach", "-H", "pause=60")

    process = rlcore("stop", "--last")

    hint = "Its model can be deployed once it has ended: rlcore stop --wait one returns then.\n"
    told = {("one: Stopping\n", hint), ("one: Stopped\n", "")}
    assert (process.stdout, process.stderr) in told
    rlcore("logs", "-f", "one")
    assert "Stopped" == json.loads(rlcore("jobs", "--json").stdout)[0]["state"]


@pytest.mark.usefixtures("with_finished_job")
def test_a_job_that_has_ended(rlcore: Run) -> None:
    """It stays as it is, which is no error."""
    process = rlcore("stop", "finished")

    assert (0, "", "finished has ended already: Succeeded\n") == (
        process.returncode,
        process.stdout,
        process.stderr,
    )

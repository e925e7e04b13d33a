"""Tests of `rlcore jobs`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from pseudo_terminal import on_terminal

if TYPE_CHECKING:
    from tests.cli.conftest import Run


KEYS = [
    *("name", "state", "stage", "failure_reason", "exit_code"),
    *("created_at", "started_at", "ended_at", "model_data", "output_data", "release"),
    *("training_seconds", "billable_seconds", "warnings"),
]


def test_no_jobs(rlcore: Run) -> None:
    """An empty list is an empty output, and a word for the person."""
    process = rlcore("jobs")

    assert (0, "", "No jobs yet.\n") == (process.returncode, process.stdout, process.stderr)


def test_no_jobs_as_json(rlcore: Run) -> None:
    """A program always gets a list."""
    assert [] == json.loads(rlcore("jobs", "--json").stdout)


@pytest.mark.usefixtures("with_finished_job")
def test_piped(rlcore: Run) -> None:
    """A job is a line of cells between tabs."""
    cells = rlcore("jobs").stdout.rstrip("\n").split("\t")

    assert ["finished", "Succeeded", "", "vw 8.7.0", ""] == [*cells[:3], *cells[5:]]


def test_why_a_job_failed(
    rlcore: Run, environment: dict[str, str], rlcore_command: list[str]
) -> None:
    """The cause is a line's last cell; on a terminal it stands below the table, in one row."""
    rlcore("train", "-f", "job.yaml", "--job-name", "one", "-H", "code=7", "--quiet")
    cause = "exit code 7; its last line: average loss = 0.33"

    cells = rlcore("jobs").stdout.rstrip("\n").split("\t")
    shown = on_terminal([*rlcore_command, "jobs"], 40, **{**environment, "COLUMNS": "40"})

    assert cause == cells[-1]
    assert f"one: {cause}"[:39] + "…" == shown.splitlines()[-1]


@pytest.mark.usefixtures("with_finished_job")
def test_json(rlcore: Run) -> None:
    """The keys are those that the help promises."""
    [job] = json.loads(rlcore("jobs", "--json").stdout)

    assert KEYS == list(job)
    assert ("finished", "Succeeded", 0) == (job["name"], job["state"], job["exit_code"])


def test_newest_first_and_limited(rlcore: Run) -> None:
    """The limit keeps the newest."""
    for name in ("old", "new"):
        rlcore("train", "-f", "job.yaml", "--job-name", name, "--quiet")

    assert ["new", "old"] == [job["name"] for job in json.loads(rlcore("jobs", "--json").stdout)]
    [line] = rlcore("jobs", "--limit", "1").stdout.splitlines()
    assert line.startswith("new\t")


def test_unknown_platform(rlcore: Run) -> None:
    """The platforms that are installed are named."""
    process = rlcore("jobs", "--platform", "locl")

    assert 2 == process.returncode
    assert "Did you mean 'local'? Installed: local, sagemaker." in process.stderr

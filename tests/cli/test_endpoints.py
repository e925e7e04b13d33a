"""Tests of `rlcore endpoints`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Run


def test_no_endpoints_yet(rlcore: Run) -> None:
    """Nothing in a pipe, and a word for a person."""
    done = rlcore("endpoints")

    assert ("", 0) == (done.stdout, done.returncode)
    assert "No endpoints yet." in done.stderr
    assert [] == json.loads(rlcore("endpoints", "--json").stdout)


def test_rows_for_a_pipe(toy: Run, served: str) -> None:
    """Name, state, stage, age, requests, release, URL and reason, separated by tabs."""
    rows = [line.split("\t") for line in toy("endpoints").stdout.splitlines()]

    row = next(row for row in rows if row[0] == served)
    assert ("InService", "toy 1.0", "") == (row[1], row[5], row[6])
    assert row[4].startswith("http://127.0.0.1:")


def test_objects_for_a_program(toy: Run, served: str) -> None:
    """Every field of the status, the state by its name."""
    listed = json.loads(toy("endpoints", "--json").stdout)

    found = next(each for each in listed if each["name"] == served)
    assert ("InService", None, [], 0) == (
        found["state"],
        found["failure_reason"],
        found["policies"],
        found["restarts"],
    )


def test_an_unknown_platform(rlcore: Run) -> None:
    """The nearest is named."""
    done = rlcore("endpoints", "--platform", "loca")

    assert 2 == done.returncode
    assert "Did you mean 'local'?" in done.stderr

"""Tests of the interpreters that tests run old code with."""

from __future__ import annotations

import subprocess

from rlcore.testing.pythons import interpreters


def test_each_is_what_it_is_called() -> None:
    """Its minor version is that of a Python 3, whatever else is on the machine."""
    question = "import sys; print(sys.version_info[0], sys.version_info[1])"

    answers = {
        minor: subprocess.run(
            [path, "-I", "-S", "-c", question], check=True, capture_output=True, text=True
        ).stdout.strip()
        for minor, path in interpreters().items()
    }

    assert {minor: f"3 {minor}" for minor in answers} == answers

"""What the runner leaves about its script, as its supervisor reads it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rlcore import runner
from rlcore.platforms.local import ending
from rlcore.platforms.local.ending import Ending


def test_what_the_runner_leaves(tmp_path: Path) -> None:
    """Each field that it writes is one of ours."""
    (tmp_path / "input/config").mkdir(parents=True)
    (tmp_path / "code").mkdir()
    (tmp_path / "code/train.py").write_text("raise SystemExit(7)")
    texts = {
        "hyperparameters": {"sagemaker_program": '"train.py"'},
        "resourceconfig": {"current_host": "a", "hosts": ["a"]},
    }
    for name, content in texts.items():
        (tmp_path / f"input/config/{name}.json").write_text(json.dumps(content))

    program = str(Path(runner.__file__).parent)
    subprocess.run([sys.executable, program, str(tmp_path)], check=False, capture_output=True)

    left = ending.read(tmp_path)
    assert (7, False, None, None) == (left.exit_code, left.asked, left.warning, left.unchecked)
    assert left.root in {str(tmp_path), "/opt/ml"}


@pytest.mark.parametrize("text", [None, ""])
def test_a_runner_that_did_not_live_to_tell(tmp_path: Path, text: str | None) -> None:
    """Killed before it wrote, or on a full disk: nothing is known, and nothing is completed."""
    if text is not None:
        (tmp_path / ".runner.json").write_text(text)

    assert Ending() == ending.read(tmp_path)
    assert not Ending().completed


@pytest.mark.parametrize(
    ("exit_code", "asked", "completed"),
    [(0, False, True), (0, True, False), (1, False, False), (None, False, False)],
)
def test_completed(exit_code: int | None, *, asked: bool, completed: bool) -> None:
    """A script has done all its work where it ended well before anybody asked it to end."""
    assert completed == Ending(exit_code=exit_code, asked=asked).completed


def test_findings_of_the_inspection(tmp_path: Path) -> None:
    """They are read as they were left."""
    told = {"exit_code": 0, "root": "/opt/ml", "asked": False, "warning": "0 of 13 are equal"}
    (tmp_path / ".runner.json").write_text(json.dumps(told))

    assert Ending(**told) == ending.read(tmp_path)

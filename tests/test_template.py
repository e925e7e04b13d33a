"""The template: its learner goes on where it was, its lock is whole, the page on it quotes it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

CHECKOUT = Path(__file__).parents[1]
TEMPLATE = CHECKOUT / "rlcore/template"
SCRIPT = TEMPLATE / "examples/cartpole/train.py"
PLUGIN = TEMPLATE / "src/rl_plugin_mytoolkit"


def train(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the template's example as a script; the model is at `folder`/model."""
    variables = {
        "PYTHONPATH": f"{TEMPLATE / 'src'}:{CHECKOUT}",
        "SM_MODEL_DIR": str(folder / "model"),
        "RLCORE_CHECKPOINT_DIR": str(folder / "checkpoints"),
    }
    return subprocess.run(
        [sys.executable, SCRIPT, "--evaluation-episodes", "5", *arguments],
        cwd=folder,
        env={**os.environ, **variables, **environ},
        check=False,
        capture_output=True,
        text=True,
    )


def graphs(folder: Path) -> list[str]:
    """Return the names of the exported graphs, which tell their content."""
    return [path.name for path in (folder / "model").glob("*.onnx")]


def steps(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the steps that a run has reported."""
    assert 0 == done.returncode, done.stderr
    return re.findall(r"^rlcore step=(\d+)", done.stdout, re.MULTILINE)


def test_an_interrupted_run_goes_on(tmp_path: Path) -> None:
    """In two parts it takes the steps and leaves the policy of a run in one."""
    parts, whole = tmp_path / "parts", tmp_path / "whole"
    parts.mkdir()
    whole.mkdir()

    first, second = (steps(train(parts, "--stop-steps", limit)) for limit in ("500", "3000"))

    assert first
    assert [*first, *second] == steps(train(whole, "--stop-steps", "3000"))
    assert graphs(whole) == graphs(parts)


def test_a_warm_start_takes_the_weights(tmp_path: Path) -> None:
    """A model's policy is what the next job begins with; without training it stays the same."""
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    after.mkdir()
    train(before, "--stop-steps", "500")

    done = train(after, "--stop-steps", "0", SM_CHANNEL_MODEL=str(before / "model"))

    assert (0, graphs(before)) == (done.returncode, graphs(after))


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ("Pendulum-v1", "Discrete from 0, not Box"),
        ("Taxi-v4", "wanted are a Box with one axis"),
    ],
)
def test_other_spaces_are_refused(tmp_path: Path, env: str, message: str) -> None:
    """What the graph is not exact for is refused before anything is trained."""
    done = train(tmp_path, "--env", env)

    assert (1, True) == (done.returncode, message in done.stderr)
    assert "step=" not in done.stdout


def test_the_lock_pins_what_is_asked_for() -> None:
    """Whatever stands in the `.in` file is pinned, with hashes, and images get the same."""
    wanted = (PLUGIN / "environments/0.1.0.in").read_text("utf-8").splitlines()
    lock = (PLUGIN / "environments/0.1.0.txt").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in lock.splitlines() if line.strip() and not line.startswith("#")]
    pins = [Requirement(line.partition(" --hash")[0]) for line in lines]

    assert all("--hash=sha256:" in line for line in lines)
    assert {line for line in wanted if line[0] != "#"} <= {pin.name for pin in pins}
    [release] = json.loads((PLUGIN / "releases.json").read_text("utf-8"))["releases"]
    assert set(release["image_requirements"]) <= {f"{pin.name}{pin.specifier}" for pin in pins}


BLOCKS = re.compile(r"^```(?:python|toml|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(
    ("page", "number"), [("docs/own-toolkit.md", 6), ("docs/extensions.md", 2)]
)
def test_pages_quote_what_runs(page: str, number: int, tmp_path: Path) -> None:
    """Every block of code is a part of the package that the page tells of, to the letter."""
    command = [sys.executable, "-m", "rlcore", "new", "toolkit", "acme"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    folders = (tmp_path, CHECKOUT / "examples/extension_mirror")
    files = [path for folder in folders for path in folder.rglob("*.*") if path.is_file()]
    texts = [path.read_text("utf-8") for path in files if "__pycache__" not in path.parts]

    blocks = BLOCKS.findall((CHECKOUT / page).read_text("utf-8"))

    assert number == len(blocks)
    assert [] == [block for block in blocks if not any(block in text for text in texts)]


def test_the_page_tells_what_is_printed(tmp_path: Path) -> None:
    """The page shows the very words of the command."""
    command = [sys.executable, "-m", "rlcore", "new", "toolkit", "acme"]
    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)

    assert done.stdout.strip() in (CHECKOUT / "docs/own-toolkit.md").read_text("utf-8")

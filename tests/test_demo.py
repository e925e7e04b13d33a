"""The main job, as `make demo` runs it: a real training through `RLEstimator` on this machine."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from rlcore import RLEstimator, storage
from rlcore.platforms.local.platform import LocalPlatform
from rlcore.spec import JobState

DEMO = Path(__file__).parents[1] / "examples/cartpole/demo.py"
SOLVED = 475


def policy(model_data: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the manifest in a model archive, and all its files by name."""
    with tarfile.open(storage.to_path(model_data)) as archive:
        members = [member for member in archive if member.isfile()]
        files = {member.name: archive.extractfile(member).read() for member in members}
    return json.loads(files.pop("policy.json")), files


@pytest.mark.training
@pytest.mark.timeout(900)
def test_the_demo_solves_cartpole(tmp_path: Path) -> None:
    """The policy that reached 475 is in the archive, and plays the same behind an endpoint."""
    demo = subprocess.run(
        [sys.executable, DEMO], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert 0 == demo.returncode, demo.stdout + demo.stderr
    (status,) = LocalPlatform().jobs()
    assert JobState.SUCCEEDED is status.state
    assert status.model_data is not None
    manifest, files = policy(status.model_data)
    assert manifest["evaluation"]["return_mean"] >= SOLVED
    assert 100 == manifest["evaluation"]["episodes"]
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    assert manifest["files"] == digests
    assert (tmp_path / "cartpole.png").read_bytes().startswith(b"\x89PNG")
    assert f"Succeeded {status.name}" in demo.stdout
    assert str(storage.to_path(status.model_data)) in demo.stdout
    for pair in ("endpoint and in process", "endpoint and training", "in process and training"):
        assert f"{pair}: equal in 100 of 100 episodes" in demo.stdout
    assert "predictor.act: " in demo.stdout
    assert [] == LocalPlatform().hosting.endpoints()
    estimator = RLEstimator.attach(status.name)
    best = estimator.jobs[-1].curve().best("evaluation_return_mean")
    assert best is not None
    assert manifest["evaluation"]["return_mean"] == pytest.approx(best.value)

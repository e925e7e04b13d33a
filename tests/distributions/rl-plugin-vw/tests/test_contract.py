"""A toolkit that core never heard of keeps the contract, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlcore.testing import CapturedLog, ShortTraining, ToolkitContract

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def vw(vw_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the toy distribution on the path, here and in every process that is started."""
    monkeypatch.syspath_prepend(vw_path)
    monkeypatch.setenv("PYTHONPATH", str(vw_path))


class TestVW(ToolkitContract):
    """One release, of which no graph is exported."""

    key = "vw"
    logs = (
        CapturedLog(
            version="8.7.0",
            path=HERE / "data/vw-8.7.0.txt",
            metric="average_loss",
            values=(0.5, 0.25),
            steps=(500, 1000),
        ),
    )
    training = ShortTraining(version="8.7.0", entry_point=str(HERE / "data/train.py"))
    cannot = {
        "gpu_images": "Vowpal Wabbit learns on processors",
        "deployment": "it exports no graph that another runtime could serve",
    }

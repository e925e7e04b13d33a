"""The key `sb3.pytorch` keeps the contract of toolkits."""

from __future__ import annotations

from pathlib import Path

from rlcore.testing import CapturedLog, ShortTraining, ToolkitContract

DATA = Path(__file__).parent / "data"
EXAMPLES = Path(__file__).parents[3] / "examples"


class TestStableBaselines3(ToolkitContract):
    """Stable-Baselines3 2.9.2."""

    key = "sb3.pytorch"
    logs = (
        CapturedLog(
            version="2.9.2",
            path=DATA / "sb3-2.9.2-report.txt",
            metric="evaluation_return_mean",
            values=(116.1, 122.1),
            steps=(1000, 3000),
        ),
        CapturedLog(
            version="2.9.2",
            path=DATA / "sb3-2.9.2-table.txt",
            metric="episode_return_mean",
            values=(22.7, 23.6, 26.6),
            steps=(1000, 2000, 3000),
        ),
    )
    training = ShortTraining(
        version="2.9.2",
        entry_point="train.py",
        source_dir=EXAMPLES / "sb3_cartpole",
        hyperparameters={"stop_steps": 2048, "evaluation_episodes": 10},
    )
    cannot = {
        "release_from_image": "its images are AWS's own, in which other software runs too",
        "hashes:2.9.2": "PyTorch's build is chosen where it is installed",
    }

"""The key `coach.mxnet` keeps the contract of toolkits."""

from __future__ import annotations

from pathlib import Path

from rlcore.testing import CapturedLog, ShortTraining, ToolkitContract

EXAMPLES = Path(__file__).parents[3] / "examples"


class TestCoachOnMXNet(ToolkitContract):
    """Coach 0.11 and 0.11.0, which have an image each."""

    key = "coach.mxnet"
    logs = (
        CapturedLog(
            version="0.11.0",
            path=Path(__file__).parent / "data/coach-0.11.0.txt",
            metric="reward-training",
            values=(22, 32, 22, 32, 29, 15, 18, 30),
            steps=(22, 54, 76, 108, 137, 152, 170, 200),
        ),
    )
    training = ShortTraining(
        version="0.11.0",
        entry_point="train.py",
        source_dir=EXAMPLES / "coach_mxnet",
        hyperparameters={
            "improve_steps": 1000,
            "evaluation_episodes": 10,
            "rl.steps_between_evaluation_periods:EnvironmentSteps": 500,
        },
    )

"""The key `coach.tensorflow` keeps the contract of toolkits."""

from __future__ import annotations

from pathlib import Path

from rlcore.testing import CapturedLog, ShortTraining, ToolkitContract

EXAMPLES = Path(__file__).parents[3] / "examples"


class TestCoachOnTensorFlow(ToolkitContract):
    """Coach from 0.10 to 1.0.0."""

    key = "coach.tensorflow"
    logs = (
        CapturedLog(
            version="0.11.1",
            path=Path(__file__).parent / "data/coach-0.11.1.txt",
            metric="reward-training",
            values=(62, 15, 24, 48, 14, 9, 15),
            steps=(62, 77, 101, 149, 163, 172, 219),
        ),
    )
    training = ShortTraining(
        version="0.11.1",
        entry_point="train.py",
        source_dir=EXAMPLES / "coach_tensorflow",
        hyperparameters={
            "improve_steps": 2100,
            "evaluation_episodes": 10,
            "rl.steps_between_evaluation_periods:EnvironmentSteps": 1000,
        },
    )

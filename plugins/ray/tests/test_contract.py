"""Both keys of this plugin keep the contract of toolkits."""

from __future__ import annotations

from pathlib import Path

from rlcore.testing import CapturedLog, ShortTraining, ToolkitContract

DATA = Path(__file__).parent / "data"
EXAMPLES = Path(__file__).parents[3] / "examples"


class TestRayOnPyTorch(ToolkitContract):
    """The current release, and two classic ones."""

    key = "ray.pytorch"
    logs = (
        CapturedLog(
            version="2.60.0",
            path=DATA / "ray-2.60.0-report.txt",
            metric="episode_return_mean",
            values=(23.26582278, 31.5, -1.5e-05),
            steps=(2000, 4000, 8000),
        ),
        CapturedLog(
            version="1.6.0",
            path=DATA / "ray-0.6.5.txt",
            metric="episode_reward_max",
            values=(87, 132),
            steps=(4000, 8000),
        ),
    )
    training = ShortTraining(
        version="2.60.0",
        entry_point="train.py",
        source_dir=EXAMPLES / "cartpole",
        hyperparameters={"stop_steps": 4000, "evaluation_episodes": 10},
    )
    cannot = {
        "release_from_image:2.60.0": "its images are AWS's own, in which other software runs too",
        "hashes:2.60.0": "PyTorch's build is chosen where it is installed",
    }


class TestRayOnTensorFlow(ToolkitContract):
    """Seven classic releases."""

    key = "ray.tensorflow"
    logs = (
        CapturedLog(
            version="0.6.5",
            path=DATA / "ray-0.6.5.txt",
            metric="episode_reward_mean",
            values=(22.662857142857142, 37.91428571428571),
            steps=(4000, 8000),
        ),
    )
    training = ShortTraining(
        version="0.6.5",
        entry_point="train.py",
        source_dir=EXAMPLES / "ray_classic",
        hyperparameters={
            "rl.training.config.num_workers": 1,
            "rl.training.config.train_batch_size": 400,
            "rl.training.stop.timesteps_total": 800,
            "evaluation_episodes": 10,
        },
    )

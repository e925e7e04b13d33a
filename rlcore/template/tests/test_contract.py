"""Everything that a toolkit must keep: a real training, its export and its endpoint included."""

from __future__ import annotations

from pathlib import Path

from rlcore.testing import CapturedLog, ShortTraining, ToolkitContract

HERE = Path(__file__).parent


class TestToolkit(ToolkitContract):
    """The suite of rlcore, for the key `mytoolkit.numpy`."""

    key = "mytoolkit.numpy"
    # FILL IN: lines of a real log, and what is to be read from them.
    logs = (
        CapturedLog(
            version="0.1.0",
            path=HERE / "data/0.1.0.txt",
            metric="episode_return_mean",
            values=(32.875, 95.5, 139.4375),
            steps=(526, 2054, 4285),
        ),
    )

    # FILL IN: a training of a few seconds.
    training = ShortTraining(
        version="0.1.0",
        entry_point="train.py",
        source_dir=HERE.parent / "examples/cartpole",
        hyperparameters={"stop_steps": 2000, "evaluation_episodes": 10},
    )

    # FILL IN: what your toolkit cannot do, and why; everything else is tested.
    cannot = {"release_from_image": "its images are shared with other toolkits"}

"""The script's side of Coach: train a preset, leave a policy that is served without Coach.

    import rlscript_coach

    rlscript_coach.train(preset="preset_cartpole_clippedppo")

For Coach 0.10.1 to 1.0.0 on TensorFlow 1.11 and 1.12, and 0.11.0 on MXNet 1.3, with Python 3.6.
Importing this needs none of them: editors and `pydoc` show it wherever it is installed.
"""

from rlscript_coach.fitness import check_environment
from rlscript_coach.refusals import (
    CheckpointRefused,
    ExportRefused,
    ExportWrong,
    PresetMissing,
    PresetRefused,
    WarmStartRefused,
)
from rlscript_coach.training import train

__all__ = [
    "CheckpointRefused",
    "ExportRefused",
    "ExportWrong",
    "PresetMissing",
    "PresetRefused",
    "WarmStartRefused",
    "check_environment",
    "train",
]

"""The script's side of Stable-Baselines3: train, and leave a policy that is served without it.

    import rlscript
    import rlscript_sb3

    stop = rlscript.StopRule(steps=100000)
    rlscript_sb3.train("PPO", "MlpPolicy", env="CartPole-v1", n_envs=8, stop=stop)

For Stable-Baselines3 and SB3-Contrib from 2.9 on. Importing this needs neither of them nor PyTorch:
editors and `pydoc` show it wherever it is installed.
"""

from rlscript_sb3.fitness import check_environment
from rlscript_sb3.refusals import CheckpointRefused, ExportRefused, ExportWrong, WarmStartRefused
from rlscript_sb3.training import train

__all__ = [
    "CheckpointRefused",
    "ExportRefused",
    "ExportWrong",
    "WarmStartRefused",
    "check_environment",
    "train",
]

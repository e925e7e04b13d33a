"""The script's side of classic RLlib: Ray 0.6.5, 0.8.5 and 1.6.0, on Python 3.6 and later.

    import rlscript_ray.classic

    stop = {"episode_reward_mean": 195}
    rlscript_ray.classic.train("PPO", env="CartPole-v0", config={"num_workers": 0}, stop=stop)

Hyperparameters of the job override what the script gives, in the dotted form of the original's
launchers: `rl.training.config.lr`, `rl.training.stop.timesteps_total`. Importing this needs neither
Ray nor a framework.
"""

from rlscript_ray.classic.releases import CheckpointRefused, ReleaseUnknown
from rlscript_ray.classic.training import train
from rlscript_ray.refusals import ExportRefused, ExportWrong, WarmStartRefused

__all__ = [
    "CheckpointRefused",
    "ExportRefused",
    "ExportWrong",
    "ReleaseUnknown",
    "WarmStartRefused",
    "train",
]

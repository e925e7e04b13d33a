"""The script's side of Ray RLlib: train an `AlgorithmConfig`, leave a policy served without Ray.

    import rlscript
    import rlscript_ray
    from ray.rllib.algorithms.ppo import PPOConfig

    stop = rlscript.StopRule(evaluation_return=475)
    rlscript_ray.train(PPOConfig(), env="CartPole-v1", stop=stop)

For RLlib's current API stack on PyTorch.
"""

from rlscript_ray.learner import WarmStartRefused
from rlscript_ray.refusals import ExportRefused
from rlscript_ray.training import train
from rlscript_ray.verification import ExportWrong

__all__ = ["ExportRefused", "ExportWrong", "WarmStartRefused", "train"]

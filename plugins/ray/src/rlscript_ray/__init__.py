"""The script's side of Ray RLlib: train an `AlgorithmConfig`, leave a policy served without Ray.

    import rlscript
    import rlscript_ray
    from ray.rllib.algorithms.ppo import PPOConfig

    stop = rlscript.StopRule(evaluation_return=475)
    rlscript_ray.train(PPOConfig(), env="CartPole-v1", stop=stop)

For RLlib's current API stack on PyTorch; `rlscript_ray.classic` is for Ray before 2. Importing this
needs neither Ray nor PyTorch: editors and `pydoc` show it wherever it is installed.
"""

from rlscript_ray.fitness import check_environment
from rlscript_ray.refusals import ExportRefused, ExportWrong, WarmStartRefused
from rlscript_ray.training import train

__all__ = ["ExportRefused", "ExportWrong", "WarmStartRefused", "check_environment", "train"]

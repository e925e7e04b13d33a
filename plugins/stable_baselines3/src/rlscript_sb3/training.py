"""Training with SB3 from a plain script."""

from __future__ import annotations

import contextlib
import os
from typing import Any

import rlscript
from rlscript.refusing import explained
from rlscript_sb3.fitness import check_environment
from rlscript_sb3.refusals import EXPLAINED, SettingRefused


def train(  # noqa: PLR0913 - all but two are named at the call
    algorithm: str | type,
    policy: str | type = "MlpPolicy",
    *,
    env: str,
    env_kwargs: dict[str, Any] | None = None,
    n_envs: int = 1,
    normalize: bool | dict[str, Any] = False,
    stop: rlscript.StopRule,
    evaluation: rlscript.EvaluationPlan = rlscript.DEFAULT_EVALUATION,
    seed: int | None = None,
    **settings: Any,
) -> rlscript.Outcome:
    """Train a model of SB3, and leave the best policy in the model folder.

    Progress is reported after each thousand steps, checkpoints are kept, and training goes on from
    where an interrupted job, or the channel `checkpoint` or `model`, left off. The best policy has
    the greatest mean return of a greedy evaluation, the latest of equals. PyTorch uses one thread,
    which small networks are fastest with, unless the variable OMP_NUM_THREADS is set.

    Args:
        algorithm: A2C, DDPG, DQN, PPO, SAC, TD3, or of SB3-Contrib MaskablePPO, QRDQN,
            RecurrentPPO, TRPO: the name, or the class.
        policy: SB3's name of the policy: `MlpPolicy`, `CnnPolicy`, `MultiInputPolicy`, ...
        env: The environment for training and evaluation: a Gymnasium id or `module:factory`.
        env_kwargs: Keyword arguments of the environment.
        n_envs: How many environments run side by side.
        normalize: Whether training goes through `VecNormalize`, or its arguments. What it does to
            observations becomes a part of the exported policy.
        stop: When training ends. `steps` is wanted: SB3's schedules and exploration depend on it.
        evaluation: How many greedy episodes to evaluate, and when.
        seed: Seed of weights, exploration and training environments; None for any.
        **settings: Further arguments of the algorithm's class: `learning_rate`, `n_steps`, ...

    Returns:
        Why training ended, at which step, and the best evaluation's mean return.

    Raises:
        SettingRefused: An argument is unknown or missing, or an algorithm of that name.
        EnvironmentFailed: The environment's module or factory is missing, or makes none.
        CheckpointRefused: The checkpoint to go on from is another algorithm's or network's.
        WarmStartRefused: The weights in the channel `model` do not fit.
        ExportRefused: The policy holds a part that is not exported exactly; told before training.
    """
    with explained(*EXPLAINED):
        steps = _total(stop)
        # SB3 and PyTorch are not there where this is only read.
        from rlscript_sb3.building import Recipe  # noqa: PLC0415

        recipe = Recipe(algorithm, policy, env, env_kwargs or {}, n_envs, normalize, seed, settings)
        with contextlib.closing(recipe.playable()) as environment:
            check_environment(environment)
        _limit_threads()
        return rlscript.train(lambda: recipe.started(steps), recipe.playable, stop, evaluation)


def _total(stop: rlscript.StopRule) -> int:
    if stop.steps is None:
        msg = (
            "stop needs `steps`, beside whatever else it has: SB3's learning rates, clip ranges "
            "and exploration may depend on how much of them is left. As in: "
            "StopRule(steps=100000, evaluation_return=475)"
        )
        raise SettingRefused(msg)
    return stop.steps


def _limit_threads() -> None:
    import torch  # noqa: PLC0415 - likewise

    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(1)

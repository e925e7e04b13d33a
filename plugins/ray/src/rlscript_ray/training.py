"""Training an RLlib algorithm from a plain script."""

import contextlib
from typing import TYPE_CHECKING, Any, Dict, Optional

import rlscript
from rlscript.refusing import explained
from rlscript_ray.refusals import EXPLAINED

if TYPE_CHECKING:
    from ray.rllib.algorithms.algorithm_config import AlgorithmConfig


def train(  # noqa: PLR0913  # all but the first are named at the call
    config: "AlgorithmConfig",
    *,
    env: str,
    env_kwargs: Optional[Dict[str, Any]] = None,
    stop: rlscript.StopRule,
    evaluation: rlscript.EvaluationPlan = rlscript.DEFAULT_EVALUATION,
    seed: Optional[int] = None,
) -> rlscript.Outcome:
    """Train on a Ray cluster of this process's own, and leave the best policy in the model folder.

    Progress is reported after each iteration, checkpoints are kept, and training goes on from
    where an interrupted job, or the channel `checkpoint` or `model`, left off. The best policy has
    the greatest mean return of an evaluation, the latest of equals. Where the config names several
    policies, an episode's return is the sum of its agents', and all policies are in the model.

    Args:
        config: The algorithm and its settings, without an environment.
        env: The environment for training and evaluation: a Gymnasium id or `module:factory`.
        env_kwargs: Keyword arguments of the environment.
        stop: When training ends.
        evaluation: How many greedy episodes to evaluate, and when.
        seed: Seed of weights, exploration and training environments; None for RLlib's choice.

    Returns:
        Why training ended, at which step, and the best evaluation's mean return.

    Raises:
        ValueError: The config names an environment, or keyword arguments, of its own.
        EnvironmentFailed: The environment's module or factory is missing, or makes none.
        WarmStartRefused: The weights in the channel `model` do not fit.
        ExportRefused: The policy holds a part that is not exported exactly; told before training.
    """
    with explained(*EXPLAINED):
        return _train(config, env, env_kwargs or {}, stop, evaluation, seed)


def _train(  # noqa: PLR0913, PLR0917  # likewise
    config: "AlgorithmConfig",
    env: str,
    kwargs: Dict[str, Any],
    stop: rlscript.StopRule,
    evaluation: rlscript.EvaluationPlan,
    seed: Optional[int],
) -> rlscript.Outcome:
    # Ray and PyTorch are not there where this is only read.
    from rlscript_ray.joint import playable  # noqa: PLC0415
    from rlscript_ray.running import prepared, started  # noqa: PLC0415
    from rlscript_ray.signature import require_served  # noqa: PLC0415

    if config.env is not None or config.env_config:
        msg = "the config names the environment {!r} with {!r}; name it once: train(config, {})"
        once = "env=..., env_kwargs=..."
        raise ValueError(msg.format(config.env, config.env_config, once))
    with contextlib.closing(playable(env, kwargs)) as first:
        require_served(first.observation_space)
        require_served(first.action_space)
    ready = prepared(config, env, kwargs, seed)
    return rlscript.train(
        lambda: started(ready, env, kwargs),
        lambda: playable(env, kwargs),
        stop,
        evaluation,
    )

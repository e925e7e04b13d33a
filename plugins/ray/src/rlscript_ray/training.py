"""Training an RLlib algorithm from a plain script."""

import contextlib
from typing import Any, Dict, Iterator, Optional

import torch
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.tune.registry import register_env

import rlscript
from rlscript.environments import is_factory
from rlscript_ray.cluster import private_cluster, quiet_logs
from rlscript_ray.learner import RLlibLearner


def train(  # noqa: PLR0913  # all but the first are named at the call
    config: AlgorithmConfig,
    *,
    env: str,
    env_kwargs: Optional[Dict[str, Any]] = None,
    stop: rlscript.StopRule,
    evaluation: rlscript.EvaluationPlan = rlscript.DEFAULT_EVALUATION,
    seed: Optional[int] = None,
) -> rlscript.Outcome:
    """Train on a Ray cluster of this process's own, and leave the best policy in the model folder.

    Progress is reported after each iteration, checkpoints are kept, and training goes on from
    where an interrupted job, or the channel `checkpoint` or `model`, left off.

    Args:
        config: The algorithm and its settings, without an environment.
        env: The environment for training and evaluation: a Gymnasium id or `module:factory`.
        env_kwargs: Keyword arguments of the environment.
        stop: When training ends.
        evaluation: How many greedy episodes to evaluate, and when.
        seed: Seed of weights, exploration and training environments; None for RLlib's choice.

    Raises:
        ValueError: The config names an environment of its own.
        ExportRefused: The policy holds a part that is not exported exactly; told before training.
    """
    if config.env is not None:
        msg = "the config names the environment {!r}; name it once: train(config, env=...)"
        raise ValueError(msg.format(config.env))
    kwargs = env_kwargs or {}
    rlscript.make_environment(env, kwargs).close()
    prepared = _prepared(config, env, kwargs, seed)

    return rlscript.train(
        lambda: _started(prepared, env, kwargs),
        lambda: rlscript.make_environment(env, kwargs),
        stop,
        evaluation,
    )


@contextlib.contextmanager
def _started(config: AlgorithmConfig, env: str, kwargs: Dict[str, Any]) -> Iterator[RLlibLearner]:
    quiet_logs()
    # One thread trains a small network faster than two.
    torch.set_num_threads(1)
    with private_cluster(_cpus(config)):
        algorithm = config.build_algo()
        try:
            yield RLlibLearner(algorithm, env, kwargs)
        finally:
            algorithm.stop()


def _prepared(
    config: AlgorithmConfig, env: str, kwargs: Dict[str, Any], seed: Optional[int]
) -> AlgorithmConfig:
    prepared = config.copy(copy_frozen=False)
    if is_factory(env):
        # RLlib's own factories take a context; ours take the keyword arguments.
        register_env(env, lambda _: rlscript.make_environment(env, kwargs))
        prepared.environment(env)
    else:
        prepared.environment(env, env_config=kwargs)
    if seed is not None:
        rlscript.seed_everything(seed)
        prepared.debugging(seed=seed)
    return prepared.debugging(log_level="ERROR")


def _cpus(config: AlgorithmConfig) -> int:
    """Return the CPUs that the algorithm's actors take, the main process apart."""
    request = config.algo_class.default_resource_request(config)
    return int(request.required_resources.get("CPU", 0) - config.num_cpus_for_main_process)

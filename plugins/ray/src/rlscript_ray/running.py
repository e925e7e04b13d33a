"""An RLlib algorithm on a cluster of its own, for as long as it trains."""

import contextlib
from typing import Any, Dict, Iterator, Optional

import torch
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.tune.registry import register_env

import rlscript
from rlscript.environments import is_factory
from rlscript_ray.cluster import private_cluster, quiet_logs
from rlscript_ray.learner import RLlibLearner


@contextlib.contextmanager
def started(config: AlgorithmConfig, env: str, kwargs: Dict[str, Any]) -> Iterator[RLlibLearner]:
    """Run Ray and the algorithm for the length of the block, and give its learner."""
    rlscript.announce("starting Ray and building the algorithm")
    quiet_logs()
    # One thread trains a small network faster than two.
    torch.set_num_threads(1)
    with private_cluster(_cpus(config)):
        algorithm = config.build_algo()
        try:
            yield RLlibLearner(algorithm, env, kwargs)
        finally:
            algorithm.stop()


def prepared(
    config: AlgorithmConfig, env: str, kwargs: Dict[str, Any], seed: Optional[int]
) -> AlgorithmConfig:
    """Return a copy of the config with the environment and the seed."""
    made = config.copy(copy_frozen=False)
    if is_factory(env):
        # RLlib's own factories take a context; ours take the keyword arguments.
        register_env(env, lambda _: rlscript.make_environment(env, kwargs))
        made.environment(env)
    else:
        made.environment(env, env_config=kwargs)
    if seed is not None:
        rlscript.seed_everything(seed)
        made.debugging(seed=seed)
    return made.debugging(log_level="ERROR")


def _cpus(config: AlgorithmConfig) -> int:
    """Return the CPUs that the algorithm's actors take, the main process apart."""
    request = config.algo_class.default_resource_request(config)
    return int(request.required_resources.get("CPU", 0) - config.num_cpus_for_main_process)

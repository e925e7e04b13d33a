"""A trainer of classic RLlib on a cluster of its own, for as long as it trains."""

import contextlib
import importlib
from typing import Any, Callable, Dict, Iterator

import rlscript
from rlscript_ray.classic.cluster import private_cluster, quiet_logs
from rlscript_ray.classic.learner import ClassicLearner
from rlscript_ray.classic.releases import default_config, framework
from rlscript_ray.classic.stopping import StopRule
from rlscript_ray.classic.training import Task
from rlscript_ray.refusals import ExportRefused
from rlscript_ray.signature import require_served

# Between the seeds of environments that are played side by side.
_STRIDE = 1000
_SEVERAL = "multiagent"
# They share a gigabyte of noise, which the private cluster has no room for, and act by code of
# their own.
_TENSORFLOW = "TensorFlow"
_EAGER = ("tfe", "tf2")
_STRATEGIES = ("ray.rllib.agents.es.", "ray.rllib.agents.ars.")
# On PyTorch their policies choose actions by code of their own, whatever the config.
_UNTRACED = {"APEX", "APEX_DDPG", "CQL", "DDPG", "DQN", "R2D2", "RNNSACTrainer", "SAC", "TD3"}


@contextlib.contextmanager
def started(task: Task, rule: StopRule) -> Iterator[ClassicLearner]:
    """Run Ray and the trainer for the length of the block, and give its learner."""
    rlscript.announce("starting Ray and building the trainer")
    quiet_logs()
    config = _config(task)
    if task.seed is not None:
        rlscript.seed_everything(task.seed)
    with private_cluster(dict(default_config(task.trainer), **config)):
        _register(task)
        trainer = task.trainer(env=task.env, config=config, logger_creator=_logger)
        try:
            yield ClassicLearner(trainer, task, rule)
        finally:
            trainer.stop()


def require_one_policy(trainer: Any) -> None:
    """Check what is known by a trainer's class alone, before its config is looked at.

    Raises:
        ExportRefused: It is an evolution strategy, or its policy on PyTorch is not translated.
    """
    if trainer.__module__.startswith(_STRATEGIES):
        raise ExportRefused(trainer.__name__, "keeps its policy in no worker of RLlib's")
    if framework() == "torch" and trainer.__name__ in _UNTRACED:
        reason = "chooses its actions on PyTorch by a function of its own"
        raise ExportRefused(trainer.__name__, reason)


def require_playable(task: Task) -> None:
    """Check, before Ray starts, that RLlib plays the environment with one policy.

    Raises:
        EnvironmentFailed: It cannot be made, or has another API than classic RLlib's.
        ExportRefused: TensorFlow is to run eagerly, there are several agents, or a space that
            policies are not served over.
    """
    if task.config.get("eager") or task.config.get("framework") in _EAGER:
        raise ExportRefused(_TENSORFLOW, "is to run eagerly, without a graph to translate")
    several = task.config.get("multiagent") or {}
    if several.get("policy_graphs") or several.get("policies"):
        raise ExportRefused(_SEVERAL, "names several policies, which are not translated")
    made = _playable(task)
    try:
        require_served(made.observation_space)
        require_served(made.action_space)
    finally:
        made.close()


def _playable(task: Task) -> Any:
    """Return a new environment as RLlib takes it, of gym's API before 0.26."""
    gym = importlib.import_module("gym")
    made = task.make()
    inner = getattr(made, "old", None)
    if isinstance(inner, gym.Env):
        return inner
    msg = "the environment {!r} is a {}; this release of Ray plays subclasses of gym.Env whose step"
    rest = " returns four results (gym {})"
    kind = type(made if inner is None else inner).__name__
    raise rlscript.EnvironmentFailed((msg + rest).format(task.env, kind, gym.__version__))


def _register(task: Task) -> None:
    from ray.tune.registry import register_env  # noqa: PLC0415  # starts with Ray

    register_env(task.env, _creator(task.env, task.env_kwargs, task.seed))


def _creator(env: str, kwargs: Dict[str, Any], seed: Any) -> Callable[[Any], Any]:
    """Return what RLlib makes environments with, in this process and in others."""

    def create(context: Any) -> Any:
        made = rlscript.make_environment(env, kwargs).old
        if seed is not None and callable(getattr(made, "seed", None)):
            # Evolution strategies give a plain dictionary.
            place = [getattr(context, name, 0) for name in ("worker_index", "vector_index")]
            made.seed(seed + _STRIDE * place[0] + place[1])
        return made

    return create


def _config(task: Task) -> Dict[str, Any]:
    config = dict({"log_level": "ERROR"}, **task.config)
    if task.seed is not None and "seed" in default_config(task.trainer):
        config["seed"] = task.seed
    return config


def _logger(config: Dict[str, Any]) -> Any:
    """Return a logger of Ray's that writes below the folder which is copied out while it runs."""
    loggers = importlib.import_module("ray.tune.logger")
    folder = rlscript.intermediate_dir() / "training"
    folder.mkdir(parents=True, exist_ok=True)
    kinds = [loggers.JsonLogger, loggers.CSVLogger]
    return loggers.UnifiedLogger(config, str(folder), loggers=kinds)

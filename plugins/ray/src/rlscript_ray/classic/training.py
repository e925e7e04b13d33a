"""Training one of classic RLlib's trainers from a plain script."""

from typing import Any, Dict, Iterable, Mapping, NamedTuple, Optional, Sequence

import rlscript
from rlscript.environments import factory, is_factory, registry
from rlscript.refusing import explained
from rlscript_ray.classic.cluster import letting_go, warn_of_many_workers
from rlscript_ray.classic.configuration import combined
from rlscript_ray.classic.evaluating import evaluate_only, require_policy
from rlscript_ray.classic.hyperparameters import Given, given_values, parse
from rlscript_ray.classic.releases import (
    CheckpointRefused,
    ReleaseUnknown,
    default_config,
    require_converters,
    require_known,
    trainer_class,
    with_framework,
)
from rlscript_ray.classic.stopping import LIMITS, StopRule, evaluation_plan, shortcoming
from rlscript_ray.classic.suggestions import nearest, unknown
from rlscript_ray.refusals import EXPLAINED

_ENV = ("env",)


class Task(NamedTuple):
    """What to train, after the hyperparameters have had their say.

    Attributes:
        trainer: Class of the trainer.
        env: The environment, a gym id or `module:factory`.
        env_kwargs: Its keyword arguments.
        config: The trainer's config, without the environment.
        seed: Seed of weights and environments, None for RLlib's choice.
    """

    trainer: Any
    env: str
    env_kwargs: Dict[str, Any]
    config: Dict[str, Any]
    seed: Optional[int]

    def make(self) -> Any:
        """Return a new environment for an evaluation."""
        return rlscript.make_environment(self.env, self.env_kwargs)


def train(  # noqa: PLR0913  # all but the first are named at the call
    trainer: Any = "PPO",
    *,
    env: Optional[str] = None,
    env_kwargs: Optional[Dict[str, Any]] = None,
    config: Optional[Dict[str, Any]] = None,
    stop: Optional[Mapping[str, float]] = None,
    evaluation: rlscript.EvaluationPlan = rlscript.DEFAULT_EVALUATION,
    seed: Optional[int] = None,
    own: Sequence[str] = (),
) -> rlscript.Outcome:
    """Train on a Ray cluster of this process's own, and leave the best policy in the model folder.

    Hyperparameters override the arguments: `rl.training.run`, `rl.training.env`,
    `rl.training.config.<path>`, `rl.training.stop.<result>`, `rl.training.checkpoint_freq`
    (evaluate and write a checkpoint at every multiple of so many iterations, and at the end),
    `evaluation_episodes`, `seed`. With `evaluate_episodes` nothing is trained: the policy of the
    channel `checkpoint` or `model` plays so many greedy episodes.

    Ray's result is printed after each iteration in Ray's own form; the best policy has the
    greatest mean return of an evaluation, the latest of equals. `result.json` and `progress.csv`
    of Ray are in the folder `training` of the intermediate output.

    Args:
        trainer: The trainer's name, or its class.
        env: The environment for training and evaluation: a gym id or `module:factory`.
        env_kwargs: Keyword arguments of the environment; `config["env_config"]` adds to them.
        config: The trainer's config, as Ray takes it.
        stop: Limits of Ray's results (`{"episode_reward_mean": 195}`), and of
            `evaluation_return_mean`; the first that is reached ends the training.
        evaluation: How many greedy episodes to evaluate, and when.
        seed: Seed of weights and environments; None for RLlib's choice.
        own: Names of hyperparameters that the script reads itself.

    Returns:
        Why training ended, at which step, and the best evaluation's mean return.

    Raises:
        ReleaseUnknown: This Ray is neither 0.6, 0.8.5 nor 1.6.
        HyperparameterError: A hyperparameter, a key of the config or a limit is not known, or no
            environment is named; told before Ray starts.
        EnvironmentFailed: The environment's module or factory is missing, or makes none.
        NothingToStartFrom: There is no policy to evaluate, or a channel holds nothing of the kind.
        CheckpointRefused: The checkpoint to go on from is of another release, trainer or network.
        WarmStartRefused: The weights in the channel `model` do not fit.
        ExportRefused: The policy holds a part that is not exported exactly; told before training.
    """
    with explained(CheckpointRefused, ReleaseUnknown, *EXPLAINED), letting_go():
        given = parse(given_values(), own)
        rule = StopRule(_limits(stop or {}, given))
        if given.evaluate_episodes:
            require_policy()
        name = _environment(given, config or {}, env)
        task = _task(given, trainer, name, env_kwargs or {}, config or {}, seed)
        return _carried_out(task, rule, given, evaluation)


def _carried_out(
    task: Task, rule: StopRule, given: Given, evaluation: rlscript.EvaluationPlan
) -> rlscript.Outcome:
    """Start Ray, and train or only evaluate."""
    # Ray is not there where this is only read.
    from rlscript_ray.classic.running import started  # noqa: PLC0415

    warn_of_many_workers(dict(default_config(task.trainer), **task.config))
    if given.evaluate_episodes:
        return evaluate_only(lambda: started(task, rule), task.make, given.evaluate_episodes)
    if given.evaluation_episodes:
        evaluation = evaluation._replace(episodes=given.evaluation_episodes)
    plan = evaluation_plan(evaluation, given.checkpoint_freq)
    return rlscript.train(lambda: started(task, rule), task.make, rule, plan)


def _limits(stop: Mapping[str, float], given: Given) -> Dict[str, float]:
    """Return the script's limits with the hyperparameters over them.

    Raises:
        HyperparameterError: One of the script's is on no result of Ray's, and would never be met;
            or it is met before anything is learned.
    """
    for name, limit in stop.items():
        if name not in LIMITS:
            what = "limit {!r} of `stop`".format(name)
            raise rlscript.HyperparameterError(unknown(what, name, list(LIMITS)))
        wanted = shortcoming(name, limit)
        if wanted:
            msg = "limit {!r} of `stop` must be {}, but {!r} was given"
            raise rlscript.HyperparameterError(msg.format(name, wanted, limit))
    return dict(stop, **given.stop)


def _environment(given: Given, config: Dict[str, Any], env: Optional[str]) -> str:
    """Return the environment's name, which leads to something: told before Ray is imported.

    Raises:
        HyperparameterError: None is named.
        EnvironmentFailed: The module, its factory or the id is missing.
    """
    name = given.env or given.config.get(_ENV) or config.get("env") or env
    if not name:
        msg = "no environment is named: train(..., env=...), or the hyperparameter rl.training.env"
        raise rlscript.HyperparameterError(msg)
    if is_factory(name):
        factory(name)
        return str(name)
    library = registry()
    try:
        library.spec(name)
    except library.error.Error as cause:
        near = nearest(str(name), _ids(library))
        hint = "; did you mean {!r}?".format(near) if near else ""
        msg = "the environment {!r} cannot be made: {}{}"
        raise rlscript.EnvironmentFailed(msg.format(name, cause, hint)) from cause
    return str(name)


def _ids(library: Any) -> Iterable[str]:
    """Return the ids that gym or Gymnasium knows, whose registry is a dictionary since gym 0.26."""
    found = library.envs.registry
    return map(str, getattr(found, "env_specs", found))


def _task(  # noqa: PLR0913, PLR0917  # one for each that it puts together
    given: Given,
    trainer: Any,
    env: str,
    env_kwargs: Dict[str, Any],
    config: Dict[str, Any],
    seed: Optional[int],
) -> Task:
    """Return what to train; everything that can be wrong with it is told here."""
    from rlscript_ray.classic.running import require_one_policy, require_playable  # noqa: PLC0415

    require_known()
    require_converters()
    found = trainer_class(given.run or trainer)
    require_one_policy(found)
    default = default_config(found)
    whole = combined(dict(default, seed=None, env=None), config, given.config)
    whole.pop("env", None)
    kwargs = dict(env_kwargs, **(whole.pop("env_config", None) or {}))
    seeds = (given.seed, whole.pop("seed", None), seed)
    known = next((each for each in seeds if each is not None), None)
    task = Task(found, env, kwargs, with_framework(whole, default), known)
    require_playable(task)
    return task

"""Hyperparameters in the dotted form of the original's launchers, over what the script gives."""

import json
import os
import sys
from typing import Any, Dict, Iterable, Iterator, NamedTuple, Optional, Sequence, Tuple

from rlscript.settings import HyperparameterError, command_line_values, convert
from rlscript_ray.classic.stopping import LIMITS, shortcoming
from rlscript_ray.classic.suggestions import COMMON, nearest, unknown

_PREFIX = "rl.training."
# Of a run, beside `config.` and `stop.`: what the script gives by an argument of `train`.
_OF_A_RUN = ("run", "env", "checkpoint_freq", "checkpoint_at_end")
# Without a prefix, as the original's scripts and rlcore's others have them.
_PLAIN = ("evaluate_episodes", "evaluation_episodes", "seed")

Path = Tuple[str, ...]


class Given(NamedTuple):
    """What the job's hyperparameters say; what is None or empty is left to the script.

    Attributes:
        run: Name of the trainer.
        env: The environment.
        config: Values by their path in the trainer's config, as they came.
        stop: Limits by the result that they are on.
        checkpoint_freq: Iterations from one checkpoint, and evaluation, to the next.
        evaluate_episodes: Episodes of a run that only evaluates.
        evaluation_episodes: Episodes of each evaluation while training.
        seed: Seed of weights and environments.
    """

    run: Optional[str] = None
    env: Optional[str] = None
    config: Dict[Path, Any] = {}  # noqa: RUF012  # never changed
    stop: Dict[str, float] = {}  # noqa: RUF012  # likewise
    checkpoint_freq: Optional[int] = None
    evaluate_episodes: Optional[int] = None
    evaluation_episodes: Optional[int] = None
    seed: Optional[int] = None


def given_values() -> Dict[str, Any]:
    """Return the job's hyperparameters, or those of the command line (`--rl.training.run PPO`)."""
    if "SM_HPS" in os.environ:
        return dict(json.loads(os.environ["SM_HPS"]))
    return dict(command_line_values(sys.argv[1:]))


def parse(values: Dict[str, Any], own: Sequence[str] = ()) -> Given:
    """Return what hyperparameters mean.

    Args:
        values: Hyperparameters by name; a dictionary stands for the names below its own.
        own: Names that the script reads itself.

    Raises:
        HyperparameterError: A name is not known, or a value has another type. Paths below
            `rl.training.config.` are checked where the trainer's own config is known.
    """
    found = {}  # type: Dict[str, Any]
    config = {}  # type: Dict[Path, Any]
    stop = {}  # type: Dict[str, float]
    for name, value in values.items():
        if name in own:
            continue
        if name in _PLAIN:
            found[name] = convert(name, value, 0) if name == "seed" else _positive(name, value)
            continue
        for path, leaf in _leaves(_path_of(name), value):
            _take(path, leaf, found, config, stop)
    return Given(config=config, stop=stop, **found)


def _path_of(name: str) -> Path:
    """Return the parts of a name after the prefix.

    Raises:
        HyperparameterError: It has another prefix.
    """
    if name.startswith(_PREFIX) and len(name) > len(_PREFIX):
        return tuple(name[len(_PREFIX) :].split("."))
    if name == _PREFIX[:-1]:
        return ()
    meant = _meant(name)
    hint = "; did you mean {!r}?".format(meant) if meant else "."
    msg = "unknown hyperparameter {!r}{} There are {}config.<key of the trainer's config>, "
    rest = ["{}stop.<result>".format(_PREFIX), *(_PREFIX + each for each in _OF_A_RUN), *_PLAIN]
    raise HyperparameterError(msg.format(name, hint, _PREFIX) + ", ".join(rest))


def _meant(name: str) -> Optional[str]:
    """Return the name that was probably meant; the trainer's own config is not known yet."""
    for kind in ("config.", "stop."):
        if kind in name:
            return _PREFIX + kind + name.rpartition(kind)[2]
    whole = dict(
        {each: _PREFIX + "config." + each for each in COMMON},
        **{each: _PREFIX + "stop." + each for each in LIMITS},
    )
    whole.update({each: _PREFIX + each for each in _OF_A_RUN}, **{each: each for each in _PLAIN})
    near = nearest(name, whole)
    return whole[near] if near else None


def _leaves(path: Path, value: Any) -> Iterator[Tuple[Path, Any]]:
    """Yield what a hyperparameter sets, a dictionary's values each by its own path."""
    inner = _decoded(value) if len(path) < 2 else value  # noqa: PLR2004  # above the config's keys
    if isinstance(inner, dict):
        for key, part in inner.items():
            yield from _leaves((*path, str(key)), part)
    else:
        yield path, value


def _decoded(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _take(
    path: Path,
    value: Any,
    found: Dict[str, Any],
    config: Dict[Path, Any],
    stop: Dict[str, float],
) -> None:
    name = _PREFIX + ".".join(path)
    kind, rest = path[0] if path else "", path[1:]
    if kind == "config" and rest:
        config[rest] = value
    elif kind == "stop" and rest:
        stop[_known(name, ".".join(rest), LIMITS)] = _limit(name, rest[-1], value)
    elif kind == "checkpoint_freq" and not rest:
        found[kind] = _positive(name, value)
    elif kind == "checkpoint_at_end" and not rest:
        _require_true(name, value)
    elif kind in {"run", "env"} and not rest:
        found[kind] = convert(name, value, "")
    else:
        shown = ".".join(path)
        _known(name, shown, [*_OF_A_RUN, *("stop." + each for each in LIMITS), "config.<path>"])


def _known(name: str, last: str, allowed: Iterable[str]) -> str:
    known = list(allowed)
    if last in known:
        return last
    raise HyperparameterError(unknown("hyperparameter {!r}".format(name), last, known))


def _limit(name: str, result: str, value: Any) -> float:
    limit = convert(name, value, 0.0)  # type: float
    wanted = shortcoming(result, limit)
    if wanted:
        msg = "hyperparameter {!r} must be {}, but {!r} was given"
        raise HyperparameterError(msg.format(name, wanted, value))
    return limit


def _positive(name: str, value: Any) -> int:
    number = convert(name, value, 0)  # type: int
    if number < 1:
        msg = "hyperparameter {!r} must be 1 at least, but {!r} was given"
        raise HyperparameterError(msg.format(name, value))
    return number


def _require_true(name: str, value: Any) -> None:
    if not convert(name, value, True):  # noqa: FBT003  # the default, whose type it has
        msg = "hyperparameter {!r} cannot be false: a checkpoint is always written at the end"
        raise HyperparameterError(msg.format(name))

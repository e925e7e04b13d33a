"""A trainer's config: what the script and the hyperparameters give, checked against its default.

Ray itself tells an unknown key only once its cluster runs, and takes the text "False" for true.
"""

import copy
import json
import re
from typing import Any, Dict, Tuple

from rlscript.settings import HyperparameterError, convert
from rlscript_ray.classic.suggestions import unknown

# Dictionaries whose keys are the user's, TensorFlow's or an environment's.
_OPEN = {
    "callbacks",
    "custom_model_config",
    "custom_options",
    "custom_resources_per_worker",
    "env_config",
    "evaluation_config",
    "exploration_config",
    "input",
    "local_evaluator_tf_session_args",
    "local_tf_session_args",
    "multiagent",
    "optimizer",
    "tf_session_args",
}
_PREFIX = "rl.training.config."
# Seconds, shares of a device, norms and the like may be fractions, whatever their default is.
_FRACTION = re.compile(r"_time(out|_s)\b|_[cg]pus|^grad_|percentile")
_COUNT = re.compile(r"num_")

Path = Tuple[str, ...]


def combined(
    default: Dict[str, Any], script: Dict[str, Any], given: Dict[Path, Any]
) -> Dict[str, Any]:
    """Return the script's config with the hyperparameters over it.

    Args:
        default: The trainer's own config.
        script: What the script gives, in the trainer's form.
        given: What the hyperparameters give, by path; each is read as the default's type.

    Raises:
        HyperparameterError: A key is not among the trainer's, or a value has another type.
    """
    check_keys(default, script, ())
    config = copy.copy(script)
    for path, value in given.items():
        _set(config, path, _converted(default, path, value))
    return config


def check_keys(default: Dict[str, Any], script: Dict[str, Any], above: Path) -> None:
    """Raise `HyperparameterError` for a key of the script's config that the trainer has not."""
    for key, value in script.items():
        path = (*above, key)
        if key not in default:
            what = "key {!r} of the config".format(".".join(path))
            raise HyperparameterError(unknown(what, key, list(default)))
        inner = default[key]
        if isinstance(value, dict) and isinstance(inner, dict) and _closed(key, inner):
            check_keys(inner, value, path)


def _closed(key: str, default: Dict[str, Any]) -> bool:
    return key not in _OPEN and bool(default)


def _converted(default: Dict[str, Any], path: Path, value: Any) -> Any:
    """Return a hyperparameter's value as the type that the default has at its path."""
    name = _PREFIX + ".".join(path)
    place = default  # type: Any
    for depth, key in enumerate(path):
        if key not in place:
            what = "hyperparameter {!r}".format(name)
            raise HyperparameterError(unknown(what, key, list(place)))
        place = place[key]
        rest = path[depth + 1 :]
        if isinstance(place, dict) and not _closed(key, place):
            return _anything(value) if rest else _dictionary(name, value)
        if rest and not isinstance(place, dict):
            msg = "unknown hyperparameter {!r}: {!r} has nothing below it; its default is {!r}"
            raise HyperparameterError(msg.format(name, key, place))
    if isinstance(place, dict):
        inner = _dictionary(name, value)
        return {key: _converted(default, (*path, key), part) for key, part in inner.items()}
    return _like(name, value, place)


def _like(name: str, value: Any, default: Any) -> Any:
    if callable(default):
        msg = "hyperparameter {!r} is a function, which only the script can give"
        raise HyperparameterError(msg.format(name))
    if isinstance(default, (list, tuple)):
        return convert(name, value, list(default))
    if isinstance(default, int) and not isinstance(default, bool):
        if _is_whole(name.rpartition(".")[2], default):
            return convert(name, value, default)
        return _number(name, value, default)
    if isinstance(default, float):
        return None if _anything(value) is None else convert(name, value, default)
    return convert(name, value, default)


def _is_whole(key: str, default: int) -> bool:
    """Tell whether Ray counts with a value; 0 and 1 may stand for a fraction, -1 for nothing."""
    if _FRACTION.search(key):
        return False
    return default > 1 or (default >= 0 and bool(_COUNT.search(key)))


def _number(name: str, value: Any, default: int) -> Any:
    """Return a whole number or a fraction, a schedule, or None."""
    decoded = _anything(value)
    if decoded is None or isinstance(decoded, list):
        return decoded
    number = convert(name, value, float(default))
    return int(number) if number == int(number) else number


def _dictionary(name: str, value: Any) -> Dict[str, Any]:
    return dict(convert(name, value, {}))


def _anything(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _set(config: Dict[str, Any], path: Path, value: Any) -> None:
    """Put a value at a path, without changing the dictionaries that the script holds."""
    place = config
    for key in path[:-1]:
        inner = place.get(key)
        place[key] = dict(inner) if isinstance(inner, dict) else {}
        place = place[key]
    held = place.get(path[-1])
    if isinstance(value, dict) and isinstance(held, dict):
        place[path[-1]] = dict(held, **value)
    else:
        place[path[-1]] = value

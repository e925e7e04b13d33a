"""A preset with a job's hyperparameters: `rl.agent_params.algorithm.discount` and their like.

Everything in the preset's graph manager can be set by the path that leads to it. All of them are
read and checked before the first is set, so that a wrong one changes nothing.
"""

import difflib
import enum
import json
import os
import sys
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from rlscript.settings import HyperparameterError, command_line_values, convert
from rlscript_coach import values

PREFIX = "rl."
# What the scripts of the original's users call shortly.
ALIASES = {
    "discount": "rl.agent_params.algorithm.discount",
    "evaluation_episodes": "rl.evaluation_steps:EnvironmentEpisodes",
    "improve_steps": "rl.improve_steps",
    "training_epochs": "rl.agent_params.algorithm.optimization_epochs",
}
# Each is an attribute of Settings, with the type of its default.
OWN: Dict[str, Any] = {
    "RLCOACH_PRESET": "",
    "evaluate_episodes": 0,
    "evaluate_steps": 0,
    "save_model": True,
    "seed": 0,
    "stop_return": 0.0,
}
_SHORT = {"vis_params": "visualization_parameters"}
# Where the paths into a graph manager begin that was not yet started, and so all that make sense.
_STEPS = ("evaluation_steps", "heatup_steps", "improve_steps", "steps_between_evaluation_periods")
_HEADS = (
    *_STEPS,
    "agent_params",
    "env_params",
    "name",
    "preset_validation_params",
    "visualization_parameters",
)
# Two that are taken for each other.
_EVALUATIONS = {
    "evaluate_episodes": "episodes of the evaluation of a policy that is not trained",
    "evaluation_episodes": "episodes of each evaluation during training",
}
# A dictionary whose keys are the user's own: keyword arguments of the environment.
_OPEN = "additional_simulator_parameters"


class Settings(NamedTuple):
    """A job's hyperparameters, sorted.

    Attributes:
        paths: Values for the preset's graph manager, by their full names.
        preset: `RLCOACH_PRESET`, as for the rest None where it is not given.
        evaluate_episodes: Episodes of an evaluation.
        evaluate_steps: Environment steps of one.
        save_model: Whether a model is wanted.
        seed: Seed of everything.
        stop_return: Mean return of an evaluation at which training ends.
    """

    paths: Dict[str, Any]
    preset: Optional[str] = None
    evaluate_episodes: Optional[int] = None
    evaluate_steps: Optional[int] = None
    save_model: bool = True
    seed: Optional[int] = None
    stop_return: Optional[float] = None

    @property
    def evaluates_only(self) -> bool:
        """Whether a policy is to be evaluated without being trained."""
        asked = self.evaluate_episodes or self.evaluate_steps
        improves = any(path.partition(":")[0] == "rl.improve_steps" for path in self.paths)
        return bool(asked) and not improves


def read_settings() -> Settings:
    """Return the hyperparameters of this run: of the job, otherwise of the command line.

    Raises:
        HyperparameterError: A name is unknown, or a value has another type.
    """
    if "SM_HPS" in os.environ:
        return sort(json.loads(os.environ["SM_HPS"]))
    return sort(command_line_values(sys.argv[1:]))


def sort(given: Dict[str, Any]) -> Settings:
    """Return hyperparameters by what they are meant for, checked as far as that takes no preset."""
    paths: Dict[str, Any] = {}
    own: Dict[str, Any] = {}
    for name, value in given.items():
        full = ALIASES.get(name, name)
        known = _near_own(name)
        if full.startswith(PREFIX):
            _check(name, full, value)
            paths[full] = value
        elif known is None:
            raise HyperparameterError(_unknown_name(name))
        else:
            own[known.replace("RLCOACH_PRESET", "preset")] = convert(name, value, OWN[known])
    return Settings(paths, **own)


def apply(manager: Any, paths: Dict[str, Any]) -> None:
    """Set values in a graph manager, all of them or none.

    Raises:
        HyperparameterError: A path leads nowhere, or a value has another type than the one there.
    """
    found = [_Place.find(manager, name) for name in paths]
    ready = [(place, place.converted(value)) for place, value in zip(found, paths.values())]
    for place, value in ready:
        place.set(value)


def _check(name: str, full: str, value: Any) -> None:
    """Refuse a path that no preset has, and a value that cannot be read."""
    path, _, kind = full.partition(":")
    head = path[len(PREFIX) :].partition(".")[0]
    if head not in _HEADS and head not in _SHORT:
        raise HyperparameterError(_unknown_path(name, "rl", head, [*_HEADS, *_SHORT]))
    parsed = values.parse(name, value)
    if kind:
        values.typed(name, kind, value)
    elif head in _STEPS and parsed is value:
        values.typed(name, "EnvironmentSteps", value)


class _Place(NamedTuple):
    """Where a path leads: a holder, a key of it, and what is there."""

    name: str
    kind: str
    holder: Any
    key: Any
    present: Any

    @classmethod
    def find(cls, manager: Any, name: str) -> "_Place":
        path, _, kind = name.partition(":")
        parts = path[len(PREFIX) :].split(".")
        parts[0] = _SHORT.get(parts[0], parts[0])
        holder, present = None, manager
        for number, part in enumerate(parts):
            holder = present
            key, present = _inside(name, ".".join(["rl", *parts[:number]]), holder, part, parts)
        return cls(name, kind, holder, key, present)

    def converted(self, value: Any) -> Any:
        if self.kind:
            parsed = values.typed(self.name, self.kind, value)
        else:
            parsed = values.parse(self.name, value)
            if parsed is value:
                return _as(self.name, value, self.present)
        values.require_likeness(self.name, parsed, self.present)
        return values.build(self.name, parsed)

    def set(self, value: Any) -> None:
        if isinstance(self.holder, (dict, list)):
            self.holder[self.key] = value
        else:
            setattr(self.holder, self.key, value)


def _inside(name: str, place: str, holder: Any, part: str, parts: List[str]) -> Tuple[Any, Any]:
    """Return the key of a part of a path, and what is there."""
    if isinstance(holder, dict):
        items: Dict[Any, Any] = dict(holder)
    elif isinstance(holder, list):
        items = dict(enumerate(holder))
    else:
        attributes = getattr(holder, "__dict__", {})
        items = {key: getattr(holder, key) for key in attributes if not key.startswith("_")}
    known = {_text(key): key for key in items}
    if part in known:
        return known[part], items[known[part]]
    if place.endswith(_OPEN) and part == parts[-1]:
        return part, None
    raise HyperparameterError(_unknown_path(name, place, part, list(known)))


def _text(key: Any) -> str:
    """Return a key as a path has it: some of Coach's are classes, or members of enums."""
    if isinstance(key, type):
        return key.__name__
    return str(key.name if isinstance(key, enum.Enum) else key)


def _as(name: str, value: Any, present: Any) -> Any:
    """Return a value as the kind of thing that is there already."""
    kind = type(present).__name__
    if isinstance(present, enum.Enum):
        return _member(name, value, type(present))
    if kind in values.STEPS:
        return values.build(name, values.typed(name, kind, value))
    if kind.endswith("Schedule") and kind in values.TYPES:
        constant = values.typed(name, "ConstantSchedule", convert(name, value, 0.0))
        return values.build(name, constant)
    if type(present) is int and present in (0, 1):
        # Presets write these where any number may stand.
        number = convert(name, value, 0.0)
        return int(number) if number.is_integer() else number
    if present is None or isinstance(present, (bool, int, float, str, list, tuple, dict)):
        return convert(name, value, present)
    msg = "hyperparameter {!r} stands for a {}, which cannot be given as {!r}; set a part of it: {}"
    parts = [key for key in sorted(getattr(present, "__dict__", {})) if not key.startswith("_")]
    raise HyperparameterError(msg.format(name, kind, value, ", ".join(parts) or "it has none"))


def _member(name: str, value: Any, kind: Any) -> Any:
    wanted = str(value).rpartition(".")[2]
    if wanted not in kind.__members__:
        msg = "hyperparameter {!r} must be one of {}, but {!r} was given"
        raise HyperparameterError(msg.format(name, ", ".join(kind.__members__), value))
    return kind[wanted]


def _near_own(name: str) -> Optional[str]:
    """Return the own name that is meant; a command line has no underscores."""
    return next((known for known in OWN if known.lower() == name.lower()), None)


def _unknown_name(name: str) -> str:
    known = sorted([*OWN, *ALIASES])
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = "; did you mean {}?".format(_described(nearest[0])) if nearest else "."
    msg = "unknown hyperparameter {!r}{} There are {}, and paths into the preset, such as {}"
    return msg.format(name, hint, ", ".join(known), ALIASES["discount"])


def _described(known: str) -> str:
    """Return a name to choose, or two that only their meanings tell apart."""
    if known not in _EVALUATIONS:
        return repr(known)
    return ", or ".join("{!r} ({})".format(*each) for each in sorted(_EVALUATIONS.items()))


def _unknown_path(name: str, place: str, part: str, known: List[str]) -> str:
    nearest = difflib.get_close_matches(part, known, n=1)
    hint = "; did you mean {!r}?".format(place + "." + nearest[0]) if nearest else "."
    msg = "hyperparameter {!r}: {} has no {!r}{} It has {}"
    return msg.format(name, place, part, hint, ", ".join(sorted(known)) or "no parts")

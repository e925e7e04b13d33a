"""A run's whole state in a folder: Coach's own checkpoint, and the counters that it leaves out.

What a replay buffer holds is not among them: a resumed run fills it by heating up again, as Coach
itself does.
"""

import json
import numbers
from pathlib import Path
from typing import Any, Dict, Iterator, Tuple

from rlscript.fitting import misfit
from rlscript_coach.refusals import CheckpointRefused
from rlscript_coach.releases import TENSORFLOW, backend, identity

_STATE = "rlcore.json"
# Where Coach notes which checkpoint is the last.
_MARK = ".coach_checkpoint"
_COUNTERS = (
    "current_episode",
    "last_target_network_update_step",
    "last_training_phase_step",
    "total_steps_counter",
    "training_iteration",
)


def save(manager: Any, policy: Any, folder: Path) -> None:
    """Write a checkpoint into a folder."""
    agent = policy.agent
    place = folder / "coach"
    place.mkdir()
    name = "0_Step-{}.ckpt".format(agent.total_steps_counter)
    manager.task_parameters.checkpoint_save_dir = str(place)
    manager.checkpoint_saver.save(manager.sess, str(place / name))
    for level in manager.level_managers:
        level.save_checkpoint(name)
    _backend().save_optimisers(agent.networks, place)
    (place / _MARK).write_text(name)
    state = dict(identity(), name=name, agent=_counters(agent), steps=_steps(manager))
    state["schedules"] = {key: _numbers(each) for key, each in _schedules(agent)}
    state["shapes"] = _shapes(policy)
    (folder / _STATE).write_text(json.dumps(state, indent=2))


def restore(manager: Any, policy: Any, folder: Path) -> None:
    """Go on from a checkpoint.

    Raises:
        CheckpointRefused: It is no checkpoint of Coach's, or of another release, backend or
            network; nothing was restored.
    """
    state = _read(folder)
    _require_fit(state["shapes"], _shapes(policy))
    agent = policy.agent
    place = folder / "coach"
    manager.checkpoint_saver.restore(manager.sess, str(place / state["name"]))
    for level in manager.level_managers:
        level.restore_checkpoint(str(place))
    _backend().restore_optimisers(agent.networks, place)
    for key, value in state["agent"].items():
        setattr(agent, key, value)
    for phase, counter in manager.total_steps_counters.items():
        for kind in counter.counters:
            counter.counters[kind] = state["steps"][phase.name][kind.__name__]
    for key, each in _schedules(agent):
        vars(each).update(state["schedules"].get(key, {}))
        if hasattr(each, "current_schedule_idx"):
            each.current_schedule = each.schedules[each.current_schedule_idx]
    manager.sync()


def _read(folder: Path) -> Dict[str, Any]:
    path = folder / _STATE
    if not path.is_file():
        msg = "{} is no checkpoint of rlscript_coach: it has no {}; it holds {}"
        there = ", ".join(sorted(each.name for each in folder.iterdir())) or "nothing"
        raise CheckpointRefused(msg.format(folder, _STATE, there))
    state = dict(json.loads(path.read_text()))
    here = identity()
    if any(state.get(key) != here[key] for key in here):
        told = "Coach {release} on {backend}"
        msg = "the checkpoint was written by {}, and this is {}: {}"
        advice = "train with the release of the checkpoint, or without the channel 'checkpoint'"
        raise CheckpointRefused(msg.format(told.format(**state), told.format(**here), advice))
    return state


def _require_fit(kept: Dict[str, Any], own: Dict[str, Any]) -> None:
    """Check that a checkpoint is one of the network here: Coach's own restoring tells no names."""
    told = misfit({name: tuple(shape) for name, shape in kept.items()}, own, "checkpoint")
    if told:
        msg = "{} Give the preset that it was trained with, or no checkpoint"
        raise CheckpointRefused(msg.format(told))


def _shapes(policy: Any) -> Dict[str, Any]:
    """Return the shapes of all that a checkpoint keeps in arrays, by names that stay the same."""
    shapes = dict(_backend().shapes(policy.agent.networks))
    for number, each in enumerate(policy.statistics()):
        shapes["filter/{}".format(number)] = tuple(each.mean.shape)
    return shapes


def _backend() -> Any:
    """Return the functions of the backend that is here."""
    if backend() == TENSORFLOW:
        from rlscript_coach import tensorflow_network  # noqa: PLC0415

        return tensorflow_network
    from rlscript_coach import mxnet_network  # noqa: PLC0415

    return mxnet_network


def _counters(agent: Any) -> Dict[str, int]:
    return {name: int(getattr(agent, name)) for name in _COUNTERS}


def _steps(manager: Any) -> Dict[str, Dict[str, int]]:
    return {
        phase.name: {kind.__name__: int(count) for kind, count in counter.counters.items()}
        for phase, counter in manager.total_steps_counters.items()
    }


def _schedules(agent: Any) -> Iterator[Tuple[str, Any]]:
    """Yield what changes over a run, exploration among it, by names that are the same next time."""
    from rl_coach.schedules import Schedule  # noqa: PLC0415  # Coach itself

    exploration = agent.exploration_policy
    inner = getattr(exploration, "continuous_exploration_policy", None)
    for place, holder in (
        ("exploration", exploration),
        ("continuous", inner),
        ("algorithm", agent.ap.algorithm),
    ):
        for key, each in sorted(getattr(holder, "__dict__", {}).items()):
            if isinstance(each, Schedule):
                name = "{}.{}".format(place, key)
                yield name, each
                for number, (part, _) in enumerate(getattr(each, "schedules", ())):
                    yield "{}.{}".format(name, number), part


def _numbers(schedule: Any) -> Dict[str, float]:
    """Return where a schedule is; of several in a row, in which."""
    found = {}
    for key, each in vars(schedule).items():
        if isinstance(each, numbers.Real):
            found[key] = int(each) if isinstance(each, numbers.Integral) else float(each)
    return found

"""`rlscript_coach.train`: a preset in, the shared loop, a policy out."""

from pathlib import Path
from typing import Any, Optional, Tuple

import rlscript
from rlscript.models import MANIFEST, read_model
from rlscript.refusing import explained
from rlscript_coach import hyperparameters
from rlscript_coach.evaluating import evaluate_only, require_policy
from rlscript_coach.hyperparameters import Settings
from rlscript_coach.presets import find_preset, load_preset
from rlscript_coach.refusals import (
    CheckpointRefused,
    ExportRefused,
    PresetMissing,
    PresetRefused,
    WarmStartRefused,
)

_NO_LIMIT = rlscript.StopRule()
# What a person mends who reads the message, which needs no traceback.
_EXPLAINED = (
    CheckpointRefused,
    ExportRefused,
    PresetMissing,
    PresetRefused,
    WarmStartRefused,
    rlscript.ArchiveError,
    rlscript.EnvironmentFailed,
    rlscript.HyperparameterError,
    rlscript.NothingToStartFrom,
)


def train(
    preset: str, *, stop: rlscript.StopRule = _NO_LIMIT, seed: Optional[int] = None
) -> rlscript.Outcome:
    """Train a preset as its schedule says, and leave the best policy in the model folder.

    Progress is printed in Coach's own lines, checkpoints are kept, and training goes on from where
    an interrupted job, or the channel `checkpoint` or `model`, left off. The best policy has the
    greatest mean return of an evaluation, the latest of equals. Coach's tables of episodes go into
    the folder of intermediate output.

    The job's hyperparameters win: `RLCOACH_PRESET`, `seed`, `stop_return`, `improve_steps`,
    `evaluation_episodes`, and everything in the preset by the path to it, such as
    `rl.agent_params.algorithm.discount`. Without `save_model` the model folder is left empty. With
    `evaluate_episodes` or `evaluate_steps`, and without `improve_steps`, the policy of the channel
    `checkpoint` or `model` is evaluated and not trained.

    Args:
        preset: A module of the script's folder with `graph_manager`, or `module:name`.
        stop: When training ends, unless the preset's `improve_steps` are reached before.
        seed: Seed of weights, exploration and environment; None for Coach's choice.

    Returns:
        Why training ended, at which step, and the best evaluation's mean return.

    Raises:
        PresetMissing: There is no such preset.
        PresetRefused: Its schedule lacks a part.
        HyperparameterError: A hyperparameter leads nowhere, or has another type.
        EnvironmentFailed: The preset's environment is missing.
        CheckpointRefused: The checkpoint is of another release, backend or network.
        WarmStartRefused: The weights in the channel `model` do not fit.
        ExportRefused: The policy holds a part that is not exported exactly; told before training.
    """
    with explained(*_EXPLAINED):
        return _train(preset, stop, seed)


def _train(preset: str, stop: rlscript.StopRule, seed: Optional[int]) -> rlscript.Outcome:
    settings = hyperparameters.read_settings()
    manager, schedule, place = _prepared(preset, settings)
    # Coach is not there where this is only read.
    from rlscript_coach.running import started  # noqa: PLC0415
    from rlscript_coach.schedule import SchedulePlan, ScheduleStop  # noqa: PLC0415

    def start() -> Any:
        return started(manager, schedule, place, seed if settings.seed is None else settings.seed)

    if settings.evaluates_only:
        outcome = evaluate_only(start, place.make, settings)
    else:
        rule = ScheduleStop(_rule(stop, settings), schedule)
        outcome = rlscript.train(start, place.make, rule, SchedulePlan(schedule))
    if not settings.save_model:
        _withdraw(rlscript.model_dir())
    return outcome


def _prepared(preset: str, settings: Settings) -> Tuple[Any, Any, Any]:
    """Return the preset's graph manager with the job's hyperparameters, its schedule and place."""
    from rlscript_coach.places import place_of  # noqa: PLC0415
    from rlscript_coach.running import quieten, require_converters  # noqa: PLC0415
    from rlscript_coach.schedule import Schedule, require_schedule  # noqa: PLC0415

    # What can be told without Coach comes first: its backend takes long to load.
    source = find_preset(settings.preset or preset)
    if settings.evaluates_only:
        require_policy()
    elif settings.evaluate_steps:
        msg = "warning: evaluate_steps does nothing beside improve_steps; evaluation_episodes is"
        rlscript.announce(msg + " how many episodes an evaluation during training has")
    require_converters()
    quieten()
    manager = load_preset(source)
    hyperparameters.apply(manager, settings.paths)
    require_schedule(manager)
    return manager, Schedule(manager, settings.evaluate_episodes), place_of(manager)


def _withdraw(folder: Path) -> None:
    """Take the model out of its folder, where the job wants none."""
    for name in read_model(folder):
        (folder / name).unlink()
    (folder / MANIFEST).unlink()
    rlscript.announce("save_model is off: the policy is in the checkpoints alone")


def _rule(stop: rlscript.StopRule, settings: Settings) -> rlscript.StopRule:
    if settings.stop_return is None:
        return stop
    return stop._replace(evaluation_return=settings.stop_return)

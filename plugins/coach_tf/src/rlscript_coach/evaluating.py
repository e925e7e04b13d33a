"""Evaluating a policy of another job's without training it."""

import math
from typing import Any, Callable, ContextManager, Dict, List

import rlscript
from rlscript_coach.hyperparameters import Settings

_TOLD = "evaluates and does not train: evaluate_{} is given, improve_steps is not"


def evaluate_only(
    start: Callable[[], ContextManager[Any]], make: Callable[[], Any], settings: Settings
) -> rlscript.Outcome:
    """Evaluate the policy of the channel `checkpoint` or `model`, and leave it as this job's model.

    Args:
        start: Opens Coach and gives the learner.
        make: Returns a new environment.
        settings: How many episodes, or at least how many steps of them.

    Raises:
        NothingToStartFrom: See `require_policy`.
    """
    rlscript.announce(_TOLD.format("episodes" if settings.evaluate_episodes else "steps"))
    with start() as learner, rlscript.starting_point() as place:
        if place.checkpoint:
            learner.restore(place.checkpoint.folder)
        else:
            learner.warm_start(place.model)
        manifest, files = learner.export()
        manifest = dict(manifest, checkpoint="last", evaluation=None)
        # Where the job is stopped meanwhile, its model is there.
        rlscript.publish_model(rlscript.model_dir(), manifest, files)
        found = _played(learner, make, settings)
        summary: Dict[str, Any] = dict(found.summary(), step=learner.step)
        manifest = dict(manifest, evaluation=summary)
        rlscript.publish_model(rlscript.model_dir(), manifest, files)
        rlscript.report(learner.step, evaluation_return_mean=found.return_mean)
        return rlscript.Outcome("evaluated only", learner.step, found.return_mean)


def require_policy() -> None:
    """Check that there is a policy to evaluate.

    Raises:
        NothingToStartFrom: Neither channel was given, nor has the job a checkpoint of its own.
    """
    msg = (
        "evaluate_episodes and evaluate_steps evaluate a policy without training it: give the "
        "channel 'checkpoint' or 'model'. To train, take evaluation_episodes in their place, "
        "the episodes of each evaluation during training, or add improve_steps"
    )
    rlscript.require_starting_point(msg)


def _played(learner: Any, make: Callable[[], Any], settings: Settings) -> rlscript.Evaluation:
    if settings.evaluate_episodes:
        return learner.evaluate(make, settings.evaluate_episodes)
    wanted = settings.evaluate_steps or 1
    episodes, found = 1, learner.evaluate(make, 1)
    while sum(found.lengths) < wanted:
        # The same seeds again, and more of them: as many as the steps seem to need.
        episodes = max(episodes + 1, math.ceil(wanted * episodes / sum(found.lengths)))
        found = learner.evaluate(make, episodes)
    return _cut(found, wanted)


def _cut(found: rlscript.Evaluation, wanted: int) -> rlscript.Evaluation:
    """Leave out the episodes after the one with the last wanted step."""
    lengths: List[int] = []
    for length in found.lengths:
        if sum(lengths) >= wanted:
            break
        lengths.append(length)
    return found._replace(returns=found.returns[: len(lengths)], lengths=tuple(lengths))

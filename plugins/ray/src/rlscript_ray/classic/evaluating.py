"""Evaluating a policy of another job's without training it."""

from typing import Any, Callable, ContextManager, Dict

import rlscript
from rlscript.models import publish_model


def require_policy() -> None:
    """Check, before Ray is imported, that there is a policy to evaluate.

    Raises:
        NothingToStartFrom: Neither channel was given, nor has the job a checkpoint of its own.
    """
    msg = (
        "evaluate_episodes evaluates a policy without training it: give the channel "
        "'checkpoint' or 'model'. To train, take evaluation_episodes in its place, the "
        "episodes of each evaluation during training"
    )
    rlscript.require_starting_point(msg)


def evaluate_only(
    start: Callable[[], ContextManager[Any]], make: Callable[[], Any], episodes: int
) -> rlscript.Outcome:
    """Play greedy episodes of the policy to start from, and leave it in the model folder.

    Args:
        start: Opens Ray and gives the learner, once it is known that a channel holds a policy.
        make: Returns a new environment.
        episodes: How many episodes.
    """
    with rlscript.starting_point() as place, start() as learner:
        step = 0
        if place.checkpoint:
            step = place.checkpoint.step
            learner.restore(place.checkpoint.folder)
        else:
            learner.warm_start(place.model)
        found = learner.evaluate(make, episodes)
        learner.tell(step, found)
        manifest, files = learner.export()
        summary: Dict[str, Any] = dict(found.summary(), step=step)
        publish_model(
            rlscript.model_dir(), dict(manifest, checkpoint="last", evaluation=summary), files
        )
    return rlscript.Outcome("evaluated {} episodes".format(episodes), step, found.return_mean)

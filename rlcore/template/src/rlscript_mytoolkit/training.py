"""Training from a plain script."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import rlscript

if TYPE_CHECKING:
    from collections.abc import Iterator


def train(
    *,
    env: str,
    env_kwargs: dict[str, Any] | None = None,
    stop: rlscript.StopRule,
    evaluation: rlscript.EvaluationPlan = rlscript.DEFAULT_EVALUATION,
    seed: int = 1,
    **settings: Any,
) -> rlscript.Outcome:
    """Train until the stop rule, and leave the best policy in the model folder.

    Args:
        env: The environment: a Gymnasium id or `module:factory`.
        env_kwargs: Its keyword arguments.
        stop: When training ends.
        evaluation: How many greedy episodes to evaluate, and when.
        seed: Seed of training.
        **settings: Those of the toolkit.

    Returns:
        Why training ended, at which step, and the best evaluation's mean return.

    Raises:
        ValueError: The environment has spaces that policies are not exported over.
    """
    place = {"id": env, "kwargs": env_kwargs or {}, "wrappers": []}

    def make() -> Any:
        return rlscript.make_environment(env, env_kwargs)

    @contextlib.contextmanager
    def start() -> Iterator[rlscript.Learner]:
        from .learner import ToolkitLearner  # noqa: PLC0415 - needs the toolkit

        with contextlib.closing(make()) as environment:
            check_environment(environment)
            yield ToolkitLearner(environment, place, seed, settings)

    return rlscript.train(start, make, stop, evaluation)


def check_environment(environment: Any) -> None:
    """Raise `ValueError` for spaces that policies are not exported over.

    `rlcore check-env` asks this before anything is trained.
    """
    # FILL IN: what your toolkit takes, and what the graph in `export.py` is exact for.
    seen, chosen = environment.observation_space, environment.action_space
    vector = type(seen).__name__ == "Box" and len(seen.shape) == 1
    if not vector or type(chosen).__name__ != "Discrete" or chosen.start != 0:
        msg = f"wanted are a Box with one axis and Discrete from 0, not {seen} and {chosen}"
        raise ValueError(msg)

"""From the arguments of `train` to a model with its environments."""

from __future__ import annotations

import contextlib
import difflib
import inspect
import sys
from typing import TYPE_CHECKING, Any

from stable_baselines3.common.logger import HumanOutputFormat, Logger
from stable_baselines3.common.vec_env import VecEnv, VecNormalize

from rlscript_sb3.algorithms import algorithm_class
from rlscript_sb3.environments import playable, vectorised
from rlscript_sb3.learner import SB3Learner
from rlscript_sb3.probing import random_turns
from rlscript_sb3.refusals import SettingRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMED = {"policy", "env", "seed"}
_FIXED = {"_init_setup_model", "monitor_wrapper", "tensorboard_log"}


class Recipe:
    """How a model and its environments are made."""

    def __init__(  # noqa: PLR0913, PLR0917 - the arguments of `train`
        self,
        algorithm: str | type,
        policy: str | type,
        env: str,
        env_kwargs: dict[str, Any],
        count: int,
        normalize: bool | dict[str, Any],  # noqa: FBT001 - likewise
        seed: int | None,
        settings: dict[str, Any],
    ) -> None:
        self._algorithm = algorithm_class(algorithm)
        self._policy = policy
        self._env = env, env_kwargs
        self._count = count
        self._seed = seed
        self._settings = settings
        self._masked = self._algorithm.__name__ == "MaskablePPO"
        self._check_settings()
        self._normalise = self._normalisation(normalize)

    def playable(self) -> Any:
        """Return a new environment for evaluations."""
        return playable(*self._env, masked=self._masked)

    @contextlib.contextmanager
    def started(self, total_steps: int) -> Iterator[SB3Learner]:
        """Give a learner; its environments are closed at the end."""
        place = dict(zip(("id", "kwargs"), self._env, strict=True))
        environments = vectorised(*self._env, self._count, self._normalise, masked=self._masked)
        with contextlib.closing(environments):
            model = self._model(environments)
            turns = random_turns(self.playable())
            yield SB3Learner(model, self.playable(), place, turns, total_steps)

    def _model(self, environments: VecEnv) -> Any:
        try:
            model = self._algorithm(self._policy, environments, seed=self._seed, **self._settings)
        except (AssertionError, ValueError) as cause:
            # SB3's own checks: of the space of actions, of sizes that do not go together.
            msg = f"{self._algorithm.__name__} cannot be made so: {cause}"
            raise SettingRefused(msg) from cause
        model.set_logger(_logger(model.verbose))
        return model

    def _check_settings(self) -> None:
        if self._count < 1:
            msg = f"n_envs is {self._count}; one environment at least is wanted"
            raise SettingRefused(msg)
        aliases = self._algorithm.policy_aliases
        if isinstance(self._policy, str) and self._policy not in aliases:
            listed = ", ".join(aliases)
            msg = f"{self._algorithm.__name__} has no policy {self._policy!r}; it has {listed}"
            raise SettingRefused(msg)
        _check_names(self._algorithm, self._settings, _NAMED | _FIXED)

    def _normalisation(
        self,
        normalize: bool | dict[str, Any],  # noqa: FBT001 - likewise
    ) -> dict[str, Any] | None:
        """Return the arguments of `VecNormalize`; rewards are discounted as the algorithm does."""
        if not normalize:
            return None
        given = normalize if isinstance(normalize, dict) else {}
        _check_names(VecNormalize, given, {"venv", "training"})
        defaults = inspect.signature(self._algorithm.__init__).parameters
        gamma = self._settings.get("gamma", defaults["gamma"].default)
        return {"gamma": gamma, **given}


def _check_names(made: Any, given: dict[str, Any], ours: set[str]) -> None:
    """Check that a class takes arguments of these names, besides those that are given for it."""
    allowed = sorted(set(inspect.signature(made.__init__).parameters) - {"self"} - ours)
    for name in given:
        if name not in allowed:
            nearest = difflib.get_close_matches(name, allowed, n=1)
            hint = f"; did you mean {nearest[0]!r}?" if nearest else "."
            msg = f"{made.__name__} takes no {name!r} here{hint} Allowed are {', '.join(allowed)}"
            raise SettingRefused(msg)


def _logger(verbose: int) -> Logger:
    """Return where SB3's own table goes: nowhere, or to standard output.

    SB3 makes another one, and a temporary folder, whenever it begins to learn and has none.
    """
    return Logger(None, [HumanOutputFormat(sys.stdout)] if verbose else [])

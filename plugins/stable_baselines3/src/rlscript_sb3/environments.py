"""The environment as SB3 trains on it, and as it is played for an evaluation."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.preprocessing import is_image_space
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv, VecNormalize

import rlscript
from rlscript_sb3.refusals import ExportRefused

_MASK = "action_mask"
_METHOD = "action_masks"


class Masked(gymnasium.Wrapper):
    """Tells which actions are allowed in both ways, whichever of them the environment knows.

    Gymnasium's environments tell it in `info["action_mask"]`, which endpoints' callers find; those
    that were written for SB3-Contrib have a method `action_masks`.
    """

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self._mask: Any = None
        self._method = environment.has_wrapper_attr(_METHOD)

    def reset(self, **kwargs: Any) -> Any:
        """Begin an episode."""
        observation, info = self.env.reset(**kwargs)
        return observation, self._told(info)

    def step(self, action: Any) -> Any:
        """Act."""
        *results, info = self.env.step(action)
        return (*results, self._told(info))

    def action_masks(self) -> np.ndarray:
        """Return which actions are allowed now, as SB3-Contrib asks."""
        return np.asarray(self._mask, bool).reshape(-1)

    def _told(self, info: dict[str, Any]) -> dict[str, Any]:
        if _MASK not in info and self._method:
            info = {**info, _MASK: self.env.get_wrapper_attr(_METHOD)()}
        if _MASK not in info:
            part, msg = type(self.env.unwrapped).__name__, "tells no {!r} in info, and has no {!r}"
            raise ExportRefused(part, msg.format(_MASK, _METHOD))
        self._mask = info[_MASK]
        return info


def playable(env: str, env_kwargs: dict[str, Any], *, masked: bool) -> Any:
    """Return a new environment; one that tells the allowed actions, where they are wanted."""
    made = rlscript.make_environment(env, env_kwargs)
    return Masked(made) if masked else made


def vectorised(
    env: str,
    env_kwargs: dict[str, Any],
    count: int,
    normalise: dict[str, Any] | None,
    *,
    masked: bool,
) -> VecEnv:
    """Return so many environments side by side in this process, for training.

    Args:
        env: The environment.
        env_kwargs: Its keyword arguments.
        count: How many.
        normalise: Arguments of `VecNormalize`, None to go without.
        masked: Whether they tell the allowed actions.

    Raises:
        ExportRefused: Images are to be normalised.
    """
    made = DummyVecEnv([lambda: Monitor(playable(env, env_kwargs, masked=masked))] * count)
    if normalise is None:
        return made
    found = VecNormalize(made, **normalise)
    for space in _normalised(found):
        # It takes their type and bounds from them, by which SB3 knows images.
        if is_image_space(space):
            raise ExportRefused(found, "over images is not translated; name norm_obs_keys")
    return found


def _normalised(wrapper: VecNormalize) -> list[Any]:
    space = wrapper.venv.observation_space
    if not wrapper.norm_obs:
        return []
    keys = wrapper.norm_obs_keys
    return [space] if keys is None else [space.spaces[key] for key in keys]

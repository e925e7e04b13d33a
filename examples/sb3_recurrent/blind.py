"""CartPole without velocities: what moves, and whither, has to be remembered."""

from typing import Any

import gymnasium


class Blind(gymnasium.ObservationWrapper[Any, Any, Any]):
    """Shows the positions of cart and pole alone."""

    def __init__(self, environment: gymnasium.Env[Any, Any]) -> None:
        super().__init__(environment)
        whole: Any = environment.observation_space
        self.observation_space = gymnasium.spaces.Box(whole.low[::2], whole.high[::2])

    def observation(self, observation: Any) -> Any:
        """Return the positions."""
        return observation[::2]


def make() -> gymnasium.Env[Any, Any]:
    """Return the environment."""
    return Blind(gymnasium.make("CartPole-v1"))

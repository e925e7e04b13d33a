"""CartPole without velocities: what moves, and whither, has to be remembered."""

import gymnasium


class Blind(gymnasium.ObservationWrapper):
    """Shows the positions of cart and pole alone."""

    def __init__(self, environment: gymnasium.Env) -> None:
        super().__init__(environment)
        whole = environment.observation_space
        self.observation_space = gymnasium.spaces.Box(whole.low[::2], whole.high[::2])

    def observation(self, observation):  # noqa: ANN001, ANN201 - the interface
        """Return the positions."""
        return observation[::2]


def make() -> gymnasium.Env:
    """Return the environment."""
    return Blind(gymnasium.make("CartPole-v1"))

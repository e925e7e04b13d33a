"""Observations to check an export on: what the environment shows under random actions."""

from typing import Any, List

from rlscript_coach.places import Place

_COUNT = 200


def random_observations(place: Place, count: int = _COUNT) -> List[Any]:
    """Return so many observations of an environment."""
    environment = place.make()
    space = environment.action_space
    if hasattr(space, "seed"):
        space.seed(0)
    seen: List[Any] = []
    done = True
    while len(seen) < count:
        if done:
            observation, _ = environment.reset(seed=len(seen))
            done = False
        else:
            observation, _, terminated, truncated, _ = environment.step(space.sample())
            done = terminated or truncated
        seen.append(observation)
    environment.close()
    return seen

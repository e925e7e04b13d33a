"""An environment tried out with random actions."""

import math
import time
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

# Where in a trajectory, and what was seen there as text.
Place = Tuple[str, str]
SEED = 1000000
_COMPARED_STEPS = 200
_LONGEST = 200  # characters of an observation in a message


def trajectory(make: Callable[[], Any], seed: int, steps: int = _COMPARED_STEPS) -> List[Place]:
    """Return what an environment answers to random actions that are the same for the same seed.

    Each answer has the place, `reset` or `step 3`, and its content as text to compare.
    """
    environment = make()
    actions = _Actions(environment, seed)
    observation, _ = environment.reset(seed=seed)
    seen = [("reset", _text(observation))]
    for step in range(1, steps + 1):
        observation, reward, terminated, truncated, _ = environment.step(actions.next())
        answer = (observation, float(reward), bool(terminated), bool(truncated))
        seen.append(("step {}".format(step), _text(answer)))
        if terminated or truncated:
            # The seed decides how later episodes begin, too.
            observation, _ = environment.reset()
            seen.append(("the reset after step {}".format(step), _text(observation)))
    environment.close()
    return seen


class _Actions:
    """Random actions, the same for the same seed."""

    def __init__(self, environment: Any, seed: int) -> None:
        self._space = environment.action_space
        if callable(getattr(self._space, "seed", None)):
            self._space.seed(seed)

    def next(self) -> Any:
        return self._space.sample()


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return repr(sorted((str(name), _text(part)) for name, part in value.items()))
    if isinstance(value, (list, tuple)):
        return repr([_text(part) for part in value])
    return repr(value.tolist() if hasattr(value, "tolist") else value)


class Run(NamedTuple):
    """What random actions led to.

    Attributes:
        lengths: Steps of the episodes that ended.
        seconds: Time in `reset` and `step` alone.
        troubles: What was wrong with an answer, the first of each kind.
    """

    lengths: List[int]
    seconds: float
    troubles: Dict[str, str]


def random_run(environment: Any, steps: int) -> Run:
    """Take random steps in as many episodes as they make."""
    clock, space = time.perf_counter, environment.observation_space
    actions = _Actions(environment, SEED)
    lengths: List[int] = []
    troubles: Dict[str, str] = {}
    length = 0
    started = clock()
    observation, _ = environment.reset(seed=SEED)
    seconds = clock() - started
    _examine(troubles, space, observation, "the first reset")
    for step in range(1, steps + 1):
        action = actions.next()
        started = clock()
        observation, reward, terminated, truncated, _ = environment.step(action)
        ended = terminated or truncated
        length += 1
        if ended:
            lengths.append(length)
            length = 0
            beginning, _ = environment.reset()
        seconds += clock() - started
        _examine(troubles, space, observation, "step {}".format(step))
        _examine_reward(troubles, reward, step)
        if ended:
            _examine(troubles, space, beginning, "the reset after step {}".format(step))
    return Run(lengths, seconds, troubles)


def _examine(troubles: Dict[str, str], space: Any, seen: Any, where: str) -> None:
    """Note the first observation outside its space."""
    if "observations" in troubles or space.contains(seen):
        return
    kind = getattr(seen, "dtype", type(seen).__name__)
    detail = "the one of {} is no element of {}: {} of type {}"
    shown = _text(seen)[:_LONGEST]
    troubles["observations"] = detail.format(where, " ".join(str(space).split()), shown, kind)


def _examine_reward(troubles: Dict[str, str], reward: Any, step: int) -> None:
    """Note the first reward that is no number."""
    if "rewards" in troubles:
        return
    try:
        finite = math.isfinite(float(reward))
    except (TypeError, ValueError):
        finite = False
    if not finite:
        detail = "the one of step {} is {!r}; a finite number is wanted"
        troubles["rewards"] = detail.format(step, reward)

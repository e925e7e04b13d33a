"""One seed for every source of random numbers that the process has loaded or can load cheaply."""

import contextlib
import random
import sys
from typing import Any, Callable, Iterator, Tuple

# Calls after which an environment that has drawn nothing is trusted to go on so.
_TRIAL = 12


def seed_everything(seed: int) -> None:
    """Seed Python's generator, and numpy's and PyTorch's where the script has imported them.

    Environments are seeded at their reset, by the toolkit and by `evaluate`.
    """
    _seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed Python's and numpy's generators; after the block they go on as if it had not been.

    Some environments draw from them rather than from their own, which `reset` seeds.
    """
    before = _states()
    _seed(seed)
    try:
        yield
    finally:
        _set_states(before)


class Stream:
    """What an episode draws from the global generators: the same, whatever plays beside it.

    To keep them apart takes longer than a step of most environments, which draw nothing from them:
    where the reset and the first steps did not, it ends.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._states = ()  # type: Tuple[Any, ...]
        self._calls = 0
        self._draws = False

    def call(self, function: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """Return what a function of the environment returns."""
        if self._calls >= _TRIAL and not self._draws:
            return function(*given, **named)
        if self._calls:
            _set_states(self._states)
        else:
            _seed(self._seed)
            self._states = _states()
        result = function(*given, **named)
        after = _states()
        self._draws = self._draws or not _equal(self._states, after)
        self._states = after
        self._calls += 1
        return result


def _seed(seed: int) -> None:
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % 2**32)


def _states() -> Tuple[Any, ...]:
    numpy = sys.modules.get("numpy")
    return random.getstate(), numpy.random.get_state() if numpy else None


def _set_states(states: Tuple[Any, ...]) -> None:
    random.setstate(states[0])
    if states[1] is not None:
        sys.modules["numpy"].random.set_state(states[1])


def _equal(one: Tuple[Any, ...], other: Tuple[Any, ...]) -> bool:
    if one[0] != other[0]:
        return False
    if one[1] is None or other[1] is None:
        return one[1] is other[1]
    # Numpy's is a tuple with an array in its second place.
    return bool(one[1][2:] == other[1][2:] and (one[1][1] == other[1][1]).all())

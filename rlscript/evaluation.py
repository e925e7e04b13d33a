"""Greedy episodes on seeds of their own, many at a time."""

import json
import math
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from rlscript.casting import plain
from rlscript.seeding import Stream, seeded

# Training takes its seeds upwards from the script's own, usually a small number.
FIRST_SEED = 1000000
# Gymnasium's environments tell in `info` which actions are allowed (e.g. Taxi-v3).
_MASK = "action_mask"
# So many actions of the first episode tell policies apart where returns do not.
KEPT_ACTIONS = 200


class Turn(NamedTuple):
    """What a policy is asked in one step of one episode.

    Attributes:
        observation: The environment's observation.
        state: What the policy returned in the step before; None at an episode's beginning, and
            always for a policy that keeps none.
        mask: Which actions are allowed, as the environment tells it; None where it does not.
    """

    observation: Any
    state: Any = None
    mask: Any = None


# Answers each turn with the action and the policy's next state.
Act = Callable[[List[Turn]], Sequence[Tuple[Any, Any]]]


class Evaluation(NamedTuple):
    """The outcome of an evaluation.

    Attributes:
        returns: Undiscounted return of each episode, in the order of their seeds.
        lengths: Steps of each episode, likewise.
        actions: The first actions of the first episode, as JSON values; None where nobody kept
            them.
    """

    returns: Tuple[float, ...]
    lengths: Tuple[int, ...]
    actions: Optional[Tuple[Any, ...]] = None

    @property
    def return_mean(self) -> float:
        """The mean of the returns."""
        return math.fsum(self.returns) / len(self.returns)

    def summary(self) -> Dict[str, Any]:
        """Return what a policy's manifest says of its evaluation, as JSON values."""
        summary = {
            "episodes": len(self.returns),
            "greedy": True,
            "first_seed": FIRST_SEED,
            "return_mean": self.return_mean,
            "return_min": min(self.returns),
            "return_max": max(self.returns),
            "returns": list(self.returns),
            "lengths": list(self.lengths),
        }  # type: Dict[str, Any]
        return dict(summary, actions=list(self.actions)) if self.actions else summary


def evaluate(
    act: Act,
    make: Callable[[], Any],
    episodes: int = 100,
    environments: int = 100,
    first_seed: int = FIRST_SEED,
) -> Evaluation:
    """Run greedy episodes, each on its own seed, and return their outcome.

    Episodes run side by side so that `act` answers for many at once. Each seed's episode counts
    exactly once however long it is: the mean does not lean towards short episodes. The global
    generators of Python and numpy are seeded for each episode: an environment that draws from them
    in its reset or its first ten steps plays the same whatever is played beside it. One that begins
    later is not kept apart: its episodes depend on how many run at once. Training goes on as if
    nothing had been played.

    Args:
        act: Answers a list of turns with as many pairs of an action and the next state. As long as
            the first episode runs, its turn is the first.
        make: Returns a new environment with Gymnasium's API: `reset(seed=)`, and five results of
            `step`.
        episodes: How many episodes.
        environments: How many environments at most exist at once.
        first_seed: Seed of the first episode; each further one has the next.

    Raises:
        ValueError: `episodes` or `environments` is less than one.
    """
    if episodes < 1 or environments < 1:
        msg = "an evaluation needs one episode and one environment at least, not {} and {}"
        raise ValueError(msg.format(episodes, environments))
    with seeded(first_seed):
        finished = _played(act, make, range(first_seed, first_seed + episodes), environments)
    finished.sort(key=lambda episode: episode.seed)
    return Evaluation(
        tuple(episode.total for episode in finished),
        tuple(episode.length for episode in finished),
        _kept(finished[0].actions),
    )


def _played(
    act: Act, make: Callable[[], Any], all_seeds: Iterable[int], environments: int
) -> List["_Episode"]:
    seeds = iter(all_seeds)
    # zip asks its first argument first, and a seed that it drew would be lost.
    running = [_Episode(make(), seed) for _, seed in zip(range(environments), seeds)]
    running[0].actions = []
    finished = []  # type: List[_Episode]
    while running:
        answers = act([episode.turn for episode in running])
        for episode, (action, state) in zip(running, answers):
            episode.step(action, state)
        done = [episode for episode in running if episode.done]
        running = [episode for episode in running if not episode.done]
        running += [_Episode(old.environment, seed) for old, seed in zip(done, seeds)]
        finished += done
    _close(finished)
    return finished


class _Episode:
    """One episode under way."""

    def __init__(self, environment: Any, seed: int) -> None:
        self.environment = environment
        self.seed = seed
        self.total = 0.0
        self.length = 0
        self.done = False
        self.actions = None  # type: Optional[List[Any]]
        self._stream = Stream(seed)
        observation, info = self._stream.call(environment.reset, seed=seed)
        self.turn = Turn(observation, None, info.get(_MASK))

    def step(self, action: Any, state: Any) -> None:
        if self.actions is not None and self.length < KEPT_ACTIONS:
            self.actions.append(plain(action))
        played = self._stream.call(self.environment.step, action)
        observation, reward, terminated, truncated, info = played
        self.turn = Turn(observation, state, info.get(_MASK))
        self.total += float(reward)
        self.length += 1
        self.done = bool(terminated or truncated)


def _kept(actions: Optional[List[Any]]) -> Optional[Tuple[Any, ...]]:
    """Return actions for a manifest, None where JSON cannot hold them."""
    try:
        json.dumps(actions, allow_nan=False)
    except (TypeError, ValueError):
        return None
    return tuple(actions or ())


def _close(episodes: List[_Episode]) -> None:
    for environment in {id(e.environment): e.environment for e in episodes}.values():
        environment.close()

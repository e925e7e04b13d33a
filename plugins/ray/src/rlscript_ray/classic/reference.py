"""How classic RLlib itself acts: greedily, from the environment's observation to its action."""

import importlib
from typing import Any, List, NamedTuple, Sequence

import numpy as np

from rlscript_ray.classic.releases import Parts
from rlscript_ray.classic.surroundings import Surroundings

# Where releases keep `clip_action` and `unsquash_action`, the newest first.
_SPACES = (
    "ray.rllib.utils.spaces.space_utils",
    "ray.rllib.utils.space_utils",
    "ray.rllib.policy.policy",
    "ray.rllib.evaluation.sampler",
)


class Answers(NamedTuple):
    """What RLlib answers to a batch.

    Attributes:
        actions: The environment's actions.
        inputs: What the actions' distributions, or the choice between values, start from.
        states: The arrays of the state after the step; none for a policy that keeps none.
    """

    actions: np.ndarray
    inputs: np.ndarray
    states: List[np.ndarray]


class Reference:
    """RLlib's own preprocessor, filter, network and treatment of actions."""

    def __init__(self, parts: Parts, around: Surroundings) -> None:
        self._parts = parts
        self._around = around

    def step(self, observations: Sequence[Any], states: Sequence[np.ndarray]) -> Answers:
        """Return RLlib's greedy answers.

        Args:
            observations: The environment's, one for each row.
            states: The arrays of the state, each with a row for each observation.
        """
        seen = np.stack([self._connected(each) for each in observations])
        actions, inputs, kept = self._computed(seen, states)
        return Answers(self._for_environment(np.asarray(actions)), inputs, list(kept))

    def initial(self, count: int) -> List[np.ndarray]:
        """Return the state of so many rows at the beginning of an episode."""
        initial = self._parts.policy.get_initial_state()
        return [np.stack([np.asarray(part)] * count) for part in initial]

    def _connected(self, observation: Any) -> np.ndarray:
        seen = self._parts.preprocessor.transform(observation)
        return np.asarray(self._parts.filter(seen, update=False))

    def _computed(self, seen: np.ndarray, states: Sequence[np.ndarray]) -> Any:
        policy = self._parts.policy
        if not hasattr(policy, "exploration"):
            return self._computed_before_exploration(seen, states)
        # Ray counts these steps as if they explored.
        counted = getattr(policy, "global_timestep", None)
        actions, kept, extra = policy.compute_actions(seen, list(states), explore=False)
        if counted is not None:
            policy.global_timestep = counted
        inputs = extra.get("q_values")
        if inputs is None:
            inputs = extra["action_dist_inputs"]
        return actions, np.asarray(inputs), [np.asarray(part) for part in kept]

    def _computed_before_exploration(self, seen: np.ndarray, states: Sequence[np.ndarray]) -> Any:
        """Run the network alone: Ray 0.6 has no greedy actions, and samples them."""
        policy = self._parts.policy
        feeds = {policy._obs_input: seen, policy._is_training: False}  # noqa: SLF001
        feeds.update(zip(policy._state_inputs, states))  # noqa: SLF001
        if policy._state_inputs:  # noqa: SLF001
            feeds[policy._seq_lens] = np.ones(len(seen))  # noqa: SLF001
        fetches = [self._around.inputs, *policy._state_outputs]  # noqa: SLF001
        inputs, *kept = policy._sess.run(fetches, feeds)  # noqa: SLF001
        return self._greedy(inputs), inputs, kept

    def _greedy(self, inputs: np.ndarray) -> np.ndarray:
        around = self._around
        if around.law == "gaussian":
            return np.asarray(np.split(inputs, 2, axis=1)[0])
        if around.law == "deterministic":
            return inputs
        if around.law != "categoricals":
            return np.asarray(np.argmax(inputs, axis=1))
        parts = np.split(inputs, np.cumsum(around.action.nvec)[:-1], axis=1)
        return np.stack([np.argmax(part, axis=1) for part in parts], axis=1)

    def _for_environment(self, actions: np.ndarray) -> np.ndarray:
        for name in self._around.steps:
            change = _function(name)
            actions = np.stack([change(action, self._around.action) for action in actions])
        return actions


def _function(name: str) -> Any:
    """Return a function of RLlib's by its name, wherever this release keeps it."""
    for module in _SPACES:
        try:
            found = getattr(importlib.import_module(module), name, None)
        except ImportError:
            continue
        if found is not None:
            return found
    msg = "this release of Ray has no {}"
    raise ImportError(msg.format(name))


def rows(states: Sequence[np.ndarray], names: Sequence[str], count: int) -> List[Any]:
    """Return a state for each row, by name; None for each where there is none."""
    if not names:
        return [None] * count
    kept = list(zip(names, states))
    return [{name: part[row] for name, part in kept} for row in range(count)]


def columns(states: Sequence[Any], names: Sequence[str], initial: List[Any]) -> List[np.ndarray]:
    """Return the arrays of states that are given by row, None being the initial one."""
    found = []
    for index, name in enumerate(names):
        each: List[Any] = [initial[index] if s is None else s[name] for s in states]
        found.append(np.stack(each))
    return found

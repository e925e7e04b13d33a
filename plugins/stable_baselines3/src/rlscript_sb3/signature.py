"""What a policy's graph takes and gives: an observation's arrays, mask, states, noise, action."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from gymnasium import spaces

import rlscript

if TYPE_CHECKING:
    from collections.abc import Sequence

# Others are widened on their way into the graph: ONNX Runtime is fed these everywhere.
_TYPES = (np.float32, np.float64, np.int64, np.int32, np.uint8)
MASK, NOISE, ACTION, CHECK = "mask", "noise", "action", "dist"


class Leaf(NamedTuple):
    """One array of an observation: the graph's input, its key in a dictionary, its space."""

    name: str
    key: str | None
    space: Any

    @property
    def dtype(self) -> Any:
        """The type in which the graph takes it."""
        if not isinstance(self.space, spaces.Box):
            return np.int64
        kept = next((each for each in _TYPES if self.space.dtype == each), None)
        return kept or (np.float32 if self.space.dtype.kind == "f" else np.int64)


class Signature(NamedTuple):
    """A graph's inputs and outputs.

    Attributes:
        observation: The environment's own space of observations.
        action: Likewise of actions.
        leaves: The arrays of an observation.
        mask: How many actions a mask tells of, 0 where the policy takes none.
        states: The shape of one row of each state, by the input's name.
        law: What noise is drawn from, None for a policy that only acts greedily.
        noise: Shape of one row of noise.
    """

    observation: Any
    action: Any
    leaves: tuple[Leaf, ...]
    mask: int
    states: dict[str, tuple[int, ...]]
    law: str | None
    noise: tuple[int, ...]

    @property
    def inputs(self) -> list[str]:
        """The names of the inputs: leaves, mask, states, noise."""
        names = [leaf.name for leaf in self.leaves] + ([MASK] if self.mask else [])
        return [*names, *self.states, *([NOISE] if self.law else [])]

    @property
    def outputs(self) -> list[str]:
        """The names of the outputs; the last is what an action is chosen from."""
        return [ACTION, *map(_next, self.states), CHECK]

    def arrays(self, turns: Sequence[rlscript.Turn]) -> list[np.ndarray]:
        """Return the inputs for greedy actions; a state that is None is the initial one."""
        found = [
            np.stack([np.asarray(part_of(turn.observation, leaf), leaf.dtype) for turn in turns])
            for leaf in self.leaves
        ]
        if self.mask:
            found.append(np.stack([np.asarray(turn.mask, bool).ravel() for turn in turns]))
        for name, shape in self.states.items():
            zeros = np.zeros(shape, np.float32)
            found.append(np.stack([turn.state[name] if turn.state else zeros for turn in turns]))
        if self.law:
            found.append(np.zeros((len(turns), *self.noise), np.float32))
        return found

    def describe(self, graph: str) -> dict[str, Any]:
        """Return the policy as its manifest has it; *graph* is the file's name."""
        inputs: list[dict[str, Any]] = [
            {"name": leaf.name, "path": [] if leaf.key is None else [leaf.key]}
            for leaf in self.leaves
        ]
        if self.mask:
            inputs.append({"name": MASK, "role": "mask", "shape": [self.mask]})
        for name, shape in self.states.items():
            inputs.append({"name": name, "role": "state", "shape": list(shape)})
        if self.law:
            noise = {"role": "noise", "law": self.law, "shape": list(self.noise)}
            inputs.append({"name": NOISE, **noise})
        states = [{"name": _next(name), "role": "state", "of": name} for name in self.states]
        return {
            "graph": graph,
            "observation": rlscript.describe_space(self.observation),
            "action": rlscript.describe_space(self.action),
            "inputs": inputs,
            "outputs": [{"name": ACTION}, *states, {"name": CHECK, "role": "check"}],
        }


def leaves_of(space: Any) -> tuple[Leaf, ...]:
    """Return the arrays of an observation that `check_environment` has let through."""
    if isinstance(space, spaces.Dict):
        return tuple(
            Leaf("observation/" + _escaped(key), key, part) for key, part in space.spaces.items()
        )
    return (Leaf("observation", None, space),)


def part_of(observation: Any, leaf: Leaf) -> Any:
    """Return a leaf of an observation."""
    return observation if leaf.key is None else observation[leaf.key]


def _next(state: str) -> str:
    return "next_" + state


def _escaped(key: str) -> str:
    """Return a key as JSON pointers have it."""
    return key.replace("~", "~0").replace("/", "~1")

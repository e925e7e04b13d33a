"""What a policy's graph takes and gives: an observation's arrays, states, noise, the action."""

import importlib.util
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

import rlscript
from rlscript_ray.refusals import ExportRefused

# Classic releases of Ray come with gym.
_LIBRARY = "gymnasium" if importlib.util.find_spec("gymnasium") else "gym"
spaces: Any = importlib.import_module(_LIBRARY + ".spaces")

# Others are widened on their way into the graph: ONNX Runtime is fed these everywhere.
_TYPES = (np.float32, np.float64, np.int64, np.int32, np.uint8)


class Leaf(NamedTuple):
    """One array of an observation: the graph's input, where it is, its space and its type."""

    name: str
    path: Tuple[Any, ...]
    space: Any
    dtype: Any


class State(NamedTuple):
    """One array of a recurrent state: the graph's input, its output, the shape of one row."""

    name: str
    next_name: str
    shape: Tuple[int, ...]


class Noise(NamedTuple):
    """The graph's noise: its law and the shape of one row."""

    law: str
    shape: Tuple[int, ...]


class Signature(NamedTuple):
    """A graph's inputs in their order: leaves, states, noise; its outputs likewise.

    Attributes:
        observation: The environment's own space of observations.
        action: Likewise of actions.
        leaves: The arrays of an observation.
        states: The arrays of the state; none for a policy that keeps none.
        noise: What it samples with; None for a policy that only acts greedily.
        check: Name of the output from which an action is chosen.
    """

    observation: Any
    action: Any
    leaves: List[Leaf]
    states: List[State]
    noise: Optional[Noise]
    check: str = "dist"

    @property
    def inputs(self) -> List[str]:
        """The names of the inputs."""
        parts = [each.name for each in self.leaves] + [each.name for each in self.states]
        return [*parts, "noise"] if self.noise else parts

    @property
    def outputs(self) -> List[str]:
        """The names of the outputs; the last are the inputs of the action's distribution."""
        return ["action", *(each.next_name for each in self.states), self.check]

    def arrays(self, observations: Sequence[Any], states: Sequence[Any]) -> List[np.ndarray]:
        """Return the inputs for greedy actions; a state that is None is the initial one."""
        found = [
            np.stack([np.asarray(_at(each, leaf.path), leaf.dtype) for each in observations])
            for leaf in self.leaves
        ]
        for part in self.states:
            zeros = np.zeros(part.shape, np.float32)
            found.append(np.stack([zeros if s is None else s[part.name] for s in states]))
        if self.noise:
            found.append(np.zeros((len(observations), *self.noise.shape), np.float32))
        return found

    def next_states(self, outputs: Sequence[np.ndarray], count: int) -> List[Any]:
        """Return the state of each row after the outputs, None where the policy keeps none."""
        if not self.states:
            return [None] * count
        kept = list(zip(self.states, outputs[1:-1]))
        return [{part.name: column[row] for part, column in kept} for row in range(count)]

    def describe(self, graph: str) -> Dict[str, Any]:
        """Return the policy as its manifest has it; *graph* is the file's name."""
        leaves = [{"name": each.name, "path": list(each.path)} for each in self.leaves]
        states = [
            {"name": each.name, "role": "state", "shape": list(each.shape)} for each in self.states
        ]
        following = [
            {"name": each.next_name, "role": "state", "of": each.name} for each in self.states
        ]
        return {
            "graph": graph,
            "observation": rlscript.describe_space(self.observation),
            "action": rlscript.describe_space(self.action),
            "inputs": [*leaves, *states, *self._noise()],
            "outputs": [{"name": "action"}, *following, {"name": self.check, "role": "check"}],
        }

    def _noise(self) -> List[Dict[str, Any]]:
        """Return the noise as a manifest's inputs have it."""
        if not self.noise:
            return []
        law, shape = self.noise.law, list(self.noise.shape)
        return [{"name": "noise", "role": "noise", "law": law, "shape": shape}]


def leaves_of(space: Any) -> List[Leaf]:
    """Return the arrays of an observation, in RLlib's order: dictionaries by their sorted keys.

    Raises:
        ExportRefused: The space is none that policies are served over.
    """
    return [
        Leaf("/".join(["observation", *map(_escaped, path)]), path, part, _type_of(part))
        for path, part in _walk(space, ())
    ]


def require_served(space: Any) -> None:
    """Check that policies are served over a space.

    Raises:
        ExportRefused: They are not: text, graph, sequence, custom.
    """
    for leaf in leaves_of(space):
        try:
            rlscript.describe_space(leaf.space)
        except ValueError as error:
            raise ExportRefused(leaf.space, "is no space that policies are served over") from error


def _walk(space: Any, path: Tuple[Any, ...]) -> Iterator[Tuple[Tuple[Any, ...], Any]]:
    if type(space) is spaces.Dict:
        if not all(isinstance(key, str) for key in space.spaces):
            raise ExportRefused(space, "has keys that are no strings, which JSON does not have")
        for key in sorted(space.spaces):
            yield from _walk(space.spaces[key], (*path, key))
    elif type(space) is spaces.Tuple:
        for index, part in enumerate(space.spaces):
            yield from _walk(part, (*path, index))
    else:
        yield path, space


def _escaped(key: Any) -> str:
    """Return a key as JSON pointers have it, so that no two paths make one name."""
    return str(key).replace("~", "~0").replace("/", "~1")


def _type_of(space: Any) -> Any:
    if isinstance(space, spaces.Box):
        kept = next((each for each in _TYPES if space.dtype == each), None)
        return kept or (np.float32 if np.issubdtype(space.dtype, np.floating) else np.int64)
    return np.int64


def _at(value: Any, path: Tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value

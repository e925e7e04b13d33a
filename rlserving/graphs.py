"""A policy's ONNX graph: fed with many observations at once, whoever asks."""

import os
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from . import columns
from .columns import BadRequest, Leaf
from .manifest import MANIFEST, ManifestError, PolicySpec
from .queries import Query

Feeds = Dict[str, np.ndarray]

_TYPES = {
    "tensor(float16)": np.float16,
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(int8)": np.int8,
    "tensor(uint8)": np.uint8,
    "tensor(bool)": np.bool_,
}
_LAWS = {
    "gumbel": lambda random, shape: random.gumbel(size=shape),
    "normal": lambda random, shape: random.standard_normal(shape),
    "uniform": lambda random, shape: random.random_sample(shape),
}


class Input(NamedTuple):
    """An input of a graph that is no observation.

    Attributes:
        name: Its name.
        shape: Shape of one, without the batch axis.
        dtype: Its numbers' type.
        law: What noise is drawn from.
    """

    name: str
    shape: Tuple[int, ...]
    dtype: np.dtype
    law: str = ""


class Answered(NamedTuple):
    """What a graph answered.

    Attributes:
        outputs: The parts of the actions, as the graph has them.
        kept: The next states by name.
        outside: Which observations were out of bounds; None if none was.
    """

    outputs: List[np.ndarray]
    kept: Dict[str, np.ndarray]
    outside: Optional[np.ndarray]


class Graph:
    """One policy's graph, with all that its inputs and outputs mean."""

    def __init__(self, path: Path, spec: PolicySpec, random: np.random.RandomState) -> None:
        """Load the graph.

        Args:
            path: Its file.
            spec: What the manifest says of it.
            random: What noise without a seed is drawn from.

        Raises:
            ManifestError: The graph has no input or output of a name, or one of an unknown type.
        """
        self._session = _session(path)
        self._random = random
        self._types = _types(self._session, spec)
        known = {leaf.path: leaf for leaf in columns.leaves(spec.observation)}
        self._leaves = [
            (each["name"], self._types[each["name"]], _leaf(each, known))
            for each in spec.inputs_of("observation")
        ]
        self._masks = self._inputs(spec, "mask")
        self._states = self._inputs(spec, "state")
        self._noise = self._inputs(spec, "noise")
        self.actions = spec.outputs_of("action")
        self._kept = [each["of"] for each in spec.outputs_of("state")]
        self._outputs = [each["name"] for each in (*self.actions, *spec.outputs_of("state"))]

    def run(self, group: Sequence[Query], *, strict: bool) -> Answered:
        """Return what the policy answers to all observations of the queries.

        Raises:
            BadRequest: An observation, a mask, a state or a noise does not fit.
            ArithmeticError: The policy answers with what is no number.
        """
        rows = _joined(group, "observations")
        feeds = {}  # type: Feeds
        outside = self._observe(feeds, rows, strict=strict)
        if not self._masks and any(mask is not None for mask in _joined(group, "masks")):
            msg = "the policy takes no mask: it does not know which actions are allowed"
            raise BadRequest(msg)
        for each in self._masks:
            mask = columns.masks(_joined(group, "masks"), each.shape)
            feeds[each.name] = mask.astype(each.dtype)
        if self._states:
            self._continue(feeds, _joined(group, "states"))
        if self._noise:
            self._draw(feeds, group, len(rows))
        outputs = self._session.run(self._outputs, feeds)
        for each in outputs:
            if each.dtype.kind == "f" and not np.isfinite(each).all():
                msg = "the policy answers with what is no number"
                raise ArithmeticError(msg)
        acted = [_counted(each) for each in outputs[: len(self.actions)]]
        return Answered(acted, dict(zip(self._kept, outputs[len(acted) :])), outside)

    def _inputs(self, spec: PolicySpec, role: str) -> List[Input]:
        return [
            Input(
                each["name"],
                tuple(each.get("shape") or self._declared(each["name"])),
                self._types[each["name"]],
                each.get("law", ""),
            )
            for each in spec.inputs_of(role)
        ]

    def _declared(self, name: str) -> Tuple[int, ...]:
        found = next(each for each in self._session.get_inputs() if each.name == name)
        return tuple(found.shape[1:])

    def _observe(self, feeds: Feeds, rows: Sequence[Any], *, strict: bool) -> Optional[np.ndarray]:
        found = None
        for name, dtype, leaf in self._leaves:
            values = [columns.at(row, leaf.path) for row in rows] if leaf.path else rows
            column = leaf.column(values)
            outside = leaf.outside(column)
            if outside is not None:
                if strict:
                    _refuse(leaf, column[outside][0])
                found = outside if found is None else found | outside
            feeds[name] = columns.cast(column, dtype, leaf.name)
        return found

    def _continue(self, feeds: Feeds, states: Sequence[Any]) -> None:
        for each in self._states:
            name = f"the state {each.name!r}"
            zeros = np.zeros(each.shape, each.dtype)
            kept = [
                zeros if state is None else columns.part_of_state(state, each.name, each.shape)
                for state in states
            ]
            column = columns.numbers(kept, each.shape, each.dtype, name, exact=False)
            feeds[each.name] = columns.finite(column, name)

    def _draw(self, feeds: Feeds, group: Sequence[Query], count: int) -> None:
        """Feed noise: as given, drawn with the seed, or zero, which acts greedily."""
        for each in self._noise:
            feeds[each.name] = np.zeros((count, *each.shape), each.dtype)
        start = 0
        for query in group:
            rows = slice(start, start + len(query.observations))
            start = rows.stop
            if query.noise is None and query.deterministic:
                continue
            random = self._random if query.seed is None else np.random.RandomState(query.seed)
            for each in self._noise:
                size = (rows.stop - rows.start, *each.shape)
                given = query.noise is not None
                drawn = self._given(query, each, size) if given else _LAWS[each.law](random, size)
                feeds[each.name][rows] = drawn

    def _given(self, query: Query, each: Input, size: Tuple[int, ...]) -> np.ndarray:
        noise = query.noise
        if len(self._noise) > 1:
            if not isinstance(noise, dict) or each.name not in noise:
                names = ", ".join(repr(part.name) for part in self._noise)
                msg = f"noise must be an object with {names}"
                raise BadRequest(msg)
            noise = noise[each.name]
        values = [noise] if query.single else noise
        if not isinstance(values, list) or len(values) != size[0]:
            msg = "noise must be a list of {}, one for each observation; {} was given"
            raise BadRequest(msg.format(size[0], columns.shown(noise)))
        column = columns.numbers(values, each.shape, each.dtype, "the noise", exact=False)
        return columns.finite(column, "the noise")


def _joined(group: Sequence[Query], field: str) -> Sequence[Any]:
    """Return a field's rows of all queries."""
    if len(group) == 1:
        return getattr(group[0], field)  # type: ignore[no-any-return]
    return [row for query in group for row in getattr(query, field)]


def _counted(output: np.ndarray) -> np.ndarray:
    """Return an action's truth values as numbers, which are what spaces hold."""
    return output.astype(np.int8) if output.dtype.kind == "b" else output


def _refuse(leaf: Leaf, row: np.ndarray) -> None:
    msg = "{} is outside the bounds of its space, from {} to {}: {} was given"
    low, high = columns.shown(leaf.low), columns.shown(leaf.high)
    raise BadRequest(msg.format(leaf.name, low, high, columns.shown(row)))


def _leaf(part: Dict[str, Any], known: Dict[columns.Path, Leaf]) -> Leaf:
    path = tuple(part.get("path") or ())
    if path not in known:
        msg = "{}: the input {!r} has the path {!r}, which the observation lacks; there are {}"
        paths = ", ".join(repr(list(each)) for each in known)
        raise ManifestError(msg.format(MANIFEST, part["name"], list(path), paths))
    return known[path]


def _types(session: Any, spec: PolicySpec) -> Dict[str, np.dtype]:
    """Return the type of each input's numbers."""
    types = {each.name: each.type for each in session.get_inputs()}
    outputs = [each.name for each in session.get_outputs()]
    for what, named, known in (
        ("input", spec.inputs, list(types)),
        ("output", spec.outputs, outputs),
    ):
        for part in named:
            if part["name"] not in known:
                msg = "{} names the {} {!r}, which the graph lacks; it has {}"
                raise ManifestError(msg.format(MANIFEST, what, part["name"], ", ".join(known)))
    unknown = {name: kind for name, kind in types.items() if kind not in _TYPES}
    if unknown:
        msg = "inputs of the graph have types that are not served: {}; allowed are {}"
        raise ManifestError(msg.format(unknown, ", ".join(_TYPES)))
    return {name: np.dtype(_TYPES[kind]) for name, kind in types.items()}


def _session(path: Path) -> Any:
    # Official builds of ONNX Runtime report home unless they find this when they are loaded.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it is no faster here, and what it takes it keeps
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

"""Policies in memory: ask many at once, from a network or from an evaluation."""

import os
from pathlib import Path
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from . import answers, columns, queries
from .columns import BadRequest
from .manifest import Manifest, PolicySpec, read
from .queries import Query, Unsupported

_TYPES = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(uint8)": np.uint8,
    "tensor(bool)": np.bool_,
}
_LAWS = {
    "gumbel": lambda random, shape: random.gumbel(size=shape),
    "normal": lambda random, shape: random.standard_normal(shape),
    "uniform": lambda random, shape: random.random_sample(shape),
}


class Request(NamedTuple):
    """A body, its MIME type, and that of the answer."""

    body: bytes
    content_type: str
    accept: str


class _Answered(NamedTuple):
    """What a graph answered: an action and a state for each row, and which were out of bounds."""

    actions: List[Any]
    states: List[Any]
    outside: np.ndarray


def load(folder: str, strict: bool = False) -> "Policies":
    """Return the policies of a model folder, checked and ready to act.

    Args:
        folder: Where `policy.json` is.
        strict: Whether observations outside the bounds of their space are refused.

    Raises:
        ManifestError: The manifest is wrong, or a file is missing or another.
    """
    return Policies(Path(folder), read(Path(folder)), strict)


class Policies:
    """The policies of a model.

    Attributes:
        manifest: What the model says of itself.
        names: Names of the policies.
    """

    def __init__(self, folder: Path, manifest: Manifest, strict: bool) -> None:
        self.manifest = manifest
        self.names = tuple(manifest.policies)
        self._strict = strict
        self._graphs = {
            name: _Graph(folder / spec.graph, spec) for name, spec in manifest.policies.items()
        }

    def act(
        self,
        turns: Sequence[Any],
        policy: Optional[str] = None,
        agent: Optional[str] = None,
        deterministic: bool = True,
    ) -> List[Tuple[Any, Any]]:
        """Return an action of the environment and the policy's next state for each turn.

        Args:
            turns: Things with `observation`, `state` and `mask`, as `rlscript.Turn`.
            policy: Name of the policy, where there are several.
            agent: The agent that asks; the manifest knows its policy.
            deterministic: Whether the likeliest action is wanted, rather than a sample.

        Raises:
            BadRequest: An observation, a state or a mask does not fit.
        """
        try:
            name = self.manifest.policy_of(policy, agent)
        except ValueError as error:
            raise BadRequest(str(error)) from error
        query = Query(
            name,
            [turn.observation for turn in turns],
            [turn.mask for turn in turns],
            [turn.state for turn in turns],
            deterministic=deterministic,
        )
        found = self._graphs[name].run([query], self._strict)
        return list(zip(found.actions, found.states))

    def respond(self, requests: Sequence[Request]) -> List[answers.Answer]:
        """Answer requests in their order; those that ask the same policy go through it at once.

        A request that cannot be answered gets an error of its own, and spoils no other.
        """
        found = [None] * len(requests)  # type: List[Any]
        asked = {}  # type: Dict[str, List[Tuple[int, Query]]]
        for index, request in enumerate(requests):
            try:
                query = queries.read_query(self.manifest, *request)
            except BadRequest as error:
                found[index] = answers.refusal(400, str(error))
            except Unsupported as error:
                found[index] = answers.refusal(error.status, str(error))
            else:
                asked.setdefault(query.policy, []).append((index, query))
        for name, group in asked.items():
            answered = self._answers(self._graphs[name], [query for _, query in group])
            for (index, _), answer in zip(group, answered):
                found[index] = answer
        return found

    def _answers(self, graph: "_Graph", group: List[Query]) -> List[answers.Answer]:
        try:
            return _written(group, graph.run(group, self._strict))
        except BadRequest as error:
            if len(group) == 1:
                return [answers.refusal(400, str(error))]
        except ArithmeticError as error:
            if len(group) == 1:
                return [answers.refusal(500, str(error))]
        # One of them is at fault: alone, each gets what it deserves.
        return [self._answers(graph, [query])[0] for query in group]


def _written(group: List[Query], found: _Answered) -> List[answers.Answer]:
    actions = [_plain(action) for action in found.actions]
    states = [_plain(state) for state in found.states]
    written, start = [], 0
    for query in group:
        rows = slice(start, start + len(query.observations))
        outside = int(found.outside[rows].sum())
        written.append(answers.write(query, actions[rows], states[rows], outside))
        start = rows.stop
    return written


def _plain(value: Any) -> Any:
    """Return an action or a state as JSON values."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value


class _Graph:
    """One policy's graph, with all that its inputs and outputs mean."""

    def __init__(self, path: Path, spec: PolicySpec) -> None:
        self._session = _session(path)
        self._types = {each.name: _TYPES[each.type] for each in self._session.get_inputs()}
        leaves = {leaf.path: leaf for leaf in columns.leaves(spec.observation)}
        self._leaves = [
            (each["name"], leaves[tuple(each["path"])]) for each in spec.inputs_of("observation")
        ]
        self._mask = next(iter(spec.inputs_of("mask")), None)
        self._states = spec.inputs_of("state")
        self._noise = spec.inputs_of("noise")
        self._actions = spec.outputs_of("action")
        next_states = spec.outputs_of("state")
        self._outputs = [each["name"] for each in (*self._actions, *next_states)]
        self._kept = [each["of"] for each in next_states]

    def run(self, group: List[Query], strict: bool) -> _Answered:
        """Return actions and next states for all rows of the queries.

        Raises:
            BadRequest: An observation, a mask, a state or a noise does not fit.
            ArithmeticError: The policy answers with what is no number.
        """
        rows = [row for query in group for row in query.observations]
        if not rows:
            raise BadRequest("there is no observation")
        feeds, outside = self._observed(rows)
        if strict and outside.any():
            msg = "an observation is outside the bounds of its space: {}"
            raise BadRequest(msg.format(columns.shown(rows[int(np.argmax(outside))])))
        if self._mask:
            given = [mask for query in group for mask in query.masks]
            self._feed(feeds, self._mask["name"], columns.masks(given, _shape(self._mask)))
        if self._states:
            self._continue(feeds, [state for query in group for state in query.states])
        for each in self._noise:
            self._feed(feeds, each["name"], np.concatenate([_noise(each, q) for q in group]))
        return self._answered(self._session.run(self._outputs, feeds), outside)

    def _feed(self, feeds: Dict[str, np.ndarray], name: str, column: np.ndarray) -> None:
        feeds[name] = column.astype(self._types[name], copy=False)

    def _observed(self, rows: Sequence[Any]) -> Tuple[Dict[str, np.ndarray], np.ndarray]:
        feeds = {}  # type: Dict[str, np.ndarray]
        outside = np.zeros(len(rows), bool)
        for name, leaf in self._leaves:
            values = [columns.at(row, leaf.path) for row in rows] if leaf.path else rows
            column = leaf.column(values)
            self._feed(feeds, name, column)
            # Compared as the space has them: a bound written in more digits is no less.
            outside |= leaf.outside(feeds[name])
        return feeds, outside

    def _continue(self, feeds: Dict[str, np.ndarray], states: Sequence[Any]) -> None:
        for each in self._states:
            shape = _shape(each)
            zeros = np.zeros(shape, self._types[each["name"]])
            kept = [zeros if state is None else columns.state(state, each) for state in states]
            column = columns.numbers(kept, shape, "biuf", "the state {!r}".format(each["name"]))
            self._feed(feeds, each["name"], column)

    def _answered(self, outputs: List[np.ndarray], outside: np.ndarray) -> _Answered:
        for each in outputs:
            if each.dtype.kind == "f" and not np.isfinite(each).all():
                raise ArithmeticError("the policy answers with what is no number")
        acted = outputs[: len(self._actions)]
        actions = _assembled(self._actions, acted) if "path" in self._actions[0] else list(acted[0])
        kept = list(zip(self._kept, outputs[len(self._actions) :]))
        states = [
            {name: column[row] for name, column in kept} if kept else None
            for row in range(len(actions))
        ]  # type: List[Any]
        return _Answered(actions, states, outside)


def _session(path: Path) -> Any:
    # Official builds of ONNX Runtime report home unless they find this when they are loaded.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _shape(part: Dict[str, Any]) -> Tuple[int, ...]:
    return tuple(part["shape"])


def _noise(part: Dict[str, Any], query: Query) -> np.ndarray:
    shape = _shape(part)
    if query.noise is not None:
        column = columns.numbers(query.noise, shape, "iuf", "the noise")
        if len(column) != len(query.observations):
            raise BadRequest("noise must be a list with a row for each observation")
        return column
    size = (len(query.observations), *shape)
    if query.deterministic:
        return np.zeros(size, np.float32)
    return _LAWS[part["law"]](np.random.RandomState(query.seed), size)


def _assembled(parts: Iterable[Dict[str, Any]], outputs: Sequence[np.ndarray]) -> List[Any]:
    """Return actions of several parts, each at its path: dictionaries, or lists for numbers."""
    actions = [{} for _ in outputs[0]]  # type: List[Any]
    for part, column in zip(parts, outputs):
        for action, value in zip(actions, column):
            for key in part["path"][:-1]:
                action = action.setdefault(key, {})
            action[part["path"][-1]] = value
    return [_listed(action) for action in actions]


def _listed(action: Any) -> Any:
    """Return the dictionaries of tuples, whose keys are numbers, as lists."""
    if not isinstance(action, dict):
        return action
    if all(isinstance(key, int) for key in action):
        return [_listed(action[key]) for key in sorted(action)]
    return {key: _listed(part) for key, part in action.items()}

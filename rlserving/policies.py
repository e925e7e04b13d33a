"""Policies in memory: ask many at once, from a network or from an evaluation."""

import sys
import traceback
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from . import answers
from .answers import Rows
from .bodies import Unsupported
from .columns import BadRequest
from .frames import Answer, Request, refusal
from .graphs import Answered, Graph
from .manifest import Manifest, read
from .queries import Query, Reader


def load(folder: str, strict: bool = False) -> "Policies":  # noqa: FBT001, FBT002 - by position
    """Return the policies of a model folder, checked and ready to act.

    Args:
        folder: Where `policy.json` is.
        strict: Whether observations outside the bounds of their space are refused.

    Raises:
        ManifestError: The manifest is wrong, or a file is missing or another.
    """
    return Policies(Path(folder), read(Path(folder)), strict=strict)


class Policies:
    """The policies of a model.

    Attributes:
        manifest: What the model says of itself.
        names: Names of the policies.
        batches: Whether several requests may come at once.
    """

    batches = True

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        *,
        strict: bool = False,
        random: Optional[np.random.RandomState] = None,
    ) -> None:
        """Load the policies.

        Args:
            folder: Where their files are.
            manifest: What `policy.json` says.
            strict: Whether observations outside the bounds of their space are refused.
            random: What noise without a seed is drawn from.
        """
        self.manifest = manifest
        self.names = tuple(manifest.policies)
        self._strict = strict
        self._reader = Reader(manifest)
        random = random or np.random.RandomState()
        self._graphs = {
            name: Graph(folder / spec.graph, spec, random)
            for name, spec in manifest.policies.items()
        }

    def act(
        self,
        turns: Sequence[Any],
        policy: Optional[str] = None,
        agent: Optional[str] = None,
        *,
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
        if not turns:
            return []
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
        graph = self._graphs[name]
        found = graph.run([query], strict=self._strict)
        actions = _assembled(graph.actions, [list(each) for each in found.outputs])
        kept = {each: list(column) for each, column in found.kept.items()}
        return list(zip(actions, _states(kept, len(actions))))

    def respond(self, requests: Sequence[Request]) -> List[Answer]:
        """Answer requests in their order; those that ask the same policy go through it at once.

        A request that cannot be answered gets an error of its own, and spoils no other.
        """
        found = [None] * len(requests)  # type: List[Any]
        asked = {}  # type: Dict[str, List[Tuple[int, Query]]]
        for index, request in enumerate(requests):
            try:
                query = self._reader.read(request)
            except Exception as error:  # noqa: BLE001 - whatever it is, the others are answered
                found[index] = _refused(error)
            else:
                asked.setdefault(query.policy, []).append((index, query))
        for name, group in asked.items():
            answered = self._answers(self._graphs[name], [query for _, query in group])
            for (index, _), answer in zip(group, answered):
                found[index] = answer
        return found

    def _answers(self, graph: Graph, group: Sequence[Query]) -> List[Answer]:
        try:
            return _written(graph, group, graph.run(group, strict=self._strict))
        except Exception as error:  # noqa: BLE001 - whatever it is, the endpoint goes on serving
            if len(group) == 1:
                return [_refused(error)]
        # One of them is at fault: alone, each gets what it deserves.
        return [self._answers(graph, [query])[0] for query in group]


def _refused(error: Exception) -> Answer:
    if isinstance(error, BadRequest):
        return refusal(400, str(error))
    if isinstance(error, Unsupported):
        return refusal(error.status, str(error))
    traceback.print_exc(file=sys.stderr)
    return refusal(500, f"{type(error).__name__}: {error}")


def _written(graph: Graph, group: Sequence[Query], found: Answered) -> List[Answer]:
    actions = _assembled(graph.actions, [each.tolist() for each in found.outputs])
    kept = {name: column.tolist() for name, column in found.kept.items()}
    states = _states(kept, len(actions))
    dtype = found.outputs[0].dtype if "path" not in graph.actions[0] else None
    written, start = [], 0
    for query in group:
        end = start + len(query.observations)
        outside = 0 if found.outside is None else int(found.outside[start:end].sum())
        rows = Rows(actions[start:end], states[start:end], outside, dtype)
        written.append(answers.write(query, rows))
        start = end
    return written


def _states(kept: Dict[str, List[Any]], count: int) -> List[Any]:
    """Return a state for each row; None for each where there is none."""
    if not kept:
        return [None] * count
    return [{name: column[row] for name, column in kept.items()} for row in range(count)]


def _assembled(parts: Sequence[Dict[str, Any]], outputs: Sequence[List[Any]]) -> List[Any]:
    """Return an action for each row: of several parts, dictionaries, or tuples for numbers."""
    if "path" not in parts[0]:
        return outputs[0]
    actions = [{} for _ in outputs[0]]  # type: List[Any]
    for part, column in zip(parts, outputs):
        for action, value in zip(actions, column):
            place = action
            for key in part["path"][:-1]:
                place = place.setdefault(key, {})
            place[part["path"][-1]] = value
    return [_tuples(action) for action in actions]


def _tuples(action: Any) -> Any:
    """Return the dictionaries whose keys are numbers as tuples."""
    if not isinstance(action, dict):
        return action
    if all(isinstance(key, int) for key in action):
        return tuple(_tuples(action[key]) for key in sorted(action))
    return {key: _tuples(part) for key, part in action.items()}

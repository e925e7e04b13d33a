"""What a request asks of which policy."""

import difflib
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .bodies import CSV, answer_kind, decode, kind_of
from .columns import BadRequest, at, leaves, shown
from .frames import JSON, Request
from .manifest import Manifest

_SINGULAR = {"observation": "observations", "mask": "masks", "state": "states"}
_LISTS = ("observations", "instances")
_OPTIONS = ("noise", "deterministic", "seed", "policy", "agent")
_KEYS = (*_SINGULAR, *_SINGULAR.values(), *_OPTIONS, "instances")
_KNOWN = frozenset(_KEYS)
_SEEDS = 2**32  # as many as numpy's generator knows


class Query(NamedTuple):
    """What one request asks.

    Attributes:
        policy: Name of the policy.
        observations: One for each row of the answer.
        masks: The allowed actions, likewise; None where the environment tells none.
        states: What the last answer gave back, likewise; None at the beginning of an episode.
        noise: What to sample with, likewise; by input where there are several. None for none.
        deterministic: Whether the likeliest action is wanted.
        seed: Seed of the noise; None for any.
        single: Whether the answer is one value, not a list of them.
        form: How the answer is wrapped: `object`, `list` or `predictions`.
        kind: MIME type of the answer.
    """

    policy: str
    observations: Sequence[Any]
    masks: Sequence[Any]
    states: Sequence[Any]
    noise: Any = None
    deterministic: bool = True
    seed: Optional[int] = None
    single: bool = False
    form: str = "object"
    kind: str = JSON


class Reader:
    """Parses requests to the policies of a manifest."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._layouts = {
            name: _Layout(policy.observation) for name, policy in manifest.policies.items()
        }

    def read(self, request: Request) -> Query:
        """Parse a request.

        Raises:
            BadRequest: The body is not what it says, or does not fit.
            Unsupported: Its type, or the one that the answer is to have, is unknown.
        """
        kind = kind_of(request.content_type)
        answer = answer_kind(request.accept, kind)
        value = decode(request.body, kind)
        if isinstance(value, dict):
            return self._object(value, answer)
        name = _policy(self._manifest, {})
        layout = self._layouts[name]
        if kind == CSV:
            rows, single = layout.of_cells(value), False
        else:
            rows, single = layout.rows(value)
        nothing = [None] * _count(rows)
        return Query(name, rows, nothing, nothing, single=single, form="list", kind=answer)

    def _object(self, given: Dict[str, Any], answer: str) -> Query:
        _check_keys(given)
        name = _policy(self._manifest, given)
        if "observation" in given:
            observations, single = self._layouts[name].rows(given["observation"])
        else:
            observations, single = _list(given, _LISTS["instances" in given]), False
        count = _count(observations)
        return Query(
            name,
            observations,
            _beside(given, "mask", count, single=single),
            _beside(given, "state", count, single=single),
            given.get("noise"),
            _flag(given),
            _seed(given),
            single,
            "predictions" if "instances" in given else "object",
            answer,
        )


class _Layout:
    """Tells a single observation of a space from a batch."""

    def __init__(self, space: Dict[str, Any]) -> None:
        self._space = space
        self._leaves = tuple(leaves(space))
        self._plain = not self._leaves[0].path

    def rows(self, given: Any) -> Tuple[Sequence[Any], bool]:
        """Return the observations in a value, and whether it is a single one.

        A batch is a list of observations, or an array or, for observations of several parts, the
        same structure of arrays. Where a list can be read as either, it is one of observations.
        """
        if self._plain:
            single = _rank(given) <= len(self._leaves[0].shape)
            return ([given], True) if single else (given, False)
        listed = isinstance(given, list) and given
        if listed and (self._space["type"] != "Tuple" or self._fits(given[0], 0)):
            return given, False
        if self._fits(given, 1):
            return self._transposed(given), False
        return [given], True

    def of_cells(self, lines: List[List[Any]]) -> Sequence[Any]:
        """Return the observations in lines of a table.

        Raises:
            BadRequest: They have another number of cells than an observation has.
        """
        if not self._plain:
            msg = "an observation of several parts does not fit into {}; ask with {}"
            raise BadRequest(msg.format(CSV, JSON))
        shape = self._leaves[0].shape
        size = int(np.prod(shape))
        for line in lines:
            if len(line) != size:
                msg = "a line must have {} cells, an observation of the shape {}; one has {}"
                raise BadRequest(msg.format(size, list(shape), len(line)))
        return lines if len(shape) == 1 else [np.reshape(line, shape) for line in lines]

    def _fits(self, given: Any, axes: int) -> bool:
        """Tell whether each part has its rank, and so many axes before."""
        try:
            ranks = [_rank(at(given, leaf.path)) for leaf in self._leaves]
        except BadRequest:
            return False
        return ranks == [len(leaf.shape) + axes for leaf in self._leaves]

    def _transposed(self, given: Any) -> Sequence[Any]:
        lengths = {len(at(given, leaf.path)) for leaf in self._leaves}
        if len(lengths) > 1:
            msg = "the parts of the observations must be of one length, not {}"
            raise BadRequest(msg.format(sorted(lengths)))
        return [_row(self._space, given, index) for index in range(lengths.pop())]


def _row(space: Dict[str, Any], given: Any, index: int) -> Any:
    parts = space.get("spaces")
    if isinstance(parts, dict):
        return {key: _row(part, given[key], index) for key, part in parts.items()}
    if isinstance(parts, list):
        return [_row(part, given[key], index) for key, part in enumerate(parts)]
    return given[index]


def _rank(value: Any) -> int:
    rank = 0
    while isinstance(value, (list, tuple)):
        rank += 1
        value = value[0] if value else None
    return rank + getattr(value, "ndim", 0)


def _count(rows: Sequence[Any]) -> int:
    if not len(rows) or getattr(rows, "size", 1) == 0:
        msg = "there is no observation"
        raise BadRequest(msg)
    return len(rows)


def _check_keys(given: Dict[str, Any]) -> None:
    for key in given:
        if key not in _KNOWN:
            nearest = difflib.get_close_matches(key[:100], _KEYS, n=1)
            hint = f"; did you mean {nearest[0]!r}?" if nearest else "."
            msg = "unknown key {}{} Allowed are {}"
            raise BadRequest(msg.format(shown(key), hint, ", ".join(_KEYS)))
    if ("observation" in given) + ("observations" in given) + ("instances" in given) != 1:
        msg = 'give one of "observation", one or a batch, and "observations", a list of them'
        raise BadRequest(msg)


def _policy(manifest: Manifest, given: Dict[str, Any]) -> str:
    policy, agent = given.get("policy"), given.get("agent")
    for name in (policy, agent):
        if name is not None and not isinstance(name, str):
            msg = f"policy and agent must be names; {shown(name)} was given"
            raise BadRequest(msg)
    try:
        return manifest.policy_of(policy, agent)
    except ValueError as error:
        raise BadRequest(str(error)) from error


def _beside(given: Dict[str, Any], name: str, count: int, *, single: bool) -> Sequence[Any]:
    """Return a value for each observation, as is given under a name or, for several, its plural."""
    plural = _SINGULAR[name]
    if plural not in given and name not in given:
        return [None] * count
    if single and plural in given:
        msg = f'"{plural}" goes with several observations; give "{name}"'
        raise BadRequest(msg)
    if single:
        return [given[name]]
    rows = given.get(plural, given.get(name))
    if rows is None:
        return [None] * count
    if not isinstance(rows, list) or len(rows) != count:
        msg = "{} must be a list of {}, one for each observation; {} was given"
        raise BadRequest(msg.format(plural, count, shown(rows)))
    return rows


def _list(given: Dict[str, Any], name: str) -> List[Any]:
    if not isinstance(given[name], list):
        msg = f"{name} must be a list; {shown(given[name])} was given"
        raise BadRequest(msg)
    return list(given[name])


def _flag(given: Dict[str, Any]) -> bool:
    value = given.get("deterministic", True)
    if not isinstance(value, bool):
        msg = f"deterministic must be true or false; {shown(value)} was given"
        raise BadRequest(msg)
    return value


def _seed(given: Dict[str, Any]) -> Optional[int]:
    seed = given.get("seed")
    if seed is None or (type(seed) is int and 0 <= seed < _SEEDS):
        return seed
    msg = f"seed must be a whole number from 0 to {_SEEDS - 1}; {shown(seed)} was given"
    raise BadRequest(msg)

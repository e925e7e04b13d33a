"""Bodies of requests, parsed into what a policy is asked."""

import difflib
import io
import json
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .columns import BadRequest, at, leaves
from .manifest import Manifest

JSON, NPY, CSV = "application/json", "application/x-npy", "text/csv"
KINDS = (JSON, NPY, CSV)
_SINGULAR = {"observation": "observations", "mask": "masks", "state": "states"}
_KEYS = (
    *_SINGULAR,
    *_SINGULAR.values(),
    *("noise", "deterministic", "seed", "policy", "agent", "instances"),
)


class Unsupported(Exception):
    """A body of an unknown type (415), or an answer of one (406)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Query(NamedTuple):
    """What one request asks.

    Attributes:
        policy: Name of the policy.
        observations: One for each row of the answer.
        masks: The allowed actions, likewise; None where the environment tells none.
        states: What the last answer gave back, likewise.
        noise: What to sample with, likewise; None to leave that to the server.
        deterministic: Whether the likeliest action is wanted.
        seed: Seed of the noise.
        single: Whether the answer is one value, not a list of them.
        form: How the answer is wrapped: `object`, `list` or `predictions`.
        kind: MIME type of the answer.
    """

    policy: str
    observations: Sequence[Any]
    masks: Sequence[Any]
    states: Sequence[Any]
    noise: Optional[Sequence[Any]] = None
    deterministic: bool = True
    seed: Optional[int] = None
    single: bool = False
    form: str = "object"
    kind: str = JSON


def read_query(manifest: Manifest, body: bytes, content_type: str, accept: str) -> Query:
    """Parse a request.

    Raises:
        BadRequest: The body is not what it says, or does not fit.
        Unsupported: Its type, or the one that the answer is to have, is unknown.
    """
    kind = content_type.partition(";")[0].strip().lower() or JSON
    if kind not in KINDS:
        msg = "the content type {!r} is not supported; allowed are {}"
        raise Unsupported(415, msg.format(content_type, ", ".join(KINDS)))
    answer = _answer_kind(accept, kind)
    if kind == JSON:
        return _from_json(manifest, _json(body), answer)
    rows = _npy(body) if kind == NPY else _csv(body)
    form = "list" if answer == JSON else "object"
    return _plain(manifest, rows, form, answer)


def _answer_kind(accept: str, kind: str) -> str:
    if not accept or accept == JSON:
        return JSON if accept else kind
    wanted = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    found = next((each for each in wanted if each in (*KINDS, "*/*")), None)
    if found is None:
        msg = "an answer of the type {!r} is not supported; allowed are {}"
        raise Unsupported(406, msg.format(accept, ", ".join(KINDS)))
    return kind if found == "*/*" else found


def _json(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is no JSON: {error}") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number in JSON")


def _npy(body: bytes) -> np.ndarray:
    try:
        return np.load(io.BytesIO(body), allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise BadRequest(f"the body is no array of numpy's: {error}") from error


def _csv(body: bytes) -> List[List[float]]:
    try:
        lines = body.decode("utf-8").splitlines()
        return [[float(cell) for cell in line.split(",")] for line in lines if line.strip()]
    except ValueError as error:
        raise BadRequest(f"the body is no CSV of numbers: {error}") from error


def _from_json(manifest: Manifest, given: Any, answer: str) -> Query:
    if not isinstance(given, dict):
        return _plain(manifest, given, "list", answer)
    if "instances" in given:
        return _plain(manifest, given["instances"], "predictions", answer)
    _check_keys(given)
    name = _policy(manifest, given)
    space = manifest.policies[name].observation
    if "observations" in given:
        observations, single = _list(given, "observations"), False
    else:
        observations, single = rows_of(space, given["observation"])
    count = len(observations)
    return Query(
        name,
        observations,
        _rows(given, "mask", count, single=single),
        _rows(given, "state", count, single=single),
        _noise(given, single=single),
        _flag(given),
        _seed(given),
        single,
        "object",
        answer,
    )


def _plain(manifest: Manifest, given: Any, form: str, answer: str) -> Query:
    """Return the query of observations alone; a list answers a list."""
    name = _policy(manifest, {})
    space = manifest.policies[name].observation
    if (answer == CSV and isinstance(given, list)) or form == "predictions":
        rows, single = _shaped(space, given), False
    else:
        rows, single = rows_of(space, given)
    nothing = [None] * len(rows)
    return Query(name, rows, nothing, nothing, None, True, None, single, form, answer)


def _shaped(space: Dict[str, Any], rows: Any) -> Any:
    if not isinstance(rows, list):
        raise BadRequest(f"a list of observations is wanted, not {rows!r}")
    return rows


def _check_keys(given: Dict[str, Any]) -> None:
    for key in given:
        if key not in _KEYS:
            nearest = difflib.get_close_matches(key, _KEYS, n=1)
            hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
            msg = "unknown key {!r}{} Allowed are {}"
            raise BadRequest(msg.format(key, hint or ".", ", ".join(_KEYS)))
    if ("observation" in given) == ("observations" in given):
        raise BadRequest('give "observation", one or a batch, or "observations", a list of them')


def _policy(manifest: Manifest, given: Dict[str, Any]) -> str:
    try:
        return manifest.policy_of(given.get("policy"), given.get("agent"))
    except (ValueError, TypeError) as error:
        raise BadRequest(str(error)) from error


def rows_of(space: Dict[str, Any], given: Any) -> Any:
    """Return the observations in a value, and whether it is a single one, by its rank.

    A batch is a list of observations, an array, or for dictionaries one of arrays.
    """
    first = next(leaves(space))
    if not first.path:
        return ([given], True) if _rank(given) <= len(first.shape) else (given, False)
    if isinstance(given, (list, tuple)) and not _is_tuple_of(space, given):
        return given, False
    if _rank(at(given, first.path)) <= len(first.shape):
        return [given], True
    count = len(at(given, first.path))
    return [_row(space, given, index) for index in range(count)], False


def _is_tuple_of(space: Dict[str, Any], given: Any) -> bool:
    if space["type"] != "Tuple" or len(given) != len(space["spaces"]):
        return False
    first = next(leaves(space))
    try:
        return _rank(at(given, first.path)) <= len(first.shape) + 1
    except BadRequest:
        return False


def _row(space: Dict[str, Any], given: Any, index: int) -> Any:
    parts = space.get("spaces")
    if isinstance(parts, dict):
        return {key: _row(part, at(given, (key,)), index) for key, part in parts.items()}
    if isinstance(parts, list):
        return [_row(part, at(given, (key,)), index) for key, part in enumerate(parts)]
    return at(given, (index,))


def _rank(value: Any) -> int:
    rank = getattr(value, "ndim", None)
    if rank is not None:
        return int(rank)
    rank = 0
    while isinstance(value, (list, tuple)):
        rank += 1
        value = value[0] if value else None
    return rank


def _rows(given: Dict[str, Any], name: str, count: int, *, single: bool) -> Sequence[Any]:
    """Return a value for each row: of the singular's name for a single one, else the plural's."""
    plural = _SINGULAR[name]
    if plural not in given and name not in given:
        return [None] * count
    if single:
        return [given.get(name)]
    rows = _list(given, plural) if plural in given else given[name]
    if not isinstance(rows, list) or len(rows) != count:
        msg = "{} must be a list of {}, one for each observation"
        raise BadRequest(msg.format(plural, count))
    return rows


def _list(given: Dict[str, Any], name: str) -> List[Any]:
    if not isinstance(given[name], list):
        raise BadRequest(f"{name} must be a list; {given[name]!r} was given")
    return list(given[name])


def _noise(given: Optional[Dict[str, Any], *, single: bool) -> Sequence[Any]]:
    noise = given.get("noise")
    return [noise] if single and noise is not None else noise


def _flag(given: Dict[str, Any]) -> bool:
    value = given.get("deterministic", True)
    if not isinstance(value, bool):
        raise BadRequest(f"deterministic must be true or false; {value!r} was given")
    return value


def _seed(given: Dict[str, Any]) -> Optional[int]:
    seed = given.get("seed")
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool) or seed < 0):
        raise BadRequest(f"seed must be a whole number from 0; {seed!r} was given")
    return seed

"""Actions, written as what was asked for."""

import io
import json
from typing import Any, List, NamedTuple, Sequence

import numpy as np

from .columns import BadRequest
from .queries import JSON, NPY, Query


class Answer(NamedTuple):
    """What goes back: HTTP status, MIME type, body, and how many observations were out of bounds."""

    status: int
    content_type: str
    body: bytes
    outside: int = 0


def refusal(status: int, message: str) -> Answer:
    """Return an error as an answer."""
    return Answer(status, JSON, json.dumps({"error": message}).encode())


def write(query: Query, actions: Sequence[Any], states: Sequence[Any], outside: int) -> Answer:
    """Return the answer to a query.

    Args:
        query: What was asked.
        actions: An action for each row, as JSON values.
        states: The next state for each row, likewise; None where the policy keeps none.
        outside: How many observations were out of bounds.

    Raises:
        BadRequest: Actions of several parts do not fit into what was asked for.
    """
    if query.kind == JSON:
        return Answer(200, JSON, _json(query, actions, states), outside)
    try:
        array = np.asarray(actions[0] if query.single else actions)
    except ValueError:
        array = np.asarray(None)
    if array.dtype == object:
        raise BadRequest(f"an action of several parts cannot be written as {query.kind}")
    body = _npy(array) if query.kind == NPY else _csv(array, len(actions))
    return Answer(200, query.kind, body, outside)


def _json(query: Query, actions: Sequence[Any], states: Sequence[Any]) -> bytes:
    value = actions[0] if query.single else list(actions)  # type: Any
    if query.form == "predictions":
        value = {"predictions": value}
    elif query.form == "object":
        value = {"action" if query.single else "actions": value}
        if states and states[0] is not None:
            kept = states[0] if query.single else list(states)
            value["state" if query.single else "states"] = kept
    return json.dumps(value, allow_nan=False).encode()


def _npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def _csv(array: np.ndarray, rows: int) -> bytes:
    cells = array.reshape(rows, -1).tolist()  # type: List[List[Any]]
    return "".join(",".join(map(repr, row)) + "\n" for row in cells).encode()

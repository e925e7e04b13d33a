"""Actions, written as what was asked for."""

import io
import json
from typing import Any, NamedTuple, Optional, Sequence

import numpy as np

from .bodies import NPY
from .columns import BadRequest
from .frames import JSON, Answer
from .queries import Query

_encoder = json.JSONEncoder(allow_nan=False)
_S = {True: "", False: "s"}  # one or several


class Rows(NamedTuple):
    """What a policy answers to the observations of a query.

    Attributes:
        actions: An action for each, as JSON values.
        states: The next state for each, likewise; None for each where the policy keeps none.
        outside: How many of the observations were out of bounds.
        dtype: The type of an action's numbers, where it is one array.
    """

    actions: Sequence[Any]
    states: Sequence[Any]
    outside: int = 0
    dtype: Optional[np.dtype] = None


def write(query: Query, rows: Rows) -> Answer:
    """Return the answer to a query.

    Raises:
        BadRequest: Actions of several parts do not fit into what was asked for.
    """
    if query.kind == JSON:
        return Answer(200, JSON, _json(query, rows).encode(), rows.outside)
    if rows.dtype is None:
        msg = "an action of several parts cannot be written as {}; ask for {}"
        raise BadRequest(msg.format(query.kind, JSON))
    array = np.asarray(rows.actions[0] if query.single else rows.actions, rows.dtype)
    return Answer(200, query.kind, encode(array, query.kind, len(rows.actions)), rows.outside)


def encode(array: np.ndarray, kind: str, rows: int) -> bytes:
    """Return an array as npy or, in so many lines, as CSV."""
    if kind == NPY:
        file = io.BytesIO()
        np.save(file, array, allow_pickle=False)
        return file.getvalue()
    cells = array.reshape(rows, -1).tolist()
    return "".join(",".join(map(repr, row)) + "\n" for row in cells).encode()


def _json(query: Query, rows: Rows) -> str:
    action = rows.actions[0] if query.single else rows.actions
    # Lists of finite numbers are written in Python as they are in JSON, and in no time.
    text = _encoder.encode(action) if rows.dtype is None else str(action)
    if query.form == "list":
        return text
    if query.form == "predictions":
        return f'{{"predictions": {text}}}'
    state = rows.states[0] if query.single else rows.states
    kept = f', "state{_S[query.single]}": {_encoder.encode(state)}' if rows.states[0] else ""
    return f'{{"action{_S[query.single]}": {text}{kept}}}'

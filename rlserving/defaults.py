"""What stands in for the functions that a user's inference code leaves out."""

import json
from typing import Any, Tuple

from .frames import JSON, Request

_OK = 200


class Refused(Exception):
    """A request that is not taken."""

    def __init__(self, status: int, message: str) -> None:
        """Keep HTTP status and reason."""
        super().__init__(message)
        self.status = status


def text(body: bytes) -> str:
    """Return a body as text.

    Raises:
        Refused: It is none.
    """
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(400, f"the body is no UTF-8: {error}") from error


def decode(body: Any, content_type: str) -> Any:
    """Return the value of a body, for want of `input_fn`: an array or, from JSON, a dictionary.

    Raises:
        Refused: The type is unknown, or the body is not what it says.
    """
    import numpy as np  # noqa: PLC0415 - code with all functions of its own does without

    from . import bodies  # noqa: PLC0415

    content = body.encode() if isinstance(body, str) else body
    try:
        value = bodies.decode(content, bodies.kind_of(content_type))
        return value if isinstance(value, dict) else np.asarray(value)
    except bodies.Unsupported as error:
        raise Refused(error.status, str(error)) from error
    except ValueError as error:
        raise Refused(400, str(error)) from error


def predict(data: Any, model: Any) -> Any:
    """Return the model's prediction, for want of `predict_fn`.

    Raises:
        Refused: A policy of ours does not take the data.
        TypeError: The model cannot be called.
    """
    if hasattr(model, "respond"):  # policies of ours
        body = json.dumps(data, default=_plain).encode()
        answer = model.respond([Request(body, JSON, JSON)])[0]
        value = json.loads(answer.body.decode())
        if answer.status != _OK:
            raise Refused(answer.status, value["error"])
        return value
    if callable(model):
        return model(data)
    msg = "the model, of the type {}, cannot be called: define predict_fn(data, model)"
    raise TypeError(msg.format(type(model).__name__))


def encode(prediction: Any, accept: str) -> Tuple[bytes, str]:
    """Return a prediction as body and type, for want of `output_fn`.

    Raises:
        Refused: The type is unknown.
    """
    if JSON in accept:
        return json.dumps(prediction, default=_plain).encode(), JSON
    import numpy as np  # noqa: PLC0415

    from . import answers, bodies  # noqa: PLC0415

    try:
        kind = bodies.answer_kind(accept, JSON)
    except bodies.Unsupported as error:
        raise Refused(error.status, str(error)) from error
    if kind == JSON:
        return encode(prediction, JSON)
    array = np.asarray(_plain(prediction))
    return answers.encode(array, kind, len(array) if array.ndim else 1), kind


def _plain(value: Any) -> Any:
    """Return an array or tensor of any framework as lists."""
    if isinstance(value, (list, tuple)):
        return value
    if hasattr(value, "detach"):  # a tensor of PyTorch's
        value = value.detach().cpu()
    for name in ("asnumpy", "numpy"):  # arrays of MXNet's, tensors of TensorFlow's
        if hasattr(value, name):
            value = getattr(value, name)()
    if hasattr(value, "tolist"):
        return value.tolist()
    msg = "an object of the type {} cannot be written as JSON: define output_fn(prediction, accept)"
    raise TypeError(msg.format(type(value).__name__))

"""The policy in this archive, for containers that call these four functions.

They are the handlers of SageMaker's inference toolkits (model_fn, input_fn, predict_fn, output_fn).
`RLCORE_STRICT=1` refuses observations outside the bounds of their space.
"""

import os
from typing import Any, Tuple

from rlserving.policies import Policies, Request, load


def model_fn(model_dir: str, *_: Any) -> Policies:
    """Load the policies."""
    return load(model_dir, os.environ.get("RLCORE_STRICT", "0") == "1")


def input_fn(body: Any, content_type: str, *_: Any) -> Tuple[bytes, str]:
    """Keep the body as it is: what it may hold, the policy knows."""
    return (body.encode() if isinstance(body, str) else bytes(body)), content_type


def predict_fn(data: Tuple[bytes, str], model: Policies, *_: Any) -> Any:
    """Return a function of the answer's type, since the type decides how the query is read."""
    return lambda accept: model.respond([Request(data[0], data[1], accept)])[0]


def output_fn(prediction: Any, accept: str, *_: Any) -> Tuple[bytes, str]:
    """Return body and type of the answer.

    Raises:
        ValueError: The request does not fit the policy; the message says what would.
    """
    answer = prediction(accept)
    if answer.status != 200:
        raise ValueError(answer.body.decode())
    return answer.body, answer.content_type

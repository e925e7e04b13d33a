"""The policy in this archive, for containers that call these two functions.

They are handlers of SageMaker's inference toolkits, which call `model_fn` once and `transform_fn`
for each request. `RLCORE_STRICT=1` refuses observations outside the bounds of their space.
"""

import os
from typing import Any, Tuple

from rlserving.frames import Request
from rlserving.policies import Policies, load

_OK = 200


def model_fn(model_dir: str) -> Policies:
    """Load the policies."""
    return load(model_dir, os.environ.get("RLCORE_STRICT", "0") == "1")


def transform_fn(model: Policies, body: Any, content_type: str, accept: str) -> Tuple[bytes, str]:
    """Return body and type of the answer.

    Raises:
        ValueError: The request does not fit the policy; the message says what would.
    """
    content = body.encode() if isinstance(body, str) else bytes(body)
    answer = model.respond([Request(content, content_type or "", accept or "")])[0]
    if answer.status != _OK:
        raise ValueError(answer.body.decode())
    return answer.body, answer.content_type

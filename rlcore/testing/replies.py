"""What the fake's HTTP service answers, in the protocol of each AWS service."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rlcore.testing.errors import Refusal

_JSON = "application/x-amz-json-1.1"
_OK = 200
_XML = {
    "s3": "<Error>{}</Error>",
    "sts": "<ErrorResponse><Error>{}</Error></ErrorResponse>",
    "iam": "<ErrorResponse><Error>{}</Error></ErrorResponse>",
    "ec2": "<Response><Errors><Error>{}</Error></Errors></Response>",
}
# These services have other codes for the same.
_OTHERWISE = {
    ("s3", "ThrottlingException"): ("SlowDown", 503),
    ("s3", "AccessDeniedException"): ("AccessDenied", 403),
    ("s3", "ExpiredTokenException"): ("ExpiredToken", 400),
    ("s3", "InternalFailure"): ("InternalError", 500),
    ("ec2", "ThrottlingException"): ("RequestLimitExceeded", 503),
    ("iam", "ThrottlingException"): ("Throttling", 400),
    ("sts", "ThrottlingException"): ("Throttling", 400),
    ("iam", "AccessDeniedException"): ("AccessDenied", 403),
    ("sts", "AccessDeniedException"): ("AccessDenied", 403),
    ("iam", "ExpiredTokenException"): ("ExpiredToken", 403),
    ("sts", "ExpiredTokenException"): ("ExpiredToken", 403),
}


class Reply(NamedTuple):
    """An answer over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def answered(answer: Mapping[str, object]) -> Reply:
    """Return the answer to an operation."""
    return Reply(_OK, {**_numbered(), "Content-Type": _JSON}, json.dumps(answer).encode())


def invoked(content_type: str, body: bytes) -> Reply:
    """Return what a model has answered."""
    told = {"Content-Type": content_type, "x-Amzn-Invoked-Production-Variant": "AllTraffic"}
    return Reply(_OK, {**_numbered(), **told}, body)


def refused(service: str, refusal: Refusal) -> Reply:
    """Return an error, as the service writes them."""
    code, status = _OTHERWISE.get((service, refusal.code), (refusal.code, refusal.status))
    if service in _XML:
        told = f"<Code>{escape(code)}</Code><Message>{escape(str(refusal))}</Message>"
        headers = {**_numbered(), "Content-Type": "text/xml"}
        return Reply(status, headers, _XML[service].format(told).encode())
    body = json.dumps({"__type": code, "message": str(refusal), **refusal.more}).encode()
    headers = {**_numbered(), "Content-Type": _JSON, "x-amzn-ErrorType": code}
    if service == "cloudwatch":
        headers["x-amzn-query-error"] = f"{code};Sender"
    return Reply(status, headers, body)


def _numbered() -> dict[str, str]:
    """Return the header by which AWS numbers its answers."""
    return {"x-amzn-RequestId": str(uuid.uuid4())}

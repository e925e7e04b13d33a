"""Which service and operation an HTTP request of boto3's is for."""

from __future__ import annotations

import functools
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from rlcore.testing.wire import model

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCOPE = re.compile(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/")
_INVOCATION = re.compile(r"/endpoints/([^/]+)/invocations")
_BY_SIGNATURE = {"monitoring": "cloudwatch"}  # services that sign under another name
_OF_RUNTIME = {
    "Content-Type": "ContentType",
    "Accept": "Accept",
    "X-Amzn-SageMaker-Custom-Attributes": "CustomAttributes",
    "X-Amzn-SageMaker-Target-Variant": "TargetVariant",
}


class Call(NamedTuple):
    """One call of a client's: which service, which operation, and what was sent.

    The content of an object, or of a part of one, is left out.
    """

    service: str
    operation: str
    request: Mapping[str, Any]


class _Shape(NamedTuple):
    """How an operation of S3 looks in HTTP."""

    operation: str
    method: str
    of_key: bool
    of_bucket: bool
    fixed: frozenset[tuple[str, str]]
    wanted: frozenset[str]


def access_key(headers: Mapping[str, str]) -> str:
    """Return the access key that a request is signed with."""
    found = _SCOPE.search(headers.get("Authorization", ""))
    return found[1] if found else ""


def call(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Call:
    """Return what a request asks for.

    Args:
        method: `GET`, `POST`, ...
        target: Path and query.
        headers: The headers; looked up without regard to case.
        body: The body.
    """
    found = _SCOPE.search(headers.get("Authorization", ""))
    service = _BY_SIGNATURE.get(found[2], found[2]) if found else "unknown"
    parts = urlsplit(target)
    invocation = _INVOCATION.fullmatch(parts.path)
    if invocation:
        return Call(
            "sagemaker-runtime", "InvokeEndpoint", _invocation(invocation[1], headers, body)
        )
    if headers.get("X-Amz-Target"):
        name = headers["X-Amz-Target"].rpartition(".")[2]
        return Call(service, name, json.loads(body or b"{}"))
    if service == "s3":
        return Call(service, *_of_s3(method, parts.path, parts.query, headers))
    form = {name: values[0] for name, values in parse_qs(body.decode("latin-1")).items()}
    return Call(service, form.pop("Action", parts.path), form)


def _invocation(name: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    given = {field: headers[name] for name, field in _OF_RUNTIME.items() if name in headers}
    return {"EndpointName": unquote(name), "Body": body, **given}


def _of_s3(
    method: str, path: str, query: str, headers: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    """Return operation and place: of those that look like the request, the most particular."""
    bucket, _, key = unquote(path).strip("/").partition("/")
    given = dict(parse_qsl(query, keep_blank_values=True))
    names = {*(name.lower() for name in headers), *(name.lower() for name in given)}
    fitting = [
        shape
        for shape in _s3_shapes()
        if shape.method == method
        and shape.of_key == bool(key)
        and shape.of_bucket == bool(bucket)
        and shape.fixed <= set(given.items())
        and shape.wanted <= names
    ]
    best = max(fitting, key=lambda each: len(each.fixed) + len(each.wanted), default=None)
    place = {"Bucket": bucket, **({"Key": key} if key else {})} if bucket else {}
    return (best.operation if best else method), place


@functools.cache
def _s3_shapes() -> tuple[_Shape, ...]:
    service = model("s3")
    return tuple(_s3_shape(service.operation_model(name)) for name in service.operation_names)


def _s3_shape(operation: Any) -> _Shape:
    parts = urlsplit(operation.http["requestUri"])
    members = operation.input_shape.members if operation.input_shape else {}
    required = operation.input_shape.required_members if operation.input_shape else []
    wanted = [members[name].serialization for name in required]
    return _Shape(
        operation=operation.name,
        method=operation.http["method"],
        of_key="{Key" in parts.path,
        of_bucket="Bucket" in members,
        fixed=frozenset(parse_qsl(parts.query, keep_blank_values=True)),
        wanted=frozenset(
            each["name"].lower()
            for each in wanted
            if each.get("location") in {"header", "querystring"}
        ),
    )

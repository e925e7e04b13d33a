"""Creating things of the service once, although answers get lost.

botocore sends a request again whose answer it did not get; the service, which has done it by then,
refuses the second as a duplicate, or for another reason. So a refusal after a retry, and no answer
at all, are settled by looking: what is there and is what was asked for, made since, is ours.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import time
from typing import TYPE_CHECKING, Any

from rlcore.errors import ServiceError
from rlcore.platforms.sagemaker.failures import is_missing, service_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rlcore.platforms.sagemaker.session import AwsSession

_SLACK = dt.timedelta(seconds=2)  # the service's Date header counts whole seconds
_NOT_DESCRIBED = {"DeploymentConfig", "SessionChainingConfig", "Tags"}


def create(
    session: AwsSession,
    operation: str,
    request: Mapping[str, Any],
    describe: Callable[[Any], Mapping[str, Any]],
) -> None:
    """Send a Create request, so that it has its effect once.

    Args:
        session: Where the client comes from.
        operation: Name of the client's method, e.g. `create_training_job`.
        request: What is to be created.
        describe: Takes the client and returns what the service has under the request's name.

    Raises:
        ServiceError: It was refused, e.g. since the name is taken (`failures.is_taken`); or, with
            `unanswered`, it could not be learned whether it was done.
    """
    client = session.client("sagemaker")
    begun = time.monotonic()
    try:
        with service_errors(operation):
            getattr(client, operation)(**request)
    except ServiceError as error:
        if not (error.unanswered or error.retried):
            raise
        _settle(client, request, describe, begun, error)


def _settle(
    client: Any,
    request: Mapping[str, Any],
    describe: Callable[[Any], Mapping[str, Any]],
    begun: float,
    error: ServiceError,
) -> None:
    """Look whether a request that failed had its effect; raise where it had not, or in doubt."""
    try:
        with service_errors("Describe"):
            found = describe(client)
    except ServiceError as other:
        if is_missing(other):
            raise error from other
        raise _doubt(request, error) from other
    if not _created_since(found, time.monotonic() - begun):
        raise error  # its name was taken before
    if not same(request, found):
        raise _doubt(request, error) from error


def _doubt(request: Mapping[str, Any], error: ServiceError) -> ServiceError:
    """Return the error for what may be there; the first field of a request is the name."""
    name = next(iter(request.values()))
    msg = f"{error} It may be there all the same: look for {name!r} before you try again."
    return ServiceError(
        msg,
        operation=error.operation,
        code=error.code,
        request_id=error.request_id,
        unanswered=True,
    )


def same(request: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Tell whether what the service describes is what was asked for.

    The service adds fields, and leaves out those that no description has.
    """
    return all(
        _holds(found.get(name), value)
        for name, value in request.items()
        if name not in _NOT_DESCRIBED
    )


def _holds(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            _holds(found.get(name), value) for name, value in wanted.items()
        )
    if isinstance(wanted, (list, tuple)):
        return (
            isinstance(found, (list, tuple))
            and len(found) == len(wanted)
            and all(map(_holds, found, wanted))
        )
    return bool(found == wanted)


def _created_since(found: Mapping[str, Any], seconds: float) -> bool:
    """Tell whether it was made in the last seconds, by the service's own clock."""
    headers = found.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    now = email.utils.parsedate_to_datetime(headers["date"])
    created: dt.datetime = found["CreationTime"]
    return created >= now - dt.timedelta(seconds=seconds) - _SLACK

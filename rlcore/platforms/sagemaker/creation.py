"""Creating things of the service once, although answers get lost.

botocore sends a request again whose answer it did not get; the service, which has done it by then,
refuses the second as a duplicate. So a refusal after a retry, and no answer at all, are settled by
looking: what is there and is what was asked for, made since, is ours.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import time
from typing import TYPE_CHECKING, Any

from rlcore.errors import ServiceError
from rlcore.platforms.sagemaker.failures import is_missing, is_taken, service_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rlcore.platforms.sagemaker.session import AwsSession

_SLACK = dt.timedelta(seconds=2)  # the service's Date header counts whole seconds
_NOT_DESCRIBED = {"Tags", "SessionChainingConfig"}


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
        ServiceError: It was refused, e.g. since the name is taken (`failures.is_taken`), or it
            could not be learned whether it was done.
    """
    client = session.client("sagemaker")
    begun = time.monotonic()
    try:
        with service_errors(operation):
            getattr(client, operation)(**request)
    except ServiceError as error:
        doubtful = error.unanswered or (error.retried and is_taken(error))
        if not (doubtful and _is_ours(client, request, describe, begun)):
            raise


def _is_ours(
    client: Any,
    request: Mapping[str, Any],
    describe: Callable[[Any], Mapping[str, Any]],
    begun: float,
) -> bool:
    try:
        with service_errors("describe"):
            found = describe(client)
    except ServiceError as error:
        if is_missing(error):
            return False
        raise
    return same(request, found) and _created_since(found, time.monotonic() - begun)


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

"""Something is created once, whatever becomes of the answers."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from rlcore.errors import ServiceError
from rlcore.platforms.sagemaker.creation import create, same
from rlcore.platforms.sagemaker.failures import is_taken

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
REQUEST = {"Name": "x", "Config": {"Hosts": 1}, "Tags": [{"Key": "a", "Value": "b"}]}
NOT_FOUND = ClientError(
    {"Error": {"Code": "ValidationException", "Message": "Could not find it."}}, "Describe"
)


class Service:
    """A service of one thing, and a session whose only client it is.

    Args:
        refusal: What creating raises.
        found: What is described afterwards; an error is raised.
    """

    def __init__(self, refusal: Exception | None = None, found: Any = None) -> None:
        """Nothing has been asked yet."""
        self.refusal = refusal
        self.found = found
        self.created: list[dict[str, Any]] = []

    def client(self, name: str) -> Service:
        """Return itself."""
        assert "sagemaker" == name
        return self

    def create_thing(self, **request: Any) -> None:
        """Take a request, or refuse it."""
        self.created.append(request)
        if self.refusal:
            raise self.refusal

    def describe(self, _: Any) -> Any:
        """Return what is there."""
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


def taken(retries: int) -> ClientError:
    """Return the refusal of a duplicate, after so many retries."""
    metadata: Any = {"RetryAttempts": retries, "RequestId": "r"}
    error = {"Code": "ResourceInUse", "Message": "x"}
    return ClientError({"Error": error, "ResponseMetadata": metadata}, "CreateThing")


def described(*, age: float = 0, **fields: Any) -> dict[str, Any]:
    """Return what is there, made so many seconds ago by the service's clock."""
    return {
        "Name": "x",
        "Config": {"Hosts": 1, "Disk": 30},
        "CreationTime": NOW - timedelta(seconds=age),
        "ResponseMetadata": {"HTTPHeaders": {"date": format_datetime(NOW, usegmt=True)}},
        **fields,
    }


def made(service: Any) -> None:
    """Create the thing."""
    create(service, "create_thing", REQUEST, service.describe)


def test_the_request_is_sent_as_it_is() -> None:
    """An answer that comes is believed: nothing is looked at."""
    service = Service(found=AssertionError("nobody looks"))
    made(service)

    assert [REQUEST] == service.created


@pytest.mark.parametrize("lost", [taken(retries=1), ReadTimeoutError(endpoint_url="http://x")])
def test_a_lost_answer(lost: Exception) -> None:
    """What is there since, and is what was asked for, is ours."""
    service = Service(lost, described())
    made(service)

    assert 1 == len(service.created)


@pytest.mark.parametrize(
    ("refusal", "found"),
    [
        (taken(retries=0), described()),
        (taken(retries=1), described(age=3600)),
        (ReadTimeoutError(endpoint_url="http://x"), NOT_FOUND),
    ],
)
def test_what_is_not_ours(refusal: Exception, found: Any) -> None:
    """A name that was taken before, by something older or other, and nothing at all: an error."""
    with pytest.raises(ServiceError, match=r"CreateThing failed|create_thing failed"):
        made(Service(refusal, found))


@pytest.mark.parametrize(("age", "ours"), [(0, True), (1.9, True), (4, False)])
def test_how_old_it_may_be(age: float, ours: bool) -> None:
    """As old as the call, and two seconds more, since the service's clock shows whole ones."""
    service = Service(taken(retries=1), described(age=age))
    if ours:
        made(service)
    else:
        with pytest.raises(ServiceError, match="CreateThing failed"):
            made(service)
    assert 1 == len(service.created)


def test_nobody_knows() -> None:
    """Where looking fails as well, that is the error."""
    denied = ClientError({"Error": {"Code": "AccessDeniedException", "Message": ""}}, "Describe")
    with pytest.raises(ServiceError, match="may be there all the same: look for 'x'") as raised:
        made(Service(taken(retries=1), denied))
    assert raised.value.unanswered


def test_in_doubt() -> None:
    """What is there since, but is not quite what was asked for, may be ours."""
    other = described(Config={"Hosts": 2})
    with pytest.raises(ServiceError, match="look for 'x'") as raised:
        made(Service(taken(retries=1), other))
    assert raised.value.unanswered
    assert not is_taken(raised.value)


def test_a_retry_that_was_refused_for_another_reason() -> None:
    """The first attempt may have had its effect."""
    metadata: Any = {"RetryAttempts": 2, "RequestId": "r"}
    throttled = {"Error": {"Code": "ThrottlingException"}, "ResponseMetadata": metadata}
    service = Service(ClientError(throttled, "CreateThing"), described())
    made(service)

    assert 1 == len(service.created)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"a": {"b": [1, 2]}, "c": 3, "more": 1}, True),
        ({"a": {"b": [1, 2], "more": 1}, "c": 3}, True),
        ({"a": {"b": [2, 1]}, "c": 3}, False),
        ({"a": {"b": [1]}, "c": 3}, False),
        ({"a": None, "c": 3}, False),
        ({"c": 3}, False),
    ],
)
def test_same(found: dict[str, Any], expected: bool) -> None:
    """The service may add, and must not change."""
    assert expected is same({"a": {"b": [1, 2]}, "c": 3}, found)

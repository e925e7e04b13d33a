"""Things of the service, made once, and none of them where one fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlcore.errors import InvalidArgument, PlatformError, ServiceError
from rlcore.platforms.sagemaker import making
from rlcore.platforms.sagemaker.making import CONFIGURATION, ENDPOINT, MODEL, Making
from rlcore.platforms.sagemaker.session import AwsSession
from rlcore.testing import FakeSageMaker, Fault, ManualClock

if TYPE_CHECKING:
    from conftest import Session

VARIANT = {
    "VariantName": "AllTraffic",
    "ModelName": "m",
    "InitialInstanceCount": 1,
    "InstanceType": "ml.m5.large",
}
FIELDS: dict[str, dict[str, Any]] = {
    MODEL: {
        "ModelName": "m",
        "ExecutionRoleArn": "arn:aws:iam::123456789012:role/MyRole",
        "PrimaryContainer": {
            "Image": "i:1",
            "ModelDataUrl": "s3://b/model.tar.gz",
            "Environment": {"A": "1"},
        },
    },
    CONFIGURATION: {
        "EndpointConfigName": "c",
        "ProductionVariants": [VARIANT],
    },
    ENDPOINT: {"EndpointName": "e", "EndpointConfigName": "c"},
}


@pytest.fixture
def aws_session(aws: FakeSageMaker, session: Session) -> AwsSession:
    """Return AWS, where nothing is made yet."""
    del aws
    return AwsSession(session)


def make(session: AwsSession, **changes: Any) -> None:
    """Make all three, with fields of some changed by their operations."""
    with Making(session) as block:
        for operation, fields in FIELDS.items():
            block.make(operation, {**fields, **changes.get(operation, {})})


def test_all_of_them(aws_session: AwsSession, clock: ManualClock) -> None:
    """Each is there afterwards, and gone when it is deleted, once or twice."""
    make(aws_session)
    clock.advance(120)
    for operation, name in ((ENDPOINT, "e"), (CONFIGURATION, "c"), (MODEL, "m")):
        assert making.described(aws_session, operation, name) is not None
        making.delete(aws_session, operation, name)
    making.delete(aws_session, MODEL, "m")
    assert making.described(aws_session, MODEL, "m") is None


def test_what_is_there_already(aws: FakeSageMaker, aws_session: AwsSession) -> None:
    """Model and configuration are used again; an endpoint is refused, and what was there stays."""
    make(aws_session)
    with pytest.raises(ServiceError, match="CreateEndpoint failed: .*already exist"):
        make(aws_session)

    assert [] == [each for each in aws.operations() if each.startswith("Delete")]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {MODEL: {"PrimaryContainer": {**FIELDS[MODEL]["PrimaryContainer"], "Image": "i:2"}}},
            "model 'm' that differs in PrimaryContainer.Image. Choose",
        ),
        (
            {MODEL: {"EnableNetworkIsolation": True}},
            "model 'm' that differs in EnableNetworkIsolation. Choose",
        ),
        (
            {CONFIGURATION: {"ProductionVariants": [{**VARIANT, "InitialInstanceCount": 2}]}},
            "endpoint configuration 'c' that differs in ProductionVariants[0].InitialInstanceCount",
        ),
    ],
)
def test_what_is_there_and_differs(
    aws: FakeSageMaker, aws_session: AwsSession, changes: dict[str, Any], words: str
) -> None:
    """It is not taken for ours, and the fields are named."""
    make(aws_session)
    with pytest.raises(InvalidArgument) as raised:
        make(aws_session, **changes)

    assert words in str(raised.value)
    assert [] == [each for each in aws.operations() if each.startswith("Delete")]


def test_a_failure(aws: FakeSageMaker, aws_session: AwsSession) -> None:
    """What was made before is deleted again, the last first, and the error tells it."""
    aws.fail("CreateEndpoint", Fault.access_denied())
    with pytest.raises(ServiceError) as raised:
        make(aws_session)

    told = str(raised.value)
    assert "CreateEndpoint failed: AccessDenied" in told
    assert told.endswith(
        "The endpoint configuration 'c', which was made for it, is deleted again."
        " The model 'm', which was made for it, is deleted again."
    )
    assert making.described(aws_session, MODEL, "m") is None


def test_a_failure_that_cannot_be_undone(aws: FakeSageMaker, aws_session: AwsSession) -> None:
    """The error names what is left; the rest is deleted all the same."""
    aws.fail("CreateEndpoint", Fault.access_denied())
    aws.fail("DeleteEndpointConfig", Fault.access_denied())
    with pytest.raises(PlatformError, match="'c', which was made for it, is still there, since"):
        make(aws_session)

    assert making.described(aws_session, CONFIGURATION, "c") is not None
    assert making.described(aws_session, MODEL, "m") is None


def test_what_was_used_again_stays(aws: FakeSageMaker, aws_session: AwsSession) -> None:
    """A model that was there before a failure is there after it."""
    with Making(aws_session) as block:
        block.make(MODEL, FIELDS[MODEL])
    aws.fail("CreateEndpoint", Fault.access_denied())
    with pytest.raises(ServiceError, match="'c', which was made for it, is deleted again"):
        make(aws_session)

    assert making.described(aws_session, MODEL, "m") is not None


def test_an_interruption(aws_session: AwsSession) -> None:
    """Ctrl-C half-way leaves nothing, either."""
    with pytest.raises(KeyboardInterrupt), Making(aws_session) as block:  # noqa: PT012 - half-way
        block.make(MODEL, FIELDS[MODEL])
        raise KeyboardInterrupt
    assert making.described(aws_session, MODEL, "m") is None


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"A": 1, "B": 2, "CreationTime": 3}, []),
        ({"A": 1, "B": {}}, ["B"]),
        ({"B": 2}, ["A"]),
        ({"A": 1, "B": 2, "VpcConfig": {"Subnets": ["s"]}}, ["VpcConfig"]),
        ({"A": 1, "B": 2, "EnableNetworkIsolation": False}, []),
    ],
)
def test_differences(found: dict[str, Any], expected: list[str]) -> None:
    """What the service adds is none, unless it says what was asked for."""
    wanted = {"A": 1, "B": 2, "Tags": [{"Key": "k", "Value": "v"}]}

    assert expected == making.differences(wanted, found)


def test_differences_of_environments() -> None:
    """A variable more is a difference, and named; its value is not shown."""
    wanted = {"PrimaryContainer": {"Environment": {"A": "1", "B": "2"}}}
    found = {"PrimaryContainer": {"Environment": {"A": "x", "B": "2", "C": "3"}, "Mode": "One"}}
    inside = "PrimaryContainer.Environment"

    assert [f"{inside}.A", f"{inside}.C"] == making.differences(wanted, found)


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), documents))
def test_nothing_differs_from_itself(document: dict[str, Any]) -> None:
    """Whatever a request is made of."""
    assert [] == making.differences(document, document)

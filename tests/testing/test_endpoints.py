"""Models, configurations and endpoints of the fake, used by real clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from rlcore.testing import EndpointScript, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rlcore.testing import FakeSageMaker

ROLE = "arn:aws:iam::111122223333:role/MyRole"
PREFIX = "arn:aws:sagemaker:us-west-2:111122223333"
CONTAINER = {"Image": "image:1", "Environment": {"A": "1"}, "ModelDataUrl": "s3://b/m.tar.gz"}


@pytest.fixture
def runtime(aws: FakeSageMaker, client: Callable[[str], Any]) -> Any:
    """Return a client of the runtime."""
    del aws
    return client("sagemaker-runtime")


@pytest.fixture
def in_service(aws: FakeSageMaker, served: Callable[..., Any]) -> None:
    """Have the endpoint `policy` in service."""
    served()
    aws.clock.advance(120)


def refusal(raised: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    """Return code and message of an error."""
    error: Any = raised.value.response["Error"]
    return error["Code"], error["Message"]


def test_what_was_sent_comes_back(aws: FakeSageMaker, sagemaker: Any) -> None:
    """Each description has what was sent, its ARN and its time, and nothing else."""
    model = {"ModelName": "m", "ExecutionRoleArn": ROLE, "PrimaryContainer": CONTAINER}
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": "m",
        "InitialInstanceCount": 2,
        "InstanceType": "ml.m5.large",
        "InitialVariantWeight": 1.0,
    }
    configuration = {"EndpointConfigName": "c", "ProductionVariants": [variant]}
    endpoint = {"EndpointName": "e", "EndpointConfigName": "c"}
    tags = [{"Key": "a", "Value": "b"}]

    made = [
        sagemaker.create_model(**model, Tags=tags)["ModelArn"],
        sagemaker.create_endpoint_config(**configuration, Tags=tags)["EndpointConfigArn"],
        sagemaker.create_endpoint(**endpoint, Tags=tags)["EndpointArn"],
    ]

    found = [
        sagemaker.describe_model(ModelName="m"),
        sagemaker.describe_endpoint_config(EndpointConfigName="c"),
        sagemaker.describe_endpoint(EndpointName="e"),
    ]
    assert [f"{PREFIX}:model/m", f"{PREFIX}:endpoint-config/c", f"{PREFIX}:endpoint/e"] == made
    state: dict[str, Any] = {"EndpointStatus": "Creating"}
    sent_fields: list[dict[str, Any]] = [model, configuration, endpoint]
    for sent, kind, arn, description, more in zip(
        sent_fields,
        ("Model", "EndpointConfig", "Endpoint"),
        made,
        found,
        ({}, {}, state),
        strict=True,
    ):
        for name in ("ResponseMetadata", "LastModifiedTime"):
            description.pop(name, None)
        assert aws.clock() == description.pop("CreationTime").timestamp()
        assert {**sent, f"{kind}Arn": arn, **more} == description
        assert tags == sagemaker.list_tags(ResourceArn=arn)["Tags"]


@pytest.mark.parametrize(
    ("operation", "field", "thing"),
    [
        ("model", "ModelName", "model"),
        ("endpoint_config", "EndpointConfigName", "endpoint configuration"),
        ("endpoint", "EndpointName", "endpoint"),
    ],
)
def test_things_that_nobody_made(sagemaker: Any, operation: str, field: str, thing: str) -> None:
    """They are not found, in the service's words."""
    arn = f"{PREFIX}:{operation.replace('_', '-')}/ghost"
    for verb in ("describe", "delete"):
        with pytest.raises(ClientError) as raised:
            getattr(sagemaker, f"{verb}_{operation}")(**{field: "ghost"})

        assert ("ValidationException", f'Could not find {thing} "{arn}".') == refusal(raised)


def test_names_that_are_taken(sagemaker: Any, served: Callable[..., Any]) -> None:
    """A second model, configuration or endpoint of a name is refused."""
    served()
    variant = {"VariantName": "v", "ModelName": "policy"}
    for create, thing, arn in (
        (
            lambda: sagemaker.create_model(ModelName="policy"),
            "model",
            "model",
        ),
        (
            lambda: sagemaker.create_endpoint_config(
                EndpointConfigName="policy", ProductionVariants=[variant]
            ),
            "endpoint configuration",
            "endpoint-config",
        ),
        (
            lambda: sagemaker.create_endpoint(EndpointName="policy", EndpointConfigName="policy"),
            "endpoint",
            "endpoint",
        ),
    ):
        with pytest.raises(ClientError) as raised:
            create()

        told = f'Cannot create already existing {thing} "{PREFIX}:{arn}/policy".'
        assert ("ValidationException", told) == refusal(raised)


def test_what_they_are_made_of_must_be_there(sagemaker: Any) -> None:
    """A configuration needs its models, and an endpoint its configuration."""
    variant = {"VariantName": "v", "ModelName": "ghost"}
    with pytest.raises(ClientError, match='Could not find model ".*:model/ghost"'):
        sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    with pytest.raises(ClientError, match='Could not find endpoint configuration ".*ghost"'):
        sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="ghost")


def test_the_life_of_an_endpoint(
    aws: FakeSageMaker, sagemaker: Any, served: Callable[..., Any]
) -> None:
    """It is created for a while, in service, and gone a while after it is deleted."""
    served()
    seen = []
    for seconds in (0, 119, 1):
        aws.clock.advance(seconds)
        seen.append(sagemaker.describe_endpoint(EndpointName="policy")["EndpointStatus"])
    assert ["Creating", "Creating", "InService"] == seen

    sagemaker.delete_endpoint(EndpointName="policy")

    assert "Deleting" == sagemaker.describe_endpoint(EndpointName="policy")["EndpointStatus"]
    aws.clock.advance(5)
    with pytest.raises(ClientError, match="Could not find endpoint"):
        sagemaker.describe_endpoint(EndpointName="policy")
    sagemaker.create_endpoint(EndpointName="policy", EndpointConfigName="policy")


def test_an_endpoint_that_is_being_created_is_not_deleted(
    aws: FakeSageMaker, sagemaker: Any, served: Callable[..., Any]
) -> None:
    """The service refuses; once it is in service, it goes."""
    arn = served()["EndpointArn"]

    with pytest.raises(ClientError) as raised:
        sagemaker.delete_endpoint(EndpointName="policy")

    words = f'Cannot update in-progress endpoint "{arn}".'
    assert ("ValidationException", words) == refusal(raised)
    assert "Creating" == sagemaker.describe_endpoint(EndpointName="policy")["EndpointStatus"]
    aws.clock.advance(120)
    sagemaker.delete_endpoint(EndpointName="policy")


def test_an_endpoint_that_fails(
    aws: FakeSageMaker, sagemaker: Any, served: Callable[..., Any]
) -> None:
    """It has its reason, and answers nothing."""
    aws.script_endpoint("policy", EndpointScript(creating=10, failure_reason="No capacity."))
    served()
    aws.clock.advance(10)

    found = sagemaker.describe_endpoint(EndpointName="policy")

    assert ("Failed", "No capacity.") == (found["EndpointStatus"], found["FailureReason"])


def test_lists_of_endpoints(aws: FakeSageMaker, sagemaker: Any, served: Callable[..., Any]) -> None:
    """They come in pages, newest first, and are found by state and by a part of their names."""
    for number in range(12):
        served(f"e-{number:02}")
        aws.clock.advance(20)

    pages = list(sagemaker.get_paginator("list_endpoints").paginate())

    names = [each["EndpointName"] for page in pages for each in page["Endpoints"]]
    assert 2 == len(pages)
    assert [f"e-{number:02}" for number in reversed(range(12))] == names
    found = sagemaker.list_endpoints(StatusEquals="InService", NameContains="e-0", SortBy="Name")
    assert ["e-06", "e-05", "e-04", "e-03", "e-02"] == (
        [each["EndpointName"] for each in found["Endpoints"]][:5]
    )


@pytest.mark.usefixtures("in_service")
def test_an_answer(aws: FakeSageMaker, runtime: Any) -> None:
    """It is what the test says: a function of body and headers, or always the same."""

    def double(body: bytes, headers: Mapping[str, str]) -> bytes:
        return body * 2 + headers["X-Amzn-SageMaker-Custom-Attributes"].encode()

    aws.answer("policy", double)
    found = runtime.invoke_endpoint(
        EndpointName="policy",
        Body=b"ab",
        ContentType="text/csv",
        Accept="text/plain",
        CustomAttributes="c=d",
    )
    aws.answer("policy", b"[1]")
    same = runtime.invoke_endpoint(EndpointName="policy", Body=b"ab")

    assert (b"ababc=d", "text/plain") == (found["Body"].read(), found["ContentType"])
    assert "AllTraffic" == found["InvokedProductionVariant"]
    assert (b"[1]", "application/json") == (same["Body"].read(), same["ContentType"])
    assert {
        "EndpointName": "policy",
        "Body": b"ab",
        "ContentType": "text/csv",
        "Accept": "text/plain",
        "CustomAttributes": "c=d",
    } == next(call.request for call in aws.calls if call.operation == "InvokeEndpoint")


@pytest.mark.parametrize(("status", "whose"), [(400, "client"), (503, "server")])
@pytest.mark.usefixtures("in_service")
def test_a_model_that_fails(aws: FakeSageMaker, runtime: Any, status: int, whose: str) -> None:
    """It is told with what the model has said."""
    aws.answer("policy", lambda *_: (status, b"4 numbers are wanted"))

    with pytest.raises(runtime.exceptions.ModelError) as raised:
        runtime.invoke_endpoint(EndpointName="policy", Body=b"")

    found = raised.value.response
    assert 424 == found["ResponseMetadata"]["HTTPStatusCode"]
    assert (status, "4 numbers are wanted") == (
        found["OriginalStatusCode"],
        found["OriginalMessage"],
    )
    told = f'Received {whose} error ({status}) from primary with message "4 numbers are wanted".'
    assert found["Error"]["Message"].startswith(told)


@pytest.mark.usefixtures("in_service")
def test_an_endpoint_that_nothing_was_said_about(runtime: Any) -> None:
    """It fails, and says what to do."""
    with pytest.raises(runtime.exceptions.ModelError, match="Nothing serves this endpoint"):
        runtime.invoke_endpoint(EndpointName="policy", Body=b"")


def test_an_endpoint_that_is_not_in_service(
    aws: FakeSageMaker, runtime: Any, served: Callable[..., Any]
) -> None:
    """It is as if it were not there."""
    served()
    aws.answer("policy", b"1")
    for name in ("policy", "ghost"):
        with pytest.raises(ClientError) as raised:
            runtime.invoke_endpoint(EndpointName=name, Body=b"")

        told = f"Endpoint {name} of account 111122223333 not found."
        assert ("ValidationError", told) == refusal(raised)


@pytest.mark.usefixtures("in_service")
def test_a_fault_of_the_runtime(aws: FakeSageMaker, runtime: Any) -> None:
    """A fault on order comes instead of the answer, once."""
    aws.answer("policy", b"1")
    aws.fail("InvokeEndpoint", Fault.throttled())

    with pytest.raises(ClientError, match="ThrottlingException.*Rate exceeded"):
        runtime.invoke_endpoint(EndpointName="policy", Body=b"")
    assert b"1" == runtime.invoke_endpoint(EndpointName="policy", Body=b"")["Body"].read()

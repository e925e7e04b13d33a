"""Faults on order, as a real client meets them, with its retries and without."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from rlcore.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from rlcore.testing import FakeSageMaker

REFUSED = {
    "throttled": (Fault.throttled(), "ThrottlingException", 400, True),
    "internal": (Fault.internal(), "InternalFailure", 500, True),
    "unavailable": (Fault.unavailable(), "ServiceUnavailable", 503, True),
    "expired_token": (Fault.expired_token(), "ExpiredTokenException", 403, False),
    "access_denied": (Fault.access_denied(), "AccessDeniedException", 403, False),
    "own": (Fault.error("ResourceLimitExceeded", "Too many."), "ResourceLimitExceeded", 400, False),
}
OTHER_WORDS = [
    ("s3", "list_buckets", Fault.throttled(), "SlowDown"),
    ("s3", "list_buckets", Fault.internal(), "InternalError"),
    ("sts", "get_caller_identity", Fault.throttled(), "Throttling"),
    ("sts", "get_caller_identity", Fault.expired_token(), "ExpiredToken"),
    ("iam", "list_roles", Fault.access_denied(), "AccessDenied"),
    ("ec2", "describe_vpcs", Fault.throttled(), "RequestLimitExceeded"),
    ("logs", "describe_log_groups", Fault.throttled(), "ThrottlingException"),
    ("cloudwatch", "list_metrics", Fault.throttled(), "ThrottlingException"),
]


@pytest.fixture(scope="module")
def patient(fake: FakeSageMaker) -> Any:
    """Return a client of SageMaker that tries three times."""
    config = Config(retries={"total_max_attempts": 3, "mode": "standard"}, read_timeout=10)
    return fake.session().client("sagemaker", config=config)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let botocore's clients wait for nothing between two attempts."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))


@pytest.mark.parametrize("refused", REFUSED.values(), ids=REFUSED)
def test_refusals(aws: FakeSageMaker, sagemaker: Any, job: Any, refused: Any) -> None:
    """A client hears code and status, and nothing was done."""
    fault, code, status, _ = refused
    aws.fail("CreateTrainingJob", fault)

    with pytest.raises(ClientError) as raised:
        sagemaker.create_training_job(**job())

    found: Any = raised.value.response
    metadata = found["ResponseMetadata"]
    assert (code, status) == (found["Error"]["Code"], metadata["HTTPStatusCode"])
    assert found["Error"]["Message"]
    assert metadata["RequestId"]
    assert {} == dict(aws.jobs)


@pytest.mark.parametrize("refused", REFUSED.values(), ids=REFUSED)
def test_refusals_with_retries(aws: FakeSageMaker, patient: Any, job: Any, refused: Any) -> None:
    """What passes is tried again by a client that is patient; what does not, is not."""
    fault, _, _, again = refused
    aws.fail("CreateTrainingJob", fault, times=2)

    if again:
        patient.create_training_job(**job())
    else:
        with pytest.raises(ClientError):
            patient.create_training_job(**job())

    assert (3 if again else 1) == len(aws.calls)
    assert again == ("job" in aws.jobs)


@pytest.mark.parametrize("case", OTHER_WORDS, ids=lambda case: f"{case[0]}-{case[3]}")
def test_refusals_in_the_words_of_each_service(
    aws: FakeSageMaker, client: Callable[[str], Any], case: tuple[str, str, Fault, str]
) -> None:
    """Every service has its own code and its own protocol for the same."""
    service, operation, fault, code = case
    aws.fail("*", fault)

    with pytest.raises(ClientError) as raised:
        getattr(client(service), operation)()

    error: Any = raised.value.response["Error"]
    assert code == error["Code"]


def test_an_error_after_the_effect(aws: FakeSageMaker, sagemaker: Any, job: Any) -> None:
    """The client hears an error, and the job is there."""
    aws.fail("CreateTrainingJob", Fault(status=500, effect=True))

    with pytest.raises(ClientError) as raised:
        sagemaker.create_training_job(**job())

    found: Any = raised.value.response
    assert 500 == found["ResponseMetadata"]["HTTPStatusCode"]
    assert ["job"] == list(aws.jobs)


def test_a_reset(aws: FakeSageMaker, sagemaker: Any, patient: Any, job: Any) -> None:
    """The connection is gone, and nothing was done; a patient client succeeds."""
    aws.fail("CreateTrainingJob", Fault.reset(), times=2)

    with pytest.raises(ConnectionClosedError):
        sagemaker.create_training_job(**job())

    assert {} == dict(aws.jobs)
    patient.create_training_job(**job())
    assert ["job"] == list(aws.jobs)


def test_a_lost_answer(aws: FakeSageMaker, sagemaker: Any, patient: Any, job: Any) -> None:
    """The effect is there; a patient client hears that somebody was faster: itself."""
    aws.fail("CreateTrainingJob", Fault.lost(), times=2)

    with pytest.raises(ConnectionClosedError):
        sagemaker.create_training_job(**job("one"))
    with pytest.raises(patient.exceptions.ResourceInUse):
        patient.create_training_job(**job("two"))

    assert ["one", "two"] == list(aws.jobs)


def test_half_an_answer(aws: FakeSageMaker, sagemaker: Any, job: Any) -> None:
    """The effect is there, and the client sees that the answer is not whole."""
    aws.fail("CreateTrainingJob", Fault.partial())

    with pytest.raises((ConnectionClosedError, ResponseStreamingError)):
        sagemaker.create_training_job(**job())

    assert ["job"] == list(aws.jobs)


def test_half_an_answer_in_good_order(aws: FakeSageMaker, sagemaker: Any, job: Any) -> None:
    """What is there is taken for the whole: only the length tells."""
    aws.fail("CreateTrainingJob", Fault.truncated())

    found = sagemaker.create_training_job(**job())

    assert ["job"] == list(aws.jobs)
    assert "TrainingJobArn" not in found
    wanted = '{"TrainingJobArn": "arn:aws:sagemaker:us-west-2:111122223333:training-job/job"}'
    assert str(len(wanted)) == found["ResponseMetadata"]["HTTPHeaders"]["content-length"]


def test_half_an_object(aws: FakeSageMaker, client: Callable[[str], Any]) -> None:
    """A body that is streamed is found to be too short while it is read."""
    s3 = client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_object(Bucket="bucket", Key="key", Body=bytes(100_000))
    aws.fail("GetObject", Fault.truncated())

    with pytest.raises(Exception, match="[Ii]ncomplete|not match|expecting"):
        s3.get_object(Bucket="bucket", Key="key")["Body"].read()


def test_a_slow_answer(aws: FakeSageMaker, job: Any) -> None:
    """A client that waits gets it; one that does not, leaves the effect behind."""
    config = Config(retries={"total_max_attempts": 1}, read_timeout=0.1)
    hasty = aws.session().client("sagemaker", config=config)
    aws.fail("CreateTrainingJob", Fault.slow(0.3))

    with pytest.raises(ReadTimeoutError):
        hasty.create_training_job(**job())

    deadline = time.monotonic() + 10
    while "job" not in aws.jobs:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_slow_answer_that_is_waited_for(aws: FakeSageMaker, sagemaker: Any, job: Any) -> None:
    """It comes after its time."""
    aws.fail("CreateTrainingJob", Fault.slow(0.1))
    before = time.monotonic()

    sagemaker.create_training_job(**job())

    assert time.monotonic() - before >= 0.1


def test_faults_wait_for_their_operation(aws: FakeSageMaker, sagemaker: Any, job: Any) -> None:
    """Other calls are answered, and each fault is used once, in the order that they were given."""
    aws.fail("StopTrainingJob", Fault.throttled())
    aws.fail("StopTrainingJob", Fault.access_denied())
    sagemaker.create_training_job(**job())

    for code in ("ThrottlingException", "AccessDeniedException"):
        with pytest.raises(ClientError, match=code):
            sagemaker.stop_training_job(TrainingJobName="job")

    sagemaker.stop_training_job(TrainingJobName="job")

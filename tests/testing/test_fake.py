"""The fake as a whole: how clients find it, and how it begins and ends."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from rlcore.testing import FakeSageMaker, Fault, JobScript, ManualClock, SystemClock

if TYPE_CHECKING:
    from pathlib import Path

ASK = """
import boto3
print(boto3.client("sagemaker").list_training_jobs()["TrainingJobSummaries"][0]["TrainingJobName"])
print(boto3.client("sts").get_caller_identity()["Account"])
for service in ("sagemaker-runtime", "logs", "cloudwatch", "s3", "iam", "ec2"):
    print(boto3.client(service).meta.endpoint_url)
"""


def test_another_process_finds_it_by_the_environment(
    aws: FakeSageMaker, sagemaker: Any, job: Any, tmp_path: Path
) -> None:
    """Every service of boto3 is led to it, whatever files the user has."""
    sagemaker.create_training_job(**job())
    folder = tmp_path / ".aws"
    folder.mkdir()
    (folder / "config").write_text("[default]\nendpoint_url = http://127.0.0.1:1\n")

    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"], **aws.environ},
        check=True,
        capture_output=True,
        text=True,
    )

    assert ["job", "111122223333", *[aws.url] * 6] == done.stdout.split()


def test_a_session_needs_no_environment(
    aws: FakeSageMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It talks to the fake, whatever profile, address or region the user has set."""
    monkeypatch.setenv("AWS_PROFILE", "of-somebody")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")

    session = aws.session()

    assert [] == session.client("sagemaker").list_training_jobs()["TrainingJobSummaries"]
    assert "us-west-2" == session.region_name == session.client("s3").meta.region_name
    assert isinstance(session, boto3.Session)
    assert [] == list(session.resource("s3").buckets.all())


def test_a_session_may_name_another_address(aws: FakeSageMaker) -> None:
    """Whoever gives an address to a client gets that one."""
    client = aws.session().client("sagemaker", endpoint_url="http://127.0.0.1:1")

    assert "http://127.0.0.1:1" == client.meta.endpoint_url


def test_the_end() -> None:
    """Nobody answers any more, and what was in S3 is gone for the next one."""
    with FakeSageMaker() as aws:
        client = aws.session().client("sagemaker")
        aws.session().client("s3", region_name="us-east-1").create_bucket(Bucket="bucket")
    with pytest.raises(EndpointConnectionError):
        client.list_training_jobs()

    with FakeSageMaker() as aws:
        assert [] == aws.session().client("s3").list_buckets()["Buckets"]


def test_by_default_the_clock_is_the_machines() -> None:
    """Account and clock are those of moto and of this machine."""
    with FakeSageMaker(region="eu-west-1") as aws:
        assert isinstance(aws.clock, SystemClock)
        identity = aws.session().client("sts").get_caller_identity()
        assert "123456789012" == identity["Account"]
        assert "eu-west-1" == aws.environ["AWS_REGION"]


def test_reset(aws: FakeSageMaker, sagemaker: Any, job: Any) -> None:
    """Jobs, scenarios, faults, calls and buckets are gone; clients and clock stay."""
    aws.script(None, JobScript(starting=0, downloading=0, training=0, uploading=0))
    sagemaker.create_training_job(**job())
    aws.fail("*", Fault.access_denied())
    now = aws.clock()

    aws.reset()

    assert ([], {}, now) == (aws.calls, dict(aws.jobs), aws.clock())
    sagemaker.create_training_job(**job())
    found = sagemaker.describe_training_job(TrainingJobName="job")
    assert "InProgress" == found["TrainingJobStatus"]


def test_two_at_once(job: Any) -> None:
    """Each has its own jobs, and its own time in its answers."""
    first, second = ManualClock(1e9), ManualClock(1.5e9)
    with FakeSageMaker(clock=first) as one, FakeSageMaker(clock=second) as other:
        one.session().client("sagemaker").create_training_job(**job())
        answer = other.session().client("sagemaker").list_training_jobs()

    assert [] == answer["TrainingJobSummaries"]
    date = answer["ResponseMetadata"]["HTTPHeaders"]["date"]
    assert "Fri, 14 Jul 2017 02:40:00 GMT" == date


def test_a_fault_of_the_fake_itself(
    aws: FakeSageMaker, sagemaker: Any, job: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told once and as such, so that nobody looks for it elsewhere."""
    sagemaker.create_training_job(**job())
    monkeypatch.delattr(aws.jobs["job"], "script")

    with pytest.raises(ClientError, match="FakeBroken.*AttributeError"):
        sagemaker.describe_training_job(TrainingJobName="job")

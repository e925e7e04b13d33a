"""Which operation a request is for, told by what a real client sends."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from rlcore.testing.operations import call

if TYPE_CHECKING:
    from collections.abc import Callable

    from rlcore.testing import FakeSageMaker

PLACE = {"Bucket": "bucket", "Key": "a b/c"}
COPY = {"CopySource": {"Bucket": "bucket", "Key": "a b/c"}, "Bucket": "bucket", "Key": "d"}


def test_operations_of_s3(aws: FakeSageMaker, client: Callable[[str], Any]) -> None:
    """Each is known by its method, its place and what it carries; moto answers."""
    s3 = client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.head_bucket(Bucket="bucket")
    s3.put_object(Body=b"x", **PLACE)
    s3.head_object(**PLACE)
    assert b"x" == s3.get_object(**PLACE)["Body"].read()
    s3.copy_object(**COPY)
    listed = s3.list_objects_v2(Bucket="bucket")
    s3.delete_object(**PLACE)
    s3.list_buckets()

    assert ["a b/c", "d"] == [each["Key"] for each in listed["Contents"]]
    assert [
        *("CreateBucket", "HeadBucket", "PutObject", "HeadObject", "GetObject", "CopyObject"),
        *("ListObjectsV2", "DeleteObject", "ListBuckets"),
    ] == aws.operations()
    assert PLACE == aws.calls[2].request
    assert {"Bucket": "bucket", "Key": "d"} == aws.calls[5].request


def test_a_large_file(aws: FakeSageMaker, client: Callable[[str], Any]) -> None:
    """What is sent in parts is told part by part."""
    s3 = client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})

    s3.upload_fileobj(io.BytesIO(bytes(9_000_000)), "bucket", "large")

    wanted = ["CompleteMultipartUpload", "CreateMultipartUpload", "UploadPart", "UploadPart"]
    assert wanted == sorted(aws.operations()[1:])
    assert 9_000_000 == s3.head_object(Bucket="bucket", Key="large")["ContentLength"]


def test_operations_of_moto(aws: FakeSageMaker, client: Callable[[str], Any]) -> None:
    """Those of STS, IAM and EC2 are known by their names, and have the fake's account."""
    identity = client("sts").get_caller_identity()
    role = client("iam").get_role(RoleName="MyRole")["Role"]["Arn"]
    client("ec2").describe_vpcs()

    assert "111122223333" == identity["Account"]
    assert "arn:aws:iam::111122223333:role/MyRole" == role
    assert [
        ("sts", "GetCallerIdentity"),
        ("iam", "GetRole"),
        ("ec2", "DescribeVpcs"),
    ] == [each[:2] for each in aws.calls]
    assert "MyRole" == aws.calls[1].request["RoleName"]


def test_a_role_that_nobody_has(aws: FakeSageMaker, client: Callable[[str], Any]) -> None:
    """It is refused by moto."""
    del aws
    with pytest.raises(ClientError, match="NoSuchEntity"):
        client("iam").get_role(RoleName="Ghost")


def test_what_was_sent(aws: FakeSageMaker, sagemaker: Any, job: Any) -> None:
    """A call has its request, whatever the answer was."""
    sagemaker.create_training_job(**job())
    with pytest.raises(ClientError):
        sagemaker.create_training_job(**job())

    assert [("sagemaker", "CreateTrainingJob", job())] * 2 == list(aws.calls)


def test_requests_that_nobody_signed() -> None:
    """They are of no service that is known."""
    assert ("unknown", "/x", {}) == tuple(call("GET", "/x?a=b", {}, b""))

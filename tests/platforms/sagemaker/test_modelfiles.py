"""The archives of a model, in S3 and on the way there."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from rlcore import source
from rlcore.endpoints import ModelRequest
from rlcore.errors import InvalidArgument, StorageError
from rlcore.platforms.sagemaker import making, modelfiles
from rlcore.platforms.sagemaker.making import MODEL, Making
from rlcore.platforms.sagemaker.session import AwsSession

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Session

    from rlcore.source import Bundle
    from rlcore.testing import FakeSageMaker

BUCKET = "sagemaker-us-west-2-123456789012"
IN_S3 = ModelRequest(release=None, model_data="s3://b/model.tar.gz")


@pytest.fixture
def aws_session(aws: FakeSageMaker, session: Session) -> AwsSession:
    """Return AWS, where nothing is made yet."""
    del aws
    return AwsSession(session)


@pytest.fixture
def here(tmp_path: Path) -> ModelRequest:
    """Return the request for a model on this machine."""
    path = tmp_path / "model.tar.gz"
    path.write_bytes(b"weights")
    return attrs.evolve(IN_S3, model_data=path.as_uri())


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """Return inference code."""
    (tmp_path / "serve.py").write_text("def model_fn(folder): ...")
    return source.bundle("serve.py", tmp_path)


def keys(aws: FakeSageMaker, bucket: str = BUCKET) -> list[str]:
    """Return the keys of a bucket."""
    found = aws.session().client("s3").list_objects_v2(Bucket=bucket)
    return [each["Key"] for each in found.get("Contents", ())]


def puts(aws: FakeSageMaker) -> int:
    """Return how many objects were written."""
    return sum(each in {"PutObject", "CopyObject"} for each in aws.operations())


def test_nothing_to_send(aws: FakeSageMaker, aws_session: AwsSession) -> None:
    """A model in S3 without code is as it is; no bucket is made."""
    assert modelfiles.check(IN_S3, None) is IN_S3
    assert "" == modelfiles.digest(IN_S3, None)
    assert modelfiles.sent(aws_session, IN_S3, "m", None, "") is IN_S3
    assert [] == aws.operations()


def test_all_of_it(
    aws: FakeSageMaker, aws_session: AwsSession, here: ModelRequest, bundle: Bundle
) -> None:
    """Archive and code go below the model's own name, the code by its digest, too."""
    content = modelfiles.digest(here, bundle)
    request = modelfiles.sent(aws_session, here, "m", bundle, content)

    assert f"s3://{BUCKET}/m/model.tar.gz" == request.model_data
    assert f"s3://{BUCKET}/m/sourcedir.tar.gz" == request.source_uri
    kept = f"rlcore/source/{bundle.digest}.tar.gz"
    assert ["m/model.tar.gz", "m/sourcedir.tar.gz", kept] == keys(aws)
    checked = modelfiles.check(here, bundle)
    assert ("s3", "s3") == (checked.model_data[:2], (checked.source_uri or "")[:2])


def test_what_a_digest_covers(here: ModelRequest, bundle: Bundle, tmp_path: Path) -> None:
    """Archive and code, each of which makes another model."""
    (tmp_path / "serve.py").write_text("def model_fn(folder): return 1")
    other = source.bundle("serve.py", tmp_path)
    models, bundles = (IN_S3, here), (None, bundle, other)

    digests = {modelfiles.digest(model, code) for model in models for code in bundles}
    assert 6 == len(digests)
    assert modelfiles.digest(here, bundle) == modelfiles.digest(here, bundle)


def test_a_place_for_code(aws: FakeSageMaker, aws_session: AwsSession, bundle: Bundle) -> None:
    """`code_location` is heeded, with its prefix; the default bucket is not made."""
    client = aws.session().client("s3")
    location = {"LocationConstraint": "us-west-2"}
    client.create_bucket(Bucket="code", CreateBucketConfiguration=location)
    request = attrs.evolve(IN_S3, options={"code_location": "s3://code/prefix/"})
    sent = modelfiles.sent(aws_session, request, "m", bundle, "digest")

    assert "s3://code/prefix/m/sourcedir.tar.gz" == sent.source_uri
    assert "prefix/m/sourcedir.tar.gz" in keys(aws, "code")


def test_the_same_again(aws: FakeSageMaker, aws_session: AwsSession, here: ModelRequest) -> None:
    """A model that is there and was made of the same is not sent again; of another it is refused.

    Its endpoints read the archive whenever they get a new host.
    """
    content = modelfiles.digest(here, None)
    assert hashlib.sha256(b"weights").hexdigest() == content
    request = modelfiles.sent(aws_session, here, "m", None, content)
    make_model(aws_session, request, content)
    before = puts(aws)

    assert request == modelfiles.sent(aws_session, here, "m", None, content)
    assert before == puts(aws)
    with pytest.raises(InvalidArgument, match="'m' that was made of another archive"):
        modelfiles.sent(aws_session, here, "m", None, "other")
    assert before == puts(aws)


def make_model(session: AwsSession, request: ModelRequest, content: str) -> None:
    """Make a model of what was sent."""
    fields: dict[str, Any] = {
        "ModelName": "m",
        "ExecutionRoleArn": "arn:aws:iam::123456789012:role/MyRole",
        "PrimaryContainer": {"Image": "i:1", "ModelDataUrl": request.model_data},
        "Tags": [{"Key": modelfiles.CONTENT_TAG, "Value": content}],
    }
    with Making(session) as block:
        block.make(MODEL, fields)
    assert making.described(session, MODEL, "m") is not None


@pytest.mark.parametrize("model_data", ["file:///no/such/model.tar.gz", "http://h/m", "m.tar.gz"])
def test_models_that_are_nowhere(model_data: str) -> None:
    """They are told before anything is made."""
    with pytest.raises(StorageError, match="neither in S3 nor on this machine"):
        modelfiles.check(attrs.evolve(IN_S3, model_data=model_data), None)

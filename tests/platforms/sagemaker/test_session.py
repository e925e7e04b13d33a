"""Region, account, role and bucket are learned once, and clients are made once."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from rlcore.errors import MissingArgument, PlatformError, ServiceError
from rlcore.platforms.sagemaker.session import AwsSession

ACCOUNT = "123456789012"
BUCKET = f"sagemaker-us-west-2-{ACCOUNT}"


class SdkSession:
    """What the SageMaker SDK's session looks like."""

    def __init__(self, bucket: str | None = None) -> None:
        """Hold a session of boto3's, and a client of one's own."""
        self.boto_session = boto3.Session(region_name="eu-west-1")
        self.sagemaker_client = object()
        self._bucket = bucket

    def default_bucket(self) -> str | None:
        """Return the bucket that was chosen."""
        return self._bucket


def retries(session: AwsSession, *, polling: bool = False) -> dict[str, Any]:
    """Return how often, and how, a client tries again."""
    found: dict[str, Any] = session.client("s3", polling=polling).meta.config.retries
    return found


def test_nothing_is_made_before_it_is_asked_for() -> None:
    """A session is made without region, credentials or network."""
    session = AwsSession()

    with pytest.raises(MissingArgument, match="Which region"):
        _ = session.region


def test_the_regions_sources(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """The session's own, then the environment's, then the profile's."""
    config = tmp_path / "config"
    config.write_text("[default]\nregion = eu-north-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    assert "eu-north-1" == AwsSession().region
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    assert "eu-west-2" == AwsSession().region
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    assert "eu-west-3" == AwsSession().region
    assert "eu-west-1" == AwsSession(boto3.Session(region_name="eu-west-1")).region
    assert "eu-west-1" == AwsSession(SdkSession()).region


def test_what_is_no_session() -> None:
    """It is told before anything is asked of it."""
    with pytest.raises(
        PlatformError, match="must be a boto3 Session, .* a dict was given"
    ) as raised:
        AwsSession({"aws_secret_access_key": "hunter2"})
    assert "hunter2" not in str(raised.value)


def test_clients_are_made_once(moto: str) -> None:
    """Those that poll are others: they give way."""
    session = AwsSession()

    assert session.client("s3") is session.client("s3")
    assert session.client("s3") is not session.client("s3", polling=True)
    assert moto == session.client("s3").meta.endpoint_url
    assert {"mode": "standard"} == retries(session)
    assert {"mode": "adaptive", "total_max_attempts": 15} == retries(session, polling=True)


def test_clients_of_ones_own() -> None:
    """Those of the SDK's session are used."""
    given = SdkSession()

    assert given.sagemaker_client is AwsSession(given).client("sagemaker")


def test_roles(moto: str) -> None:
    """A name is looked up, an ARN is not."""
    del moto
    session = AwsSession()

    arn = f"arn:aws:iam::{ACCOUNT}:role/MyRole"
    assert arn == session.role_arn("MyRole")
    assert "arn:aws:iam::1:role/x" == session.role_arn("arn:aws:iam::1:role/x")
    session.default_bucket()
    for name in ("nobody", "account", "bucket"):  # whatever else is known by such a name
        with pytest.raises(ServiceError, match=rf"GetRole failed: NoSuchEntity.*{name}"):
            session.role_arn(name)


def test_the_default_bucket(moto: str) -> None:
    """It is made once, in the region, and its owner is checked with every call."""
    del moto
    session = AwsSession()
    client = session.client("s3")
    assert {"ExpectedBucketOwner": ACCOUNT} == session.owner(BUCKET)

    assert [BUCKET, BUCKET] == [session.default_bucket(), session.default_bucket()]
    assert "us-west-2" == client.get_bucket_location(Bucket=BUCKET)["LocationConstraint"]
    assert {"ExpectedBucketOwner": ACCOUNT} == session.owner(BUCKET)
    assert {} == session.owner("another")
    assert BUCKET == AwsSession().default_bucket()


def test_the_first_region(moto: str) -> None:
    """CreateBucket takes no location there."""
    del moto
    session = AwsSession(boto3.Session(region_name="us-east-1"))

    assert f"sagemaker-us-east-1-{ACCOUNT}" == session.default_bucket()


def test_a_bucket_of_somebody_else() -> None:
    """A name that can be guessed may have been taken; nothing is put there."""

    class Foreign(SdkSession):
        """A session whose bucket another account has taken."""

        boto_session: Any
        sts = type("Sts", (), {"get_caller_identity": lambda _: {"Account": "1" * 12}})()

        def client(self, service: str, **_: Any) -> Any:
            return self.sts if service == "sts" else self

        def head_bucket(self, **given: Any) -> None:
            assert "1" * 12 == given["ExpectedBucketOwner"]
            raise ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "HeadBucket")

    foreign = Foreign()
    foreign.boto_session = foreign
    foreign.region_name = "eu-west-1"  # type: ignore[attr-defined]
    with pytest.raises(PlatformError, match="sagemaker-eu-west-1-111111111111 belongs to another"):
        AwsSession(foreign).default_bucket()


def test_a_bucket_that_was_chosen() -> None:
    """The SDK's session may name another."""
    assert "mine" == AwsSession(SdkSession("mine")).default_bucket()

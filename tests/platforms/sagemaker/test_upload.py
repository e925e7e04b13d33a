"""Archives get into their buckets, and the same content is sent once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rlcore import source
from rlcore.errors import ServiceError
from rlcore.platforms.sagemaker.session import AwsSession
from rlcore.platforms.sagemaker.upload import put_bundle, put_file

if TYPE_CHECKING:
    from pathlib import Path

    from rlcore.source import Bundle

BUCKET = "sagemaker-us-west-2-123456789012"
JOB = f"s3://{BUCKET}/job/source/sourcedir.tar.gz"
KEPT = f"s3://{BUCKET}/rlcore/source/digest.tar.gz"


class Recording(AwsSession):
    """A session that notes what is sent to S3, and can be forbidden to read."""

    def __init__(self) -> None:
        """Nothing was sent yet; reading is allowed."""
        super().__init__()
        self.sent: list[tuple[str, dict[str, Any]]] = []
        events = self.client("s3").meta.events
        events.register("before-parameter-build.s3", self._note)

    def _note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.sent.append((model.name, dict(params)))

    def names(self) -> list[str]:
        """Return the operations, and forget them."""
        found = [name for name, _ in self.sent]
        self.sent.clear()
        return found


@pytest.fixture
def session(moto: str) -> Recording:
    """Return a session whose default bucket is there."""
    del moto
    session = Recording()
    session.default_bucket()
    session.names()
    return session


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """Return a packed script."""
    script = tmp_path / "train.py"
    script.write_text("print(1)")
    return source.bundle(str(script))


def content(session: AwsSession, key: str) -> bytes:
    """Return what is in the bucket."""
    body: bytes = session.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return body


def test_the_same_content_is_sent_once(session: Recording, bundle: Bundle, tmp_path: Path) -> None:
    """The second time S3 copies what is there."""
    bundle.write(tmp_path / "packed")
    put_bundle(session, bundle, JOB, by_digest=KEPT)
    assert ["HeadObject", "PutObject", "CopyObject"] == session.names()
    put_bundle(session, bundle, f"s3://{BUCKET}/other", by_digest=KEPT)
    assert ["HeadObject", "CopyObject"] == session.names()

    packed = (tmp_path / "packed").read_bytes()
    keys = ("job/source/sourcedir.tar.gz", "rlcore/source/digest.tar.gz", "other")
    assert [packed] * 3 == [content(session, key) for key in keys]


def test_the_owner_is_checked(session: Recording, bundle: Bundle) -> None:
    """A bucket whose name can be guessed is checked at each call."""
    put_bundle(session, bundle, JOB, by_digest=KEPT)

    assert {"123456789012"} == {given.get("ExpectedBucketOwner") for _, given in session.sent}
    (copied,) = [given for name, given in session.sent if name == "CopyObject"]
    assert "123456789012" == copied["ExpectedSourceBucketOwner"]


def test_keys(session: Recording, bundle: Bundle) -> None:
    """What is written is encrypted with the key that was given."""
    put_bundle(session, bundle, JOB, by_digest=KEPT, kms_key="k")

    written = [given for name, given in session.sent if name in {"PutObject", "CopyObject"}]
    assert [("aws:kms", "k")] * 2 == [
        (given["ServerSideEncryption"], given["SSEKMSKeyId"]) for given in written
    ]


def test_a_bucket_that_may_not_be_read(session: Recording, bundle: Bundle) -> None:
    """Where nothing can be copied it is sent straight."""
    forbidden = "/no-such-key"

    def redirect(params: dict[str, Any], **_: Any) -> None:
        params["CopySource"] = {"Bucket": BUCKET, "Key": forbidden}

    session.client("s3").meta.events.register_first(
        "before-parameter-build.s3.CopyObject", redirect
    )
    put_bundle(session, bundle, JOB, by_digest=KEPT)

    assert ["HeadObject", "PutObject", "CopyObject", "PutObject"] == session.names()
    assert content(session, "job/source/sourcedir.tar.gz")


def test_a_bucket_that_is_not_there(session: Recording, bundle: Bundle) -> None:
    """The error says so."""
    with pytest.raises(ServiceError, match=r"NoSuchBucket.*Make the bucket, or name another"):
        put_bundle(session, bundle, "s3://gone/a", by_digest="s3://gone/b")


def test_a_large_file_tells_how_far_it_is(
    session: Recording, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is sent in parts, with a line for each tenth; a small one says nothing."""
    path = tmp_path / "model.tar.gz"
    path.write_bytes(bytes(20_000_000))
    put_file(session, path, f"s3://{BUCKET}/large")

    lines = capsys.readouterr().err.splitlines()
    assert f"Sending s3://{BUCKET}/large: 20 of 20 MB" == lines[-1]
    assert 2 <= len(lines) <= 10
    assert 20_000_000 == len(content(session, "large"))
    assert "UploadPart" in session.names()
    path.write_bytes(b"small")
    put_file(session, path, f"s3://{BUCKET}/small")
    assert "" == capsys.readouterr().err

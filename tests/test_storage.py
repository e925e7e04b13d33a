"""Addresses: files on disk and objects of an S3 service on loopback, alike."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from moto.server import ThreadedMotoServer

from rlcore import storage
from rlcore.errors import DiskFull, InvalidArgument, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """Run an S3 service on loopback and return the address of an empty bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        boto3.client("s3").create_bucket(Bucket="bucket")
        yield "s3://bucket"
    server.stop()


@pytest.fixture(params=["file", "s3"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return an address to write below, of either kind, that no other test uses."""
    if request.param == "file":
        return (tmp_path / "my store").as_uri()
    return f"{request.getfixturevalue('s3')}/{tmp_path.name}"


def test_buckets_whose_names_can_be_guessed(s3: str, tmp_path: Path) -> None:
    """The account in the name must be the owner: another's bucket of that name is refused."""
    del s3
    client = boto3.client("s3")
    own, foreign = "sagemaker-us-east-1-123456789012", "sagemaker-us-east-1-999999999999"
    (tmp_path / "a").write_bytes(b"content")
    for bucket in (own, foreign):  # both belong to the account 123456789012
        client.create_bucket(Bucket=bucket)
    seen: list[dict[str, str]] = []
    session = boto3.Session(region_name="us-east-1")
    session.events.register(
        "before-parameter-build.s3", lambda params, **_: seen.append(dict(params))
    )
    with storage.using(session):
        storage.put(tmp_path / "a", f"s3://{own}/a")
        storage.get(f"s3://{own}/a", tmp_path / "b")
        storage.get_tree(f"s3://{own}/", tmp_path / "c")
        assert storage.exists(f"s3://{own}/a")

    assert {"123456789012"} == {params.get("ExpectedBucketOwner") for params in seen}
    assert {} == storage.expected_owner("bucket")
    assert {"ExpectedBucketOwner": "999999999999"} == storage.expected_owner(foreign)


def test_a_session_of_ones_own(s3: str, tmp_path: Path) -> None:
    """What is asked in the block is asked by it, and by the environment's afterwards."""
    (tmp_path / "a").write_bytes(b"content")
    session = boto3.Session(region_name="us-east-1")
    seen: list[str] = []
    session.events.register("before-send.s3", lambda request, **_: seen.append(request.method))
    with storage.using(session):
        storage.put(tmp_path / "a", f"{s3}/mine")
    storage.get(f"{s3}/mine", tmp_path / "b")

    assert (["PUT"], b"content") == (seen, (tmp_path / "b").read_bytes())


def test_a_file_comes_back(root: str, tmp_path: Path) -> None:
    """What is put is there and can be got."""
    (tmp_path / "a").write_bytes(b"content")
    uri = storage.join(root, "deep", "/file.bin")

    assert not storage.exists(uri)
    storage.put(tmp_path / "a", uri)
    storage.get(uri, tmp_path / "new" / "b")

    assert storage.exists(uri)
    assert b"content" == (tmp_path / "new" / "b").read_bytes()


def test_a_tree_comes_back(root: str, tmp_path: Path) -> None:
    """Every file of a folder keeps its name."""
    for name in ("one", "deep/er/two"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(name)

    storage.put_tree(tmp_path / "in", storage.join(root, "tree"))
    storage.get_tree(storage.join(root, "tree"), tmp_path / "out")

    found = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert {"one", "deep/er/two"} == {
        path.relative_to(tmp_path / "out").as_posix() for path in found
    }
    assert all(path.read_text() in path.as_posix() for path in found)


def test_a_single_file_as_a_tree_keeps_its_name(root: str, tmp_path: Path) -> None:
    """A channel may name one file."""
    (tmp_path / "data.csv").write_text("1,2")
    storage.put(tmp_path / "data.csv", storage.join(root, "data.csv"))

    storage.get_tree(storage.join(root, "data.csv"), tmp_path / "out")

    assert "1,2" == (tmp_path / "out" / "data.csv").read_text()


def test_a_key_that_leads_outside_is_not_downloaded(s3: str, tmp_path: Path) -> None:
    """Whoever can write to a bucket must not write elsewhere on this machine."""
    boto3.client("s3").put_object(Bucket="bucket", Key="evil/../../outside", Body=b"x")

    with pytest.raises(StorageError, match="leads outside"):
        storage.get_tree(f"{s3}/evil", tmp_path / "deep" / "out")

    assert not (tmp_path / "outside").exists()


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """A target is whole or not there, and no temporary file stays."""
    with pytest.raises(StorageError, match="could not be written"):
        storage.put(tmp_path / "missing", (tmp_path / "store" / "x").as_uri())

    assert [] == list((tmp_path / "store").iterdir())


def test_a_folder_that_can_be_written(tmp_path: Path) -> None:
    """It is made, and left empty."""
    storage.check_writable((tmp_path / "deep" / "er").as_uri())

    assert [] == list((tmp_path / "deep" / "er").iterdir())


@pytest.mark.parametrize("name", ["file", "file/deep"])
def test_a_folder_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    """The error names the folder, here one that is a file, or below one."""
    (tmp_path / "file").touch()

    with pytest.raises(StorageError, match=f"{name} could not be written"):
        storage.check_writable((tmp_path / name).as_uri())
    with pytest.raises(StorageError, match=f"{name}/x could not be written"):
        storage.put(tmp_path / "file", (tmp_path / name / "x").as_uri())


@pytest.fixture
def no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave boto3 nowhere to find credentials."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.usefixtures("no_credentials")
@pytest.mark.parametrize(
    ("profile", "cause"),
    [(None, "there are no AWS credentials"), ("nobody", "profile .nobody. could not be found")],
)
def test_a_bucket_without_credentials(
    monkeypatch: pytest.MonkeyPatch, profile: str | None, cause: str
) -> None:
    """It is told with the ways to give them, and the network is not asked."""
    if profile:
        monkeypatch.setenv("AWS_PROFILE", profile)

    with pytest.raises(StorageError, match=f"s3://b/c .*{cause}.* `aws configure`"):
        storage.check_writable("s3://b/c")


@pytest.mark.usefixtures("no_credentials")
def test_a_bucket_with_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """That they resolve is all that can be known without asking."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")

    storage.check_writable("s3://b/c")


def test_what_s3_refuses_is_an_error_of_ours(s3: str, tmp_path: Path) -> None:
    """Every way to a bucket that is not there names the address."""
    assert s3
    (tmp_path / "a").touch()
    uri = "s3://not-there/x"

    for use in (
        lambda: storage.put(tmp_path / "a", uri),
        lambda: storage.get(uri, tmp_path / "b"),
        lambda: storage.get_tree(uri, tmp_path / "c"),
        lambda: storage.exists(uri),
    ):
        with pytest.raises(StorageError, match=f"{uri} could not be read or written"):
            use()


def test_an_address_elsewhere_is_no_path() -> None:
    """Only file:// addresses of this machine are paths."""
    assert Path("/a b/c") == storage.to_path("file:///a%20b/c")
    for uri in ("s3://bucket/x", "file://host/x", "/plain"):
        with pytest.raises(InvalidArgument, match="file:// address"):
            storage.to_path(uri)


@pytest.mark.parametrize(
    ("number", "expected"),
    [(errno.ENOSPC, DiskFull), (errno.EDQUOT, DiskFull), (errno.EACCES, StorageError)],
)
def test_errors_by_their_names(number: int, expected: type[StorageError]) -> None:
    """A quota that is used up is a full disk to whoever meets it."""
    assert expected is type(storage.written_error(OSError(number, "x"), Path("x")))

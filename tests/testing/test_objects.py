"""What real jobs read from S3 and write there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rlcore.errors import StorageError
from rlcore.testing.objects import Objects

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rlcore.testing import FakeSageMaker


@pytest.fixture
def bucket(aws: FakeSageMaker, client: Callable[[str], Any]) -> Any:
    """Return a client of S3 that has a bucket."""
    del aws
    s3 = client("s3")
    s3.create_bucket(Bucket="bkt", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    return s3


@pytest.fixture
def objects(bucket: Any) -> Objects:
    """Return the objects of that client."""
    return Objects(lambda: bucket)


def test_trees(objects: Objects, bucket: Any, tmp_path: Path) -> None:
    """What is sent comes back: files in folders, and nothing of what is beside them."""
    source = tmp_path / "source"
    (source / "inner").mkdir(parents=True)
    for name in ("a", "inner/b"):
        (source / name).write_text(name)
    bucket.put_object(Bucket="bkt", Key="other", Body=b"x")
    bucket.put_object(Bucket="bkt", Key="data/folder/", Body=b"")

    objects.put_tree(source, "s3://bkt/data/")
    found = objects.get_tree("s3://bkt/data", tmp_path / "target")

    names = {"a", "inner/b"}
    files = [path for path in found.rglob("*") if path.is_file()]
    assert names == {path.relative_to(found).as_posix() for path in files}
    assert names == {path.read_text() for path in files}


def test_a_single_object(objects: Objects, bucket: Any, tmp_path: Path) -> None:
    """An address that is an object's own gives that one, under its name."""
    bucket.put_object(Bucket="bkt", Key="data/file.csv", Body=b"1")

    found = objects.get_tree("s3://bkt/data/file.csv", tmp_path)

    assert b"1" == (found / "file.csv").read_bytes()


def test_nothing(objects: Objects, tmp_path: Path) -> None:
    """Where there is nothing, the folder is empty; what is not there is not sent."""
    found = objects.get_tree("s3://bkt/nothing", tmp_path / "target")
    objects.put(tmp_path / "ghost", "s3://bkt/ghost")

    assert [] == list(found.iterdir())
    assert [] == list(objects.get_tree("s3://bkt/ghost", tmp_path / "other").iterdir())


def test_names_that_lead_away(objects: Objects, bucket: Any, tmp_path: Path) -> None:
    """Nothing is written outside the folder."""
    bucket.put_object(Bucket="bkt", Key="data/../../evil", Body=b"x")

    with pytest.raises(StorageError, match="would be written outside"):
        objects.get_tree("s3://bkt/data", tmp_path / "a" / "b")

    assert not (tmp_path / "evil").exists()

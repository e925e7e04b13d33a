"""Files and folders at `file://` and `s3://` addresses, alike. boto3 is imported when S3 is meant.

What is written to a `file://` address is whole or not there; S3 keeps that promise itself.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from rlcore.errors import DiskFull, InvalidArgument, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator


_DERIVED = re.compile(r"sagemaker-[a-z0-9-]+-(\d{12})")
_SESSION: ContextVar[Any] = ContextVar("session", default=None)


@contextmanager
def using(session: Any) -> Iterator[None]:
    """Ask S3 through a boto3 session in the block; None means the environment's credentials."""
    token = _SESSION.set(session)
    try:
        yield
    finally:
        _SESSION.reset(token)


def expected_owner(bucket: str) -> dict[str, str]:
    """Return the argument by which S3 checks the owner of a bucket whose name can be guessed.

    SageMaker's default buckets are named after region and account: whoever else made one first is
    not that account.
    """
    found = _DERIVED.fullmatch(bucket)
    return {"ExpectedBucketOwner": found[1]} if found else {}


def join(uri: str, *parts: str) -> str:
    """Return the address of *parts* below *uri*."""
    return "/".join([uri.rstrip("/"), *(part.strip("/") for part in parts)])


def to_path(uri: str) -> Path:
    """Return the path of a `file://` address; raise `InvalidArgument` for any other."""
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in {"", "localhost"}:
        msg = f"{uri!r} is not on this machine; a file:// address is wanted."
        raise InvalidArgument(msg)
    return Path(unquote(parts.path))


def exists(uri: str) -> bool:
    """Return whether there is a file, a folder, an object or objects below *uri*."""
    if not _is_s3(uri):
        return to_path(uri).exists()
    bucket, key = _split(uri)
    with _s3(uri) as client:
        found = client.list_objects_v2(
            Bucket=bucket, Prefix=key, MaxKeys=1, **expected_owner(bucket)
        )
    return bool(found.get("KeyCount"))


def check_writable(uri: str) -> None:
    """See, as far as this machine knows, that files can be written below *uri*.

    A folder is made and written to; for S3 there must be credentials, and nothing is sent.

    Raises:
        StorageError: They cannot; the message names the folder, or the way to give credentials.
    """
    if _is_s3(uri):
        _check_credentials(uri)
        return
    folder = to_path(uri)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            file.write(b"x")
    except OSError as error:
        raise written_error(error, folder) from error


def put(path: Path, uri: str) -> None:
    """Copy the file *path* to *uri*."""
    if _is_s3(uri):
        bucket, key = _split(uri)
        with _s3(uri) as client:
            client.upload_file(str(path), bucket, key, ExtraArgs=expected_owner(bucket))
    else:
        _copy(path, to_path(uri))


def get(uri: str, path: Path) -> None:
    """Copy the file at *uri* to *path*."""
    if _is_s3(uri):
        bucket, key = _split(uri)
        path.parent.mkdir(parents=True, exist_ok=True)
        with _s3(uri) as client:
            client.download_file(bucket, key, str(path), ExtraArgs=expected_owner(bucket))
    else:
        _copy(to_path(uri), path)


def fetched(uri: str, folder: Path) -> Path:
    """Return the path of the file at *uri*; one of another machine is copied into *folder*."""
    if not _is_s3(uri):
        return to_path(uri)
    path = folder / uri.rpartition("/")[2]
    get(uri, path)
    return path


def put_tree(folder: Path, uri: str) -> None:
    """Copy every file below *folder* to the same name below *uri*."""
    for file in _files(folder):
        put(file, join(uri, file.relative_to(folder).as_posix()))


def get_tree(uri: str, folder: Path) -> None:
    """Copy everything at or below *uri* into *folder*; a single file keeps its name."""
    if _is_s3(uri):
        _download_tree(uri, folder)
        return
    source = to_path(uri)
    if source.is_file():
        _copy(source, folder / source.name)
        return
    for file in _files(source):
        _copy(file, folder / file.relative_to(source))


def _is_s3(uri: str) -> bool:
    return uri.startswith("s3://")


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _copy(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy_whole(source, target)
    except OSError as error:
        raise written_error(error, target) from error


def _copy_whole(source: Path, target: Path) -> None:
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(handle)
    try:
        shutil.copyfile(source, temporary)
        shutil.copymode(source, temporary)
        Path(temporary).replace(target)
    finally:
        Path(temporary).unlink(missing_ok=True)


def is_full(error: BaseException) -> bool:
    """Return whether an error says that there is no room, or no more of it for this user."""
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}


def written_error(error: OSError, target: Path) -> StorageError:
    """Return why *target* could not be written as an error of ours: a full disk by its name."""
    if is_full(error):
        return DiskFull(f"No room left to write {target}. Free some, or write elsewhere.")
    return StorageError(f"{target} could not be written: {error}")


def _split(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    return parts.netloc, parts.path.lstrip("/")


@contextmanager
def _s3(uri: str) -> Iterator[Any]:
    """Yield a client; what it raises meanwhile becomes an error of ours that names *uri*."""
    import boto3  # noqa: PLC0415 - only when S3 is meant
    from boto3.exceptions import Boto3Error  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        yield (_SESSION.get() or boto3).client("s3")
    except (Boto3Error, BotoCoreError, ClientError) as error:
        msg = f"{uri} could not be read or written: {error}"
        raise StorageError(msg) from error


def _check_credentials(uri: str) -> None:
    import boto3  # noqa: PLC0415 - only when S3 is meant
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415

    cause = "there are no AWS credentials"
    try:
        if (_SESSION.get() or boto3.Session()).get_credentials() is not None:
            return
    except BotoCoreError as error:  # e.g. a profile that is not there
        cause = str(error)
    msg = (
        f"{uri} cannot be written to: {cause}. Give credentials by `aws configure`, by AWS_PROFILE,"
        " or by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; or write to a folder of this machine."
    )
    raise StorageError(msg)


def _download_tree(uri: str, folder: Path) -> None:
    bucket, prefix = _split(uri)
    owner = expected_owner(bucket)
    with _s3(uri) as client:
        pages = client.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=prefix, **owner
        )
        for key in (entry["Key"] for page in pages for entry in page.get("Contents", ())):
            target = _inside(folder, key.removeprefix(prefix).lstrip("/"), key)
            target.parent.mkdir(parents=True, exist_ok=True)
            client.download_file(bucket, key, str(target), ExtraArgs=owner)


def _inside(folder: Path, name: str, key: str) -> Path:
    """Return the path of *name* in *folder*; refuse a key that would lead out of it."""
    target = folder / (name or key.rpartition("/")[2])
    if os.path.commonpath([folder.resolve(), target.resolve()]) != str(folder.resolve()):
        msg = f"The key {key!r} leads outside {folder}; it is not downloaded."
        raise StorageError(msg)
    return target

"""Putting archives into buckets: once for the same content, and where the images look for it."""

from __future__ import annotations

import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rlcore.errors import ServiceError
from rlcore.platforms.sagemaker.failures import service_errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from rlcore.platforms.sagemaker.session import AwsSession
    from rlcore.source import Bundle

_LARGE = 10_000_000  # bytes from which the progress is shown
_NOT_READABLE = {"403", "404", "NoSuchKey", "AccessDenied"}


def put_bundle(
    session: AwsSession, bundle: Bundle, uri: str, *, by_digest: str, kms_key: str | None = None
) -> None:
    """Put a packed source at an address; the same content is not sent again.

    It is sent to an address that its digest names, unless it is there, and copied from there by S3
    itself; or straight, where objects may be written but not read.

    Args:
        session: AWS.
        bundle: The packed source.
        uri: Where it is wanted.
        by_digest: Where it is kept under its digest, in the same bucket.
        kms_key: Key that it is encrypted with.

    Raises:
        ServiceError: It could not be written.
        SourceError: A file has changed since it was planned.
    """
    client = session.client("s3")
    bucket, key = _split(uri)
    _, kept = _split(by_digest)
    owner = session.owner(bucket)
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
    if not _is_there(client, bucket, kept, owner):
        _send(client, bundle, bucket, kept, {**encryption, **owner})
    source = {"ExpectedSourceBucketOwner": owner["ExpectedBucketOwner"]} if owner else {}
    try:
        with service_errors("CopyObject"):
            client.copy_object(
                Bucket=bucket,
                Key=key,
                CopySource={"Bucket": bucket, "Key": kept},
                **encryption,
                **owner,
                **source,
            )
    except ServiceError as error:
        if error.unanswered:
            raise
        _send(client, bundle, bucket, key, {**encryption, **owner})


def put_file(session: AwsSession, path: Path, uri: str, *, kms_key: str | None = None) -> None:
    """Put a file at an address, in parts where it is large; the progress of a large one is shown.

    Raises:
        ServiceError: It could not be written.
    """
    bucket, key = _split(uri)
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
    extra = {**encryption, **session.owner(bucket)}
    _upload(session.client("s3"), path, bucket, key, extra)


def _split(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    return parts.netloc, parts.path.lstrip("/")


def _is_there(client: Any, bucket: str, key: str, owner: dict[str, str]) -> bool:
    try:
        with service_errors("HeadObject"):
            client.head_object(Bucket=bucket, Key=key, **owner)
    except ServiceError as error:
        if error.code in _NOT_READABLE:
            return False
        raise
    return True


def _send(client: Any, bundle: Bundle, bucket: str, key: str, extra: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory(prefix="rlcore-") as folder:
        path = Path(folder, "sourcedir.tar.gz")
        bundle.write(path)
        _upload(client, path, bucket, key, extra)


def _upload(client: Any, path: Path, bucket: str, key: str, extra: dict[str, str]) -> None:
    size = path.stat().st_size
    callback = _progress(f"s3://{bucket}/{key}", size) if size >= _LARGE else None
    with service_errors("PutObject"):
        client.upload_file(str(path), bucket, key, ExtraArgs=extra or None, Callback=callback)


def _progress(uri: str, size: int) -> Callable[[int], None]:
    """Return what counts the bytes that were sent, on standard error: a line for each tenth."""
    sent, told = 0, 0
    lock = threading.Lock()  # parts are sent by threads

    def count(more: int) -> None:
        nonlocal sent, told
        with lock:
            sent += more
            tenths = 10 * sent // size
            if tenths > told:
                told = tenths
                sys.stderr.write(f"Sending {uri}: {sent / 1e6:.0f} of {size / 1e6:.0f} MB\n")

    return count

"""Where the files of a job are in S3."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import attrs

from rlcore import storage
from rlcore.errors import PlatformError

if TYPE_CHECKING:
    from rlcore.spec import JobRequest

ARCHIVE = "sourcedir.tar.gz"
"""Name of the source archive, by which the images know it."""


@attrs.frozen(kw_only=True)
class Places:
    """Where a job's files are.

    Attributes:
        output: Address of the folder of artefacts.
        source: Address of the source archive.
        bundle: Address of the same archive by its digest, which `source` is a copy of; None where
            the archive was there already.
    """

    output: str
    source: str
    bundle: str | None


def places_of(request: JobRequest, bucket: str) -> Places:
    """Return where the files of a job are.

    Raises:
        PlatformError: It names a folder of this machine.
    """
    output = s3_address("output_path", request.output_path) or f"s3://{bucket}/"
    if request.source_uri:
        return Places(
            output=output, source=str(s3_address("source_dir", request.source_uri)), bundle=None
        )
    root = s3_address("code_location", request.options.get("code_location"))
    root = root or f"s3://{urlsplit(output).netloc}"
    return Places(
        output=output,
        source=storage.join(root, request.name, "source", ARCHIVE),
        bundle=storage.join(root, "rlcore/source", f"{request.source_digest}.tar.gz"),
    )


def s3_address(argument: str, given: str | None) -> str | None:
    """Return an address in S3, or None; raise `PlatformError` for any other."""
    if given is None or given.startswith("s3://"):
        return given
    if argument == "output_path" and given.startswith("file://"):
        msg = "file:// output paths are only supported in Local Mode"
    else:
        msg = f"{argument} must be an s3:// address for SageMaker; {given!r} was given."
    raise PlatformError(msg)

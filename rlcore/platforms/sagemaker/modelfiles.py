"""The archives of a model: where they are in S3, and sending those that are on this machine."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import attrs

from rlcore import storage
from rlcore.errors import InvalidArgument, StorageError
from rlcore.platforms.sagemaker import answers, making, upload
from rlcore.platforms.sagemaker.places import ARCHIVE

if TYPE_CHECKING:
    from rlcore.endpoints import ModelRequest
    from rlcore.platforms.sagemaker.session import AwsSession
    from rlcore.source import Bundle

CONTENT_TAG = "rlcore:content"
"""Tag of a model whose archives were sent from here: their digest."""

_MODEL = "model.tar.gz"
_BLOCK = 1 << 20


def check(request: ModelRequest, bundle: Bundle | None) -> ModelRequest:
    """Return the request as it will be once all that it names is in S3. Nothing is sent.

    Raises:
        StorageError: The model's archive is neither in S3 nor on this machine.
    """
    if bundle is not None:
        request = attrs.evolve(request, source_uri=f"s3://bucket/{ARCHIVE}")
    scheme = urlsplit(request.model_data).scheme
    if scheme == "s3":
        return request
    if scheme == "file" and storage.exists(request.model_data):
        return attrs.evolve(request, model_data=f"s3://bucket/{_MODEL}")
    msg = f"The model {request.model_data} is neither in S3 nor on this machine."
    raise StorageError(msg)


def digest(request: ModelRequest, bundle: Bundle | None) -> str:
    """Return the digest of what would be sent; empty where all of it is in S3."""
    if bundle is None and not _is_here(request):
        return ""
    found = hashlib.sha256((bundle.digest if bundle else "").encode())
    if _is_here(request):
        with storage.to_path(request.model_data).open("rb") as file:
            while block := file.read(_BLOCK):
                found.update(block)
    return found.hexdigest()


def sent(
    session: AwsSession, request: ModelRequest, name: str, bundle: Bundle | None, content: str
) -> ModelRequest:
    """Return the request with all that it names in S3; send what is not there yet.

    The addresses are the model's own, so what another model of the name reads is never replaced.

    Args:
        session: AWS.
        request: What is asked of the model.
        name: The model's name.
        bundle: Its inference code, where that is on this machine.
        content: The digest of what is to be sent.

    Raises:
        InvalidArgument: There is a model of the name that was made of something else.
        ServiceError: AWS refused, or could not be reached.
    """
    known = bool(content) and _is_known(session, name, content)
    key = request.options.get("model_kms_key")
    if bundle is not None:
        root = request.options.get("code_location") or f"s3://{session.default_bucket()}"
        source = storage.join(root, name, ARCHIVE)
        kept = storage.join(root, "rlcore/source", f"{bundle.digest}.tar.gz")
        if not known:
            upload.put_bundle(session, bundle, source, by_digest=kept, kms_key=key)
        request = attrs.evolve(request, source_uri=source)
    if _is_here(request):
        path, model = storage.to_path(request.model_data), f"{name}/{_MODEL}"
        uri = f"s3://{session.default_bucket()}/{model}"
        if not known:
            upload.put_file(session, path, uri, kms_key=key)
        request = attrs.evolve(request, model_data=uri)
    return request


def _is_here(request: ModelRequest) -> bool:
    return request.model_data.startswith("file://")


def _is_known(session: AwsSession, name: str, content: str) -> bool:
    """Tell whether there is a model of a name already, made of the same."""
    found = making.described(session, making.MODEL, name)
    if found is None:
        return False
    if answers.tags(session, found["ModelArn"]).get(CONTENT_TAG) == content:
        return True
    msg = (
        f"There is a model {name!r} that was made of another archive or other code. Choose another"
        " name (model_name=), or delete that one."
    )
    raise InvalidArgument(msg)

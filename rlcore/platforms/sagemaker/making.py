"""Making a model, its configuration and its endpoint: each once, or none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import attrs

from rlcore import storage
from rlcore.errors import EndpointExists, InvalidArgument, ServiceError, StorageError
from rlcore.platforms.sagemaker import creation, upload
from rlcore.platforms.sagemaker.failures import is_missing, is_taken, service_errors
from rlcore.platforms.sagemaker.places import ARCHIVE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import ExitStack

    from rlcore.endpoints import ModelRequest
    from rlcore.platforms.sagemaker.session import AwsSession
    from rlcore.source import Bundle


class _Ways(NamedTuple):
    """The client's methods for one kind of thing, and the field of its name."""

    create: str
    describe: str
    delete: str
    name: str


_WAYS = {
    "CreateModel": _Ways("create_model", "describe_model", "delete_model", "ModelName"),
    "CreateEndpointConfig": _Ways(
        "create_endpoint_config",
        "describe_endpoint_config",
        "delete_endpoint_config",
        "EndpointConfigName",
    ),
    "CreateEndpoint": _Ways(
        "create_endpoint", "describe_endpoint", "delete_endpoint", "EndpointName"
    ),
}


def elsewhere(request: ModelRequest, bundle: Bundle | None) -> ModelRequest:
    """Return the request as it will be once all that it names is in S3.

    Raises:
        StorageError: The model's archive is neither there nor on this machine.
    """
    if bundle is not None:
        request = attrs.evolve(request, source_uri=f"s3://bucket/{ARCHIVE}")
    scheme = urlsplit(request.model_data).scheme
    if scheme == "s3":
        return request
    if scheme == "file" and storage.exists(request.model_data):
        return attrs.evolve(request, model_data="s3://bucket/model.tar.gz")
    msg = f"The model {request.model_data} is neither in S3 nor on this machine."
    raise StorageError(msg)


def sent(
    session: AwsSession, request: ModelRequest, name: str, bundle: Bundle | None
) -> ModelRequest:
    """Return the request with all that it names in S3; send what is on this machine."""
    root = request.options.get("code_location")
    key = request.options.get("model_kms_key")
    if bundle is not None:
        root = root or f"s3://{session.default_bucket()}"
        source = storage.join(root, name, ARCHIVE)
        kept = storage.join(root, "rlcore/source", f"{bundle.digest}.tar.gz")
        upload.put_bundle(session, bundle, source, by_digest=kept, kms_key=key)
        request = attrs.evolve(request, source_uri=source)
    if request.model_data.startswith("file://"):
        model = f"s3://{session.default_bucket()}/{name}/model.tar.gz"
        upload.put_file(session, storage.to_path(request.model_data), model, kms_key=key)
        request = attrs.evolve(request, model_data=model)
    return request


def create(session: AwsSession, operation: str, fields: Mapping[str, Any], undo: ExitStack) -> None:
    """Create one thing, unless the same is there; register how it is deleted again.

    Raises:
        EndpointExists: There is an endpoint of the name.
        InvalidArgument: There is another model or configuration of the name.
        ServiceError: AWS refused, or could not be reached.
    """
    ways = _WAYS[operation]
    named = {ways.name: fields[ways.name]}

    def look(client: Any) -> Mapping[str, Any]:
        found: Mapping[str, Any] = getattr(client, ways.describe)(**named)
        return found

    try:
        creation.create(session, ways.create, fields, look)
    except ServiceError as error:
        if not is_taken(error):
            raise
        if operation == "CreateEndpoint":
            raise endpoint_exists(fields[ways.name]) from error
        with service_errors("Describe"):
            found = look(session.client("sagemaker"))
        _check_same(operation, fields[ways.name], fields, found)
    else:
        undo.callback(delete, session, ways.delete, **named)


def delete(session: AwsSession, method: str, **named: str) -> None:
    """Delete something, unless it is gone already."""
    try:
        with service_errors(method):
            getattr(session.client("sagemaker"), method)(**named)
    except ServiceError as error:
        if not is_missing(error):
            raise


def endpoint_exists(name: str) -> EndpointExists:
    """Return the error for a name that an endpoint has."""
    msg = (
        f"There is an endpoint {name!r} on SageMaker already. Choose another endpoint_name, or"
        f" delete it: rlcore delete {name} --platform sagemaker"
    )
    return EndpointExists(msg)


def _check_same(
    operation: str, name: str, fields: Mapping[str, Any], found: Mapping[str, Any]
) -> None:
    other = [each for each in fields if not creation.same({each: fields[each]}, found)]
    if other:
        msg = (
            f"{operation}: there is one of the name {name!r} that differs in {', '.join(other)}."
            " Choose another name (model_name=, endpoint_name=), or delete that one."
        )
        raise InvalidArgument(msg)

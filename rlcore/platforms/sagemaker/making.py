"""Making what hosting is made of: each thing once, and all of them or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from rlcore.errors import InvalidArgument, RLCoreError, ServiceError
from rlcore.platforms.sagemaker import creation
from rlcore.platforms.sagemaker.failures import is_missing, is_taken, service_errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from typing_extensions import Self

    from rlcore.platforms.sagemaker.session import AwsSession

MODEL, CONFIGURATION, ENDPOINT = "CreateModel", "CreateEndpointConfig", "CreateEndpoint"
OPERATIONS = (MODEL, CONFIGURATION, ENDPOINT)
"""What brings a model into service, in this order."""

# Where a thing that is there may have more than was asked for, and is then another one.
_EXACT = "PrimaryContainer.Environment"
_TELLING = (
    *("AsyncInferenceConfig", "DataCaptureConfig", "EnableNetworkIsolation", "KmsKeyId"),
    "VpcConfig",
)
_UNTOLD = {"Tags"}  # no description has them


@attrs.frozen
class _Kind:
    """How things of a kind are called, by people and by boto3."""

    noun: str
    method: str
    field: str
    shared: bool


_KINDS = {
    MODEL: _Kind("model", "model", "ModelName", shared=True),
    CONFIGURATION: _Kind(
        "endpoint configuration", "endpoint_config", "EndpointConfigName", shared=True
    ),
    ENDPOINT: _Kind("endpoint", "endpoint", "EndpointName", shared=False),
}
"""By operation; what is shared is used again where the same is there already."""


class Making:
    """A block in which things are made; where it fails, those that it has made are deleted again.

    Args:
        session: AWS.
    """

    def __init__(self, session: AwsSession) -> None:
        """Nothing is made yet."""
        self._session = session
        self._made: list[tuple[str, str]] = []
        self._doubtful = False

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def make(self, operation: str, fields: Mapping[str, Any]) -> None:
        """Make a thing, unless it is one that may be shared and the same is there already.

        Raises:
            InvalidArgument: Another one has its name.
            ServiceError: AWS refused, or could not be reached.
        """
        kind = _KINDS[operation]
        name = fields[kind.field]
        try:
            creation.create(
                self._session,
                f"create_{kind.method}",
                fields,
                lambda client: _described(client, kind, name),
            )
        except ServiceError as error:
            self._doubtful = error.unanswered
            if not (kind.shared and is_taken(error)):
                raise
            self._check_same(operation, fields, error)
        else:
            self._made.append((operation, name))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Delete what was made, if the block has failed, and say so in its error.

        Where the last thing may be there nothing is deleted: it would need the others.
        """
        if error is None:
            return
        undo = self._kept if self._doubtful else self._undone
        told = [undo(*made) for made in reversed(self._made)]
        if isinstance(error, RLCoreError):
            error.args = (" ".join([str(error), *told]), *error.args[1:])

    @staticmethod
    def _kept(operation: str, name: str) -> str:
        return f"The {_KINDS[operation].noun} {name!r}, which was made for it, stays."

    def _undone(self, operation: str, name: str) -> str:
        """Delete a thing, and return what became of it."""
        what = f"The {_KINDS[operation].noun} {name!r}, which was made for it,"
        try:
            delete(self._session, operation, name)
        except ServiceError as error:
            return f"{what} is still there, since it could not be deleted: {error}"
        return f"{what} is deleted again."

    def _check_same(self, operation: str, fields: Mapping[str, Any], taken: ServiceError) -> None:
        kind = _KINDS[operation]
        with service_errors("Describe"):
            client = self._session.client("sagemaker")
            found = _described(client, kind, fields[kind.field])
        other = ", ".join(differences(fields, found))
        if other:
            msg = (
                f"There is a {kind.noun} {fields[kind.field]!r} that differs in {other}. Choose"
                " another name (model_name=, endpoint_name=), or delete that one."
            )
            raise InvalidArgument(msg) from taken


def described(session: AwsSession, operation: str, name: str) -> Mapping[str, Any] | None:
    """Return what is there under a name, as its Describe operation answers; None for nothing."""
    kind = _KINDS[operation]
    try:
        with service_errors(operation.replace("Create", "Describe")):
            return _described(session.client("sagemaker", polling=True), kind, name)
    except ServiceError as error:
        if is_missing(error):
            return None
        raise


def delete(session: AwsSession, operation: str, name: str) -> None:
    """Delete what an operation makes, unless it is gone already."""
    kind = _KINDS[operation]
    try:
        with service_errors(operation.replace("Create", "Delete")):
            getattr(session.client("sagemaker"), f"delete_{kind.method}")(**{kind.field: name})
    except ServiceError as error:
        if not is_missing(error):
            raise


def differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Return the fields in which something that is there is not what is wanted, by their paths.

    The service adds fields of its own; those that say what was asked for are compared, too.
    """
    more = [name for name in _TELLING if found.get(name) and name not in wanted]
    told = {name: value for name, value in wanted.items() if name not in _UNTOLD}
    return [*_different(told, found, ""), *more]


def _different(wanted: Any, found: Any, path: str) -> Iterator[str]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        inner = f"{path}." if path else ""
        for name in wanted:
            yield from _different(wanted[name], found.get(name), f"{inner}{name}")
        if path == _EXACT:
            yield from (f"{inner}{name}" for name in found if name not in wanted)
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for index, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from _different(one, other, f"{path}[{index}]")
    elif wanted != found:
        yield path


def _described(client: Any, kind: _Kind, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = getattr(client, f"describe_{kind.method}")(**{kind.field: name})
    return found

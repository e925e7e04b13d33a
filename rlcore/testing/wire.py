"""AWS's own models, as botocore carries them: what a request must be, and what an answer may be."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

from rlcore.platforms.sagemaker.shapes import compiled
from rlcore.testing.errors import Refusal, invalid, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_SHOWN = 100  # characters of a value
_MISSING = "Member must not be null"
_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list, tuple),
    "string": (str,),
    "blob": (str, bytes),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float, str),
}


# The model says that each description has it; the service leaves it out until there is one.
_LEFT_OUT = {f"Value null at 'modelArtifacts' failed to satisfy constraint: {_MISSING}"}


class _At(NamedTuple):
    """A value, where it stands, and botocore's shape of it."""

    path: str
    value: Any
    shape: Any


@functools.cache
def model(service: str) -> Any:
    """Return botocore's model of a service, by boto3's name of it."""
    from botocore.loaders import Loader  # noqa: PLC0415 - clients import it anyhow
    from botocore.model import ServiceModel  # noqa: PLC0415 - likewise

    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def check_request(service: str, operation: str, request: Mapping[str, Any]) -> None:
    """Refuse a request that is not as the service's model has it, in the service's words."""
    if operation not in model(service).operation_names:
        raise unknown(operation)
    shape = model(service).operation_model(operation).input_shape
    found = list(_wrong(_At("", request, shape))) if shape else []
    if found:
        count = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected"
        msg = f"{count}: {'; '.join(found)}"
        raise invalid(msg)


def check_answer(service: str, operation: str, answer: Mapping[str, Any]) -> None:
    """Say so where the fake itself would answer what the service never does."""
    shape = model(service).operation_model(operation).output_shape
    found = list(_wrong(_At("", answer, shape))) if shape else list(answer)
    found = [each for each in found if each not in _LEFT_OUT]
    if found:
        code, told = "FakeBroken", f"{operation} would answer otherwise than the service: {found}"
        raise Refusal(code, told, 400)


def _wrong(at: _At) -> Iterator[str]:
    """Yield what is wrong with a value, and with those inside it."""
    kind = at.shape.type_name
    wanted = _TYPES[kind]
    if not isinstance(at.value, wanted) or (isinstance(at.value, bool) and bool not in wanted):
        yield _told(at, f"Member must be of type {kind}")
        return
    yield from _CHECKS.get(kind, _nothing)(at)


def _nothing(_: _At) -> Iterator[str]:
    return iter(())


def _structure(at: _At) -> Iterator[str]:
    members = at.shape.members
    for name in at.shape.required_members:
        if at.value.get(name) is None:
            yield _told(_At(_joined(at.path, name), None, None), _MISSING)
    for name, value in at.value.items():
        if name not in members:
            yield f"Unknown member '{_joined(at.path, name)}'"
        elif value is not None:
            yield from _wrong(_At(_joined(at.path, name), value, members[name]))


def _list(at: _At) -> Iterator[str]:
    yield from _length(at)
    for number, value in enumerate(at.value, 1):
        yield from _wrong(_At(f"{at.path}.{number}.member", value, at.shape.member))


def _map(at: _At) -> Iterator[str]:
    yield from _length(at)
    for key, value in at.value.items():
        yield from _wrong(_At(f"{at.path}.key", key, at.shape.key))
        yield from _wrong(_At(f"{at.path}.{key}.value", value, at.shape.value))


def _string(at: _At) -> Iterator[str]:
    allowed = at.shape.metadata.get("enum")
    if allowed is not None:
        if at.value not in allowed:
            yield _told(at, f"Member must satisfy enum value set: [{', '.join(allowed)}]")
        return
    yield from _length(at)
    pattern = at.shape.metadata.get("pattern")
    regex = compiled(pattern) if pattern else None
    if regex and not regex.fullmatch(at.value):
        yield _told(at, f"Member must satisfy regular expression pattern: {pattern}")


def _length(at: _At) -> Iterator[str]:
    return _range(at, len(at.value), "length")


def _number(at: _At) -> Iterator[str]:
    return _range(at, at.value, "value")


def _range(at: _At, size: float, what: str) -> Iterator[str]:
    least, most = at.shape.metadata.get("min"), at.shape.metadata.get("max")
    if least is not None and size < least:
        yield _told(at, f"Member must have {what} greater than or equal to {least}")
    if most is not None and size > most:
        yield _told(at, f"Member must have {what} less than or equal to {most}")


def _told(at: _At, constraint: str) -> str:
    shown = "null" if at.value is None else f"'{at.value!s:.{_SHOWN}}'"
    return f"Value {shown} at '{at.path}' failed to satisfy constraint: {constraint}"


def _joined(path: str, name: str) -> str:
    """Return the path of a member, whose name begins with a small letter in the service's words."""
    own = name[:1].lower() + name[1:]
    return f"{path}.{own}" if path else own


_CHECKS: dict[str, Callable[[_At], Iterator[str]]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    **dict.fromkeys(("integer", "long", "float", "double"), _number),
}

"""Requests checked offline, against the service's own model as botocore carries it.

botocore's own validation knows types, required members and least lengths; the service refuses
more, and only when the source has been sent already. This walk of the same shapes knows patterns,
greatest lengths and enumerations too. The model is read straight from botocore's data, since
importing boto3 takes longer than all of a plan.
"""

from __future__ import annotations

import functools
import gzip
import importlib.util
import json
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from rlcore import arguments, hostingarguments
from rlcore.errors import InvalidArgument, PlatformError, did_you_mean

_MODEL = "data/sagemaker/*/service-2.json.gz"
_SHOWN = 60  # characters of a value
_LISTED = 12  # values of an enumeration
_SECRET = ("Environment", "HyperParameters")  # whose values are not shown
_INSTANCE_TYPE = re.compile(r"ml\.[a-z0-9-]+\.[a-z0-9-]+")
# Classes of characters as Java has them, where Python has the like.
_CLASSES = {r"\p{L}": r"\w", r"\p{N}": r"\d", r"\p{Z}": r"\s", r"\p{Alnum}": "a-zA-Z0-9"}
# Arguments that fill a part of a field that another one is for.
_PARTLY = {
    *("container_log_level", "enable_cloudwatch_metrics", "entry_point", "model_server_workers"),
    *("model_uri", "source_dir"),
}
_NUMBERS = {"integer", "long", "float", "double"}


class _At(NamedTuple):
    """A value, where it stands in the request, and what the model says of it."""

    path: str
    value: Any
    shape: Mapping[str, Any]


def check(operation: str, request: Mapping[str, Any]) -> None:
    """See that the service would take a request; an instance type that is new only warns.

    Args:
        operation: The operation, e.g. `CreateTrainingJob`.
        request: Its fields, as boto3 takes them.

    Raises:
        InvalidArgument: It would not; every field that is wrong is told, with what is allowed and
            with the argument of rlcore that fills it.
    """
    shapes = model_shapes()
    at = _At("", request, shapes[_model()["operations"][operation]["input"]["shape"]])
    found = [f"{told.rstrip('.')}." for told in _wrong(at)]
    if found:
        lines = "\n".join(f"  {each}" for each in found)
        msg = f"{operation} would be refused:\n{lines}"
        raise InvalidArgument(msg)


def compiled(pattern: str) -> re.Pattern[str] | None:
    """Return a pattern of the service, which is Java's; None for one that Python cannot say."""
    for theirs, ours in _CLASSES.items():
        pattern = pattern.replace(theirs, ours)
    try:
        return _compile(pattern)
    except re.error:
        return None


@functools.cache
def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@functools.cache
def _model() -> dict[str, Any]:
    found = importlib.util.find_spec("botocore")
    files = sorted(Path(str(found.origin)).parent.glob(_MODEL)) if found else []
    if not files:
        msg = "The botocore that is installed has no model of SageMaker. Reinstall it: botocore"
        raise PlatformError(msg)
    model: dict[str, Any] = json.loads(gzip.decompress(files[-1].read_bytes()))
    return model


def model_shapes() -> dict[str, Any]:
    """Return all shapes of the service's model, by name."""
    shapes: dict[str, Any] = _model()["shapes"]
    return shapes


def _wrong(at: _At) -> Iterator[str]:
    """Yield what is wrong with a value, and with those inside it."""
    yield from _CHECKS.get(at.shape["type"], _nothing)(at)


def _nothing(_: _At) -> Iterator[str]:
    return iter(())


def _structure(at: _At) -> Iterator[str]:
    if not isinstance(at.value, Mapping):
        yield _told(at, "a structure is wanted")
        return
    members = at.shape["members"]
    for name in at.shape.get("required", ()):
        if at.value.get(name) is None:
            yield f"{_joined(at.path, name)} is missing{_argument(_joined(at.path, name))}"
    if at.shape.get("union") and len(at.value) != 1:
        yield _told(at, f"exactly one of {', '.join(members)} is wanted")
    for name, value in at.value.items():
        path = _joined(at.path, name)
        if name in members:
            yield from _wrong(_At(path, value, model_shapes()[members[name]["shape"]]))
        else:
            yield f"{path} is no field of the service.{did_you_mean(name, members)}"


def _list(at: _At) -> Iterator[str]:
    if isinstance(at.value, str) or not isinstance(at.value, Sequence):
        yield _told(at, "a list is wanted")
        return
    yield from _range(at, len(at.value), "entries")
    member = model_shapes()[at.shape["member"]["shape"]]
    for index, value in enumerate(at.value):
        yield from _wrong(_At(f"{at.path}[{index}]", value, member))


def _map(at: _At) -> Iterator[str]:
    if not isinstance(at.value, Mapping):
        yield _told(at, "a mapping is wanted")
        return
    yield from _range(at, len(at.value), "entries")
    key, member = (model_shapes()[at.shape[part]["shape"]] for part in ("key", "value"))
    for name, value in at.value.items():
        yield from _wrong(_At(f"the name of {at.path}[{name!r}]", name, key))
        yield from _wrong(_At(f"{at.path}[{name!r}]", value, member))


def _string(at: _At) -> Iterator[str]:
    if not isinstance(at.value, str):
        yield _told(at, "a string is wanted")
        return
    if "enum" in at.shape:
        yield from _enumeration(at)
        return
    yield from _range(at, len(at.value), "characters")
    pattern = compiled(at.shape["pattern"]) if "pattern" in at.shape else None
    if pattern and not pattern.fullmatch(at.value):
        yield _told(at, f"it must match {at.shape['pattern']}")


def _enumeration(at: _At) -> Iterator[str]:
    allowed = at.shape["enum"]
    if at.value in allowed:
        return
    if at.path.endswith("InstanceType") and _INSTANCE_TYPE.fullmatch(at.value):
        msg = (
            f"{at.value} is no instance type that this botocore knows; SageMaker may know it."
            f"{did_you_mean(at.value, allowed)}"
        )
        warnings.warn(msg, UserWarning, stacklevel=2)
        return
    shown = ", ".join(allowed[:_LISTED]) + (", ..." if len(allowed) > _LISTED else "")
    yield _told(at, f"allowed are {shown}.{did_you_mean(at.value, allowed)}")


def _number(at: _At) -> Iterator[str]:
    kinds = (int,) if at.shape["type"] in {"integer", "long"} else (int, float)
    if isinstance(at.value, bool) or not isinstance(at.value, kinds):
        yield _told(at, "a whole number is wanted" if len(kinds) == 1 else "a number is wanted")
        return
    yield from _range(at, at.value, "")


def _boolean(at: _At) -> Iterator[str]:
    if not isinstance(at.value, bool):
        yield _told(at, "True or False is wanted")


def _timestamp(at: _At) -> Iterator[str]:
    if not isinstance(at.value, (datetime, int, float, str)):
        yield _told(at, "a time is wanted")


def _range(at: _At, size: float, unit: str) -> Iterator[str]:
    least, most = at.shape.get("min"), at.shape.get("max")
    if (least is None or size >= least) and (most is None or size <= most):
        return
    limits = [f"{least} at least"] if least is not None else []
    limits += [f"{most} at most"] if most is not None else []
    counted = f"it has {size} {unit}, and " if unit else ""
    yield _told(at, f"{counted}allowed are {' and '.join(limits)}")


def _told(at: _At, why: str) -> str:
    hidden = at.path.startswith(_SECRET)
    shown = "" if hidden or not at.path else f" is {at.value!r:.{_SHOWN}}"
    return f"{at.path or 'The request'}{shown}: {why}{_argument(at.path)}"


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _argument(path: str) -> str:
    """Return ` (argument)` for a field that an argument of ours fills."""
    plain = re.sub(r"\[[^]]*\]", "", path)
    known = _arguments()
    name = known.get(plain) or known.get(plain.partition(".")[0])
    return f" ({name}=)" if name else ""


@functools.cache
def _arguments() -> dict[str, str]:
    tables = (*hostingarguments.ENDPOINT, *hostingarguments.MODEL, *arguments.ARGUMENTS)
    return {each.field: each.name for each in tables if each.field and each.name not in _PARTLY}


_CHECKS: dict[str, Callable[[_At], Iterator[str]]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "boolean": _boolean,
    "timestamp": _timestamp,
    **dict.fromkeys(_NUMBERS, _number),
}

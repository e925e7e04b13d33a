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
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from rlcore import arguments, hostingarguments
from rlcore.errors import InvalidArgument, PlatformError, did_you_mean
from rlcore.warning import warn

_MODEL = "data/sagemaker/*/service-2.json*"  # packed, but not in every distribution
_SHOWN = 60  # characters of a value, or of a name
_LISTED = 12  # values of an enumeration
_SECRET = re.compile(r"\b(Environment|HyperParameters)\b")  # whose values are not shown
_INSTANCE_TYPE = re.compile(r"ml\.[a-z0-9-]+\.[a-z0-9-]+")
# Classes of characters as Java has them, where Python has the like. Java's \w, \d and \s are ASCII.
_CLASSES = {r"\p{L}": r"\w", r"\p{N}": r"\d", r"\p{Z}": r"\s"}
_ALNUM = r"\p{Alnum}"
# Arguments that fill a part of a field that another one is for.
_PARTLY = {
    *("container_log_level", "enable_cloudwatch_metrics", "entry_point", "model_server_workers"),
    *("model_uri", "source_dir"),
}
# What the arguments of `fit` fill, which is in no table.
_OF_FIT = {"TrainingJobName": "job_name", "InputDataConfig": "inputs"}
_NAME_OF = "the name of "
_BITS = {"integer": 31, "long": 63}
_NUMBERS = {"integer", "long", "float", "double"}


class _At(NamedTuple):
    """A value, where it stands in the request, and what the model says of it."""

    path: str
    value: Any
    shape: Mapping[str, Any]
    owner: str  # the operation

    def member(self, path: str, value: Any, shape: str) -> _At:
        """Return a value inside this one."""
        return _At(path, value, model_shapes()[shape], self.owner)


def check(operation: str, request: Mapping[str, Any]) -> None:
    """See that the service would take a request; an instance type that is new only warns.

    Args:
        operation: The operation, e.g. `CreateTrainingJob`.
        request: Its fields, as boto3 takes them.

    Raises:
        InvalidArgument: It would not; every field that is wrong is told, with what is allowed and
            with the argument of rlcore that fills it.
    """
    name = _model()["operations"][operation]["input"]["shape"]
    at = _At("", request, model_shapes()[name], operation)
    found = [told if told.endswith("?") else f"{told.rstrip('.')}." for told in _wrong(at)]
    if found:
        lines = "\n".join(f"  {each}" for each in found)
        msg = f"{operation} would be refused:\n{lines}"
        raise InvalidArgument(msg)


def compiled(pattern: str) -> re.Pattern[str] | None:
    """Return a pattern of the service, which is Java's; None for one that Python cannot say."""
    pattern = pattern.replace(_ALNUM, "a-zA-Z0-9")
    flags = 0 if "\\p{" in pattern else re.ASCII
    for theirs, ours in _CLASSES.items():
        pattern = pattern.replace(theirs, ours)
    return _compile(pattern, flags)


@functools.cache
def _compile(pattern: str, flags: int) -> re.Pattern[str] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Python warns of Java's [a-z&&[^x]], and reads it else
            return re.compile(pattern, flags)
    except (re.error, FutureWarning, DeprecationWarning, OverflowError):
        return None


@functools.cache
def _model() -> dict[str, Any]:
    found = importlib.util.find_spec("botocore")
    files = sorted(Path(str(found.origin)).parent.glob(_MODEL)) if found else []
    if not files:
        msg = "The botocore that is installed has no model of SageMaker. Reinstall it: botocore"
        raise PlatformError(msg)
    found_bytes = files[-1].read_bytes()
    packed = files[-1].suffix == ".gz"
    model: dict[str, Any] = json.loads(gzip.decompress(found_bytes) if packed else found_bytes)
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
            missing = _joined(at.path, name)
            yield f"{missing} is missing{_argument(at.owner, missing)}"
    if at.shape.get("union") and len(at.value) != 1:
        yield _told(at, f"exactly one of {', '.join(members)} is wanted")
    for name, value in at.value.items():
        path = _joined(at.path, _cut(str(name)))
        if name not in members:
            yield f"{path} is no field of the service.{did_you_mean(str(name), members)}"
        elif value is not None or name not in at.shape.get("required", ()):
            yield from _wrong(at.member(path, value, members[name]["shape"]))


def _list(at: _At) -> Iterator[str]:
    if not isinstance(at.value, (list, tuple)):
        yield _told(at, "a list is wanted")
        return
    yield from _range(at, len(at.value), "entries")
    for index, value in enumerate(at.value):
        yield from _wrong(at.member(f"{at.path}[{index}]", value, at.shape["member"]["shape"]))


def _map(at: _At) -> Iterator[str]:
    if not isinstance(at.value, Mapping):
        yield _told(at, "a mapping is wanted")
        return
    yield from _range(at, len(at.value), "entries")
    key, member = (at.shape[part]["shape"] for part in ("key", "value"))
    for name, value in at.value.items():
        path = f"{at.path}[{_cut(repr(name))}]"
        yield from _wrong(at.member(f"{_NAME_OF}{path}", name, key))
        yield from _wrong(at.member(path, value, member))


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
        warn(msg)
        return
    shown = ", ".join(allowed[:_LISTED]) + (" and more" if len(allowed) > _LISTED else "")
    yield _told(at, f"allowed are {shown}.{did_you_mean(at.value, allowed)}")


def _number(at: _At) -> Iterator[str]:
    bits = _BITS.get(at.shape["type"])
    if isinstance(at.value, bool) or not isinstance(at.value, int if bits else (int, float)):
        yield _told(at, "a whole number is wanted" if bits else "a number is wanted")
    elif bits and not -(2**bits) <= at.value < 2**bits:
        yield _told(at, f"{bits + 1} bits must hold it")
    else:
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
    return f"{at.path or 'The request'}{_shown(at)}: {why}{_argument(at.owner, at.path)}"


def _shown(at: _At) -> str:
    """Return ` is 'value'`; nothing where it may be a secret, or have one inside."""
    is_name = at.path.startswith(_NAME_OF)
    text = repr(at.value) if at.path else ""
    if not text or is_name or _SECRET.search(at.path):
        return ""
    inside = not isinstance(at.value, (str, int, float)) and _SECRET.search(text)
    return " is wrong" if inside else f" is {_cut(text)}"


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _argument(operation: str, path: str) -> str:
    """Return ` (argument=)` for a field that an argument of ours fills, alone or with others."""
    plain = re.sub(r"\[.*?\](?=\.|\[|$)", "", path.removeprefix(_NAME_OF))
    known = _arguments(of_training="TrainingJob" in operation)
    while plain and plain not in known:
        plain = plain.rpartition(".")[0]
    return f" ({known[plain]}=)" if plain else ""


@functools.cache
def _arguments(*, of_training: bool) -> dict[str, str]:
    tables = (
        arguments.ARGUMENTS
        if of_training
        else (*hostingarguments.ENDPOINT, *hostingarguments.MODEL)
    )
    known = {each.field: each.name for each in tables if each.field and each.name not in _PARTLY}
    return {**known, **_OF_FIT} if of_training else known


_CHECKS: dict[str, Callable[[_At], Iterator[str]]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "boolean": _boolean,
    "timestamp": _timestamp,
    **dict.fromkeys(_NUMBERS, _number),
}

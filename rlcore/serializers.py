"""What is sent to an endpoint and what it answers, written and read.

A serializer has `CONTENT_TYPE` and `serialize(data)`, a deserializer `ACCEPT` and
`deserialize(stream, content_type)`, as in the SageMaker SDK; the first generation's functions with
an attribute `content_type` or `accept` do too. numpy is used where the caller has imported it.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import IO, Any

from rlcore.errors import InvalidArgument, InvocationFailed

JSON, NPY, CSV, BYTES = (
    "application/json",
    "application/x-npy",
    "text/csv",
    "application/octet-stream",
)
_SHOWN = 200


class _Serializer:
    """Sends what is bytes or a file as it is, and writes anything else in its format."""

    CONTENT_TYPE = BYTES

    def __init__(self, content_type: str | None = None) -> None:
        self.CONTENT_TYPE = content_type or self.CONTENT_TYPE

    def serialize(self, data: Any) -> bytes:
        """Return *data* in the format; what is bytes or a file is taken to be in it already."""
        body = _ready(data)
        return self._written(data) if body is None else body

    def _written(self, data: Any) -> bytes:
        raise NotImplementedError


class JSONSerializer(_Serializer):
    """Writes JSON; arrays and numbers of numpy and of the frameworks may be anywhere in it."""

    CONTENT_TYPE = JSON

    def _written(self, data: Any) -> bytes:
        try:
            return json.dumps(data, default=_plain, separators=(",", ":")).encode()
        except (TypeError, ValueError, RecursionError) as error:
            msg = f"JSON cannot hold what was given: {error}."
            raise InvalidArgument(msg) from error


class CSVSerializer(_Serializer):
    """Writes a row, or rows, of numbers as CSV; text is taken to be CSV already."""

    CONTENT_TYPE = CSV

    def _written(self, data: Any) -> bytes:
        if isinstance(data, str):
            return data.encode()
        plain = data.tolist() if hasattr(data, "tolist") else data
        if not isinstance(plain, Iterable) or isinstance(plain, Mapping):
            msg = f"CSV holds a row or a list of rows; a {type(data).__name__} was given."
            raise InvalidArgument(msg)
        rows = [each.tolist() if hasattr(each, "tolist") else each for each in plain]
        flat = not any(isinstance(row, (list, tuple)) for row in rows)
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([rows] if flat else rows)
        return text.getvalue().encode()


class NumpySerializer(_Serializer):
    """Writes numpy's own format, without pickled objects."""

    CONTENT_TYPE = NPY

    def __init__(self, dtype: Any = None, content_type: str | None = None) -> None:
        super().__init__(content_type)
        self.dtype = dtype

    def _written(self, data: Any) -> bytes:
        numpy = _numpy("NumpySerializer")
        try:
            array = numpy.asarray(data, dtype=self.dtype)
            file = io.BytesIO()
            numpy.save(file, array, allow_pickle=False)
        except (TypeError, ValueError) as error:
            msg = f"numpy's format cannot hold what was given without pickle: {error}."
            raise InvalidArgument(msg) from error
        return file.getvalue()


class IdentitySerializer(_Serializer):
    """Sends bytes, text or a file as it is."""

    def _written(self, data: Any) -> bytes:
        if isinstance(data, str):
            return data.encode()
        msg = f"Only bytes, text or a file is sent as it is; a {type(data).__name__} was given."
        raise InvalidArgument(msg)


class _Deserializer:
    """Reads an answer to its end, and tells what it begins with where it cannot be read."""

    ACCEPT = "*/*"

    def __init__(self, accept: str | None = None) -> None:
        self.ACCEPT = accept or self.ACCEPT

    def deserialize(self, stream: IO[bytes], content_type: str) -> Any:
        """Return the answer's value."""
        with closing(stream):
            body = stream.read()
        try:
            return self._value(body)
        except (ValueError, RecursionError, OSError, EOFError, csv.Error) as error:
            raise _unreadable(body, content_type, error) from error

    def _value(self, body: bytes) -> Any:
        raise NotImplementedError


class JSONDeserializer(_Deserializer):
    """Reads JSON."""

    ACCEPT = JSON

    def _value(self, body: bytes) -> Any:
        return json.loads(body)


class CSVDeserializer(_Deserializer):
    """Reads lines of CSV into lists of text."""

    ACCEPT = CSV

    def _value(self, body: bytes) -> list[list[str]]:
        return list(csv.reader(body.decode().splitlines()))


class NumpyDeserializer(_Deserializer):
    """Reads numpy's own format; an array of pickled objects is refused."""

    ACCEPT = NPY

    def _value(self, body: bytes) -> Any:
        return _numpy("NumpyDeserializer").load(io.BytesIO(body), allow_pickle=False)


class StringDeserializer(_Deserializer):
    """Reads text in UTF-8."""

    def _value(self, body: bytes) -> str:
        return body.decode()


class BytesDeserializer(_Deserializer):
    """Leaves the answer as it is."""

    def _value(self, body: bytes) -> bytes:
        return body


def content_type_of(serializer: Any) -> str:
    """Return the MIME type of what a serializer writes."""
    return str(_attribute(serializer, "CONTENT_TYPE", "content_type") or BYTES)


def accept_of(deserializer: Any) -> str:
    """Return the MIME types that a deserializer reads, as the header has them."""
    accept = _attribute(deserializer, "ACCEPT", "accept") or "*/*"
    return accept if isinstance(accept, str) else ", ".join(accept)


def serialized(serializer: Any, data: Any) -> bytes:
    """Return *data* as a serializer of either generation, or none, writes it."""
    write = getattr(serializer, "serialize", serializer) or IdentitySerializer().serialize
    body = write(data)
    return body.encode() if isinstance(body, str) else bytes(body)


def deserialized(deserializer: Any, body: bytes, content_type: str) -> Any:
    """Return what a deserializer of either generation, or none, reads."""
    read = getattr(deserializer, "deserialize", deserializer)
    return read(io.BytesIO(body), content_type) if read else body


def array(value: Any) -> Any:
    """Return an action as arrays, part by part, where the caller has imported numpy.

    A single whole number stays one. Lists of whole numbers become `int64`; others `float32` where
    that keeps every value, else `float64`. Parts of unlike kinds stay a list.
    """
    numpy = sys.modules.get("numpy")
    if numpy is None or isinstance(value, (int, float, str)) or value is None:
        return value
    if isinstance(value, dict):
        return {name: array(part) for name, part in value.items()}
    kinds = set(_kinds(value))
    try:
        found = numpy.array(value) if len(kinds) == 1 else None
    except ValueError:  # of several lengths
        found = None
    if found is None or found.dtype.kind not in "bif":
        return [array(part) for part in value]
    if found.dtype.kind != "f":
        return found
    with numpy.errstate(over="ignore"):
        short = found.astype(numpy.float32)
    return short if (short == found).all() else found


def _attribute(owner: Any, name: str, old_name: str) -> Any:
    return getattr(owner, name, None) or getattr(owner, old_name, None)


def _kinds(value: Any) -> Iterable[type]:
    if isinstance(value, list):
        for part in value:
            yield from _kinds(part)
    else:
        yield type(value)


def _plain(value: Any) -> Any:
    """Return what JSON has no word for as lists, dictionaries and numbers."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    msg = f"a {type(value).__name__} is no number, list, dictionary or array"
    raise TypeError(msg)


def _ready(data: Any) -> bytes | None:
    """Return the content of bytes or a file, None for anything else."""
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data)
    if not hasattr(data, "read"):
        return None
    content = data.read()
    return content.encode() if isinstance(content, str) else bytes(content)


def _numpy(who: str) -> Any:
    try:
        import numpy  # noqa: ICN001, PLC0415 - core needs none
    except ImportError as error:
        from rlcore.errors import MissingExtra  # noqa: PLC0415

        msg = f"{who} needs numpy: pip install numpy"
        raise MissingExtra(msg) from error
    return numpy


def _unreadable(body: bytes, content_type: str, error: Exception) -> InvocationFailed:
    shown = body[:_SHOWN].decode("utf-8", "replace")
    msg = (
        f"The endpoint's answer, of type {content_type!r}, cannot be read: {error}. It begins:"
        f" {shown}"
    )
    return InvocationFailed(msg)

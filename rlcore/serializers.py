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
from typing import IO, Any

from rlcore.errors import InvalidArgument, InvocationFailed

JSON, NPY, CSV, BYTES = (
    "application/json",
    "application/x-npy",
    "text/csv",
    "application/octet-stream",
)
_SHOWN = 200


class JSONSerializer:
    """Writes JSON; arrays and numbers of numpy and of the frameworks may be anywhere in it."""

    def __init__(self, content_type: str = JSON) -> None:
        self.CONTENT_TYPE = content_type

    def serialize(self, data: Any) -> bytes:
        """Return *data* as JSON; what is bytes or a file is taken to be JSON already."""
        body = _ready(data)
        if body is not None:
            return body
        try:
            return json.dumps(data, default=_plain, separators=(",", ":")).encode()
        except (TypeError, ValueError, RecursionError) as error:
            msg = f"JSON cannot hold what was given: {error}."
            raise InvalidArgument(msg) from error


class CSVSerializer:
    """Writes a row, or rows, of numbers as CSV."""

    def __init__(self, content_type: str = CSV) -> None:
        self.CONTENT_TYPE = content_type

    def serialize(self, data: Any) -> bytes:
        """Return *data* as lines; text, bytes or a file is taken to be CSV already."""
        body = data.encode() if isinstance(data, str) else _ready(data)
        if body is not None:
            return body
        plain = data.tolist() if hasattr(data, "tolist") else data
        if not isinstance(plain, Iterable) or isinstance(plain, Mapping):
            msg = f"CSV holds a row or a list of rows; a {type(data).__name__} was given."
            raise InvalidArgument(msg)
        rows = [each.tolist() if hasattr(each, "tolist") else each for each in plain]
        flat = not any(isinstance(row, (list, tuple)) for row in rows)
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([rows] if flat else rows)
        return text.getvalue().encode()


class NumpySerializer:
    """Writes numpy's own format, without pickled objects."""

    def __init__(self, dtype: Any = None, content_type: str = NPY) -> None:
        self.CONTENT_TYPE = content_type
        self.dtype = dtype

    def serialize(self, data: Any) -> bytes:
        """Return *data* as an array; bytes or a file is taken to be one already."""
        body = _ready(data)
        if body is not None:
            return body
        numpy = _numpy("NumpySerializer")
        try:
            array = numpy.asarray(data, dtype=self.dtype)
            file = io.BytesIO()
            numpy.save(file, array, allow_pickle=False)
        except (TypeError, ValueError) as error:
            msg = f"numpy's format cannot hold what was given without pickle: {error}."
            raise InvalidArgument(msg) from error
        return file.getvalue()


class IdentitySerializer:
    """Sends bytes, text or a file as it is."""

    def __init__(self, content_type: str = BYTES) -> None:
        self.CONTENT_TYPE = content_type

    def serialize(self, data: Any) -> bytes:
        """Return *data* unchanged, as bytes."""
        body = data.encode() if isinstance(data, str) else _ready(data)
        if body is None:
            msg = f"Only bytes, text or a file is sent as it is; a {type(data).__name__} was given."
            raise InvalidArgument(msg)
        return body


class JSONDeserializer:
    """Reads JSON."""

    def __init__(self, accept: str = JSON) -> None:
        self.ACCEPT = accept

    def deserialize(self, stream: IO[bytes], content_type: str) -> Any:
        """Return the value."""
        body = _read(stream)
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise _unreadable(body, content_type, error) from error


class CSVDeserializer:
    """Reads lines of CSV into lists of text."""

    def __init__(self, accept: str = CSV) -> None:
        self.ACCEPT = accept

    def deserialize(self, stream: IO[bytes], content_type: str) -> list[list[str]]:
        """Return the rows."""
        body = _read(stream)
        try:
            return list(csv.reader(body.decode().splitlines()))
        except (ValueError, csv.Error) as error:
            raise _unreadable(body, content_type, error) from error


class NumpyDeserializer:
    """Reads numpy's own format; an array of pickled objects is refused."""

    def __init__(self, accept: str = NPY) -> None:
        self.ACCEPT = accept

    def deserialize(self, stream: IO[bytes], content_type: str) -> Any:
        """Return the array."""
        body = _read(stream)
        try:
            return _numpy("NumpyDeserializer").load(io.BytesIO(body), allow_pickle=False)
        except (ValueError, OSError, EOFError) as error:
            raise _unreadable(body, content_type, error) from error


class StringDeserializer:
    """Reads text in UTF-8."""

    def __init__(self, accept: str = "*/*") -> None:
        self.ACCEPT = accept

    def deserialize(self, stream: IO[bytes], content_type: str) -> str:
        """Return the text."""
        body = _read(stream)
        try:
            return body.decode()
        except ValueError as error:
            raise _unreadable(body, content_type, error) from error


class BytesDeserializer:
    """Leaves the answer as it is."""

    def __init__(self, accept: str = "*/*") -> None:
        self.ACCEPT = accept

    def deserialize(self, stream: IO[bytes], content_type: str) -> bytes:  # noqa: ARG002
        """Return the body."""
        return _read(stream)


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


def _read(stream: IO[bytes]) -> bytes:
    try:
        return stream.read()
    finally:
        stream.close()


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

"""Bodies of requests as values, whatever is in them; and the types they may have."""

import io
import json
import sys
from typing import Any, List

import numpy as np

from .columns import BadRequest
from .frames import JSON

NPY, CSV = "application/x-npy", "text/csv"
KINDS = (JSON, NPY, CSV)
_NUMBERS = "biuf"
_BLANKS = " \t\r\n"
_LONGEST = 4300  # digits of a whole number, as in Python itself
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


class Unsupported(Exception):
    """A body of an unknown type (415), or an answer of one (406)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def kind_of(content_type: str) -> str:
    """Return the MIME type of a body; JSON where none is given.

    Raises:
        Unsupported: It is not among those allowed.
    """
    if content_type == JSON:
        return JSON
    kind = _bare(content_type) or JSON
    if kind not in KINDS:
        msg = "the content type {!r} is not supported; allowed are {}"
        raise Unsupported(415, msg.format(content_type[:100], ", ".join(KINDS)))
    return kind


def answer_kind(accept: str, kind: str) -> str:
    """Return the MIME type that an answer is to have: the body's own, if any will do.

    Raises:
        Unsupported: None of those wanted is among those allowed.
    """
    if accept in ("", "*/*", kind):
        return kind
    for wanted in map(_bare, accept.split(",")):
        if wanted in KINDS:
            return wanted
        if wanted in ("", "*/*") or wanted == kind.partition("/")[0] + "/*":
            return kind
    msg = "an answer of the type {!r} is not supported; allowed are {}"
    raise Unsupported(406, msg.format(accept[:100], ", ".join(KINDS)))


def _bare(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def decode(body: bytes, kind: str) -> Any:
    """Return the value of a body: an array for npy, a list of rows for CSV.

    Raises:
        BadRequest: The body is not what its type says.
    """
    if kind == JSON:
        return _json(body)
    return _npy(body) if kind == NPY else _csv(body)


def _no_constant(name: str) -> Any:
    msg = f"it holds {name}, and only finite numbers are numbers in JSON"
    raise ValueError(msg)


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST:
        msg = f"a number has {_LONGEST} digits at most"
        raise ValueError(msg)
    return int(digits)


# Newer versions of Python bound by themselves what takes time with the square of its length.
_bounded = hasattr(sys, "get_int_max_str_digits")
_decoder = json.JSONDecoder(parse_constant=_no_constant, parse_int=None if _bounded else _integer)


def _json(body: bytes) -> Any:
    if not body:
        msg = 'the body is empty; give JSON, as in {"observation": [0.5, 1]}'
        raise BadRequest(msg)
    try:
        text = body.decode("utf-8").strip(_BLANKS)
        value, end = _decoder.raw_decode(text)
        if end == len(text):
            return value
        message = f"it goes on after its end, with {text[end : end + 20]!r}"
    except RecursionError:
        message = "it is nested too deeply"
    except ValueError as error:
        message = str(error)
    msg = f"the body is no JSON: {message}"
    raise BadRequest(msg)


def _npy(body: bytes) -> np.ndarray:
    file = io.BytesIO(body)
    try:
        version = np.lib.format.read_magic(file)
        shape, fortran, dtype = _HEADERS[version](file)
        # No memory is taken for what a header promises, and an object would be a pickle.
        if dtype.kind in _NUMBERS and 0 not in shape:
            array = np.frombuffer(body, dtype, offset=file.tell())
            return array.reshape(shape, order="F" if fortran else "C")
        message = f"it holds {dtype}" if dtype.kind not in _NUMBERS else "it is empty"
    except Exception as error:  # noqa: BLE001 - numpy's parser raises anything for a damaged header
        message = f"{type(error).__name__}: {error}"
    msg = f"the body is no array of numbers as numpy writes it: {message[:200]}"
    raise BadRequest(msg)


def _csv(body: bytes) -> List[List[Any]]:
    try:
        lines = body.decode("utf-8-sig").splitlines()
        return [[_number(cell) for cell in line.split(",")] for line in lines if line.strip()]
    except ValueError as error:
        msg = f"the body is no CSV of numbers: {str(error)[:200]}"
        raise BadRequest(msg) from error


def _number(cell: str) -> Any:
    try:
        return _integer(cell)
    except ValueError:
        return float(cell)

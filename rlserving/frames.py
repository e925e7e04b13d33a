"""The wire between an endpoint's front and a worker: frames over a stream socket.

A frame is a length and so many bytes. A frame of requests is answered by one of as many answers, in
the same order; the worker's first frame, before it is asked, is a JSON object.
"""

import json
import struct
from typing import Iterator, List, NamedTuple, Sequence

JSON = "application/json"

_LENGTH = struct.Struct("!I")
_REQUEST = struct.Struct("!IHHH")  # of body, content type, accept, attributes
_ANSWER = struct.Struct("!HHII")  # status; of content type, of body; observations outside
_TEXT = 0xFFFF  # bytes of a header that are sent on; no known value is nearly as long


class Request(NamedTuple):
    """What a client asks.

    Attributes:
        body: The body, as it came.
        content_type: Its MIME type.
        accept: The types that the answer may have.
        attributes: SageMaker's custom attributes, as in `tfs-method=classify`.
    """

    body: bytes
    content_type: str = ""
    accept: str = ""
    attributes: str = ""


class Answer(NamedTuple):
    """What goes back.

    Attributes:
        status: The HTTP status.
        content_type: MIME type of the body.
        body: The body.
        outside: How many observations were outside the bounds of their space.
    """

    status: int
    content_type: str
    body: bytes
    outside: int = 0


def refusal(status: int, message: str) -> Answer:
    """Return an error as an answer."""
    return Answer(status, JSON, json.dumps({"error": message}).encode())


class Splitter:
    """Finds the frames in a stream that comes in pieces of any size."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the payloads of the frames that are complete with these bytes."""
        rest = self._rest
        rest += data
        while len(rest) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(rest)[0]
            if len(rest) < end:
                return
            payload = bytes(rest[_LENGTH.size : end])
            del rest[:end]
            yield payload


def pack(payload: bytes) -> bytes:
    """Return a frame."""
    return _LENGTH.pack(len(payload)) + payload


def pack_requests(requests: Sequence[Request]) -> bytes:
    """Return the frame of requests."""
    parts = [_LENGTH.pack(len(requests))]
    for request in requests:
        texts = [_encoded(text) for text in request[1:]]
        parts += (_REQUEST.pack(len(request.body), *map(len, texts)), request.body, *texts)
    return pack(b"".join(parts))


def unpack_requests(payload: bytes) -> List[Request]:
    """Return the requests of a frame's payload."""
    (count,) = _LENGTH.unpack_from(payload)
    requests, start = [], _LENGTH.size
    for _ in range(count):
        body, *lengths = _REQUEST.unpack_from(payload, start)
        start += _REQUEST.size
        content, texts = payload[start : start + body], []
        start += body
        for length in lengths:
            texts.append(payload[start : start + length].decode("latin-1"))
            start += length
        requests.append(Request(content, *texts))
    return requests


def pack_answers(answers: Sequence[Answer]) -> bytes:
    """Return the frame of answers."""
    parts = [_LENGTH.pack(len(answers))]
    for status, content_type, body, outside in answers:
        text = _encoded(content_type)
        parts += (_ANSWER.pack(status, len(text), len(body), outside), text, body)
    return pack(b"".join(parts))


def unpack_answers(payload: bytes) -> List[Answer]:
    """Return the answers of a frame's payload."""
    (count,) = _LENGTH.unpack_from(payload)
    answers, start = [], _LENGTH.size
    for _ in range(count):
        status, text, body, outside = _ANSWER.unpack_from(payload, start)
        start += _ANSWER.size
        middle, end = start + text, start + text + body
        content_type = payload[start:middle].decode("latin-1")
        answers.append(Answer(status, content_type, payload[middle:end], outside))
        start = end
    return answers


def _encoded(text: str) -> bytes:
    return text.encode("latin-1", "replace")[:_TEXT]

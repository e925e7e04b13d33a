"""The wire between front and worker."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rlserving import frames
from rlserving.frames import Answer, Request

TEXTS = st.text(st.characters(max_codepoint=255), max_size=20)
REQUESTS = st.lists(st.builds(Request, st.binary(max_size=50), TEXTS, TEXTS, TEXTS), max_size=5)
STATUSES = st.integers(100, 599)
ANSWERS = st.lists(st.builds(Answer, STATUSES, TEXTS, st.binary(max_size=50), st.integers(0, 9)))


@given(REQUESTS, ANSWERS, st.integers(1, 40))
def test_frames_come_out_as_they_went_in(
    requests: list[Request], answers: list[Answer], size: int
) -> None:
    """Requests and answers survive the wire, in pieces of any size."""
    wire = frames.pack_requests(requests) + frames.pack_answers(answers)
    pieces = [wire[start : start + size] for start in range(0, len(wire), size)]
    splitter = frames.Splitter()

    first, second = [payload for piece in pieces for payload in splitter.feed(piece)]

    assert requests == frames.unpack_requests(first)
    assert answers == frames.unpack_answers(second)


def test_a_header_that_is_too_long_is_cut() -> None:
    """What no header is as long as does not break the wire."""
    [found] = frames.unpack_requests(
        frames.pack_requests([Request(b"", "x" * 70000, "\u20ac")])[4:]
    )

    assert (65535, "?") == (len(found.content_type), found.accept)


def test_a_refusal_is_json() -> None:
    """An error is a JSON object with its reason."""
    assert Answer(400, "application/json", b'{"error": "no"}') == frames.refusal(400, "no")

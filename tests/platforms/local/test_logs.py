"""The log of a job, as a file and as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlcore.platforms.local import logs

if TYPE_CHECKING:
    from pathlib import Path


def split(*chunks: bytes) -> list[str]:
    """Return the lines that a splitter makes of chunks."""
    splitter = logs.LineSplitter()
    return [line for chunk in chunks for line in splitter.feed(chunk)] + splitter.close()


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ([b"a\nb\n"], ["a", "b"]),
        ([b"a", b"b\n", b"c"], ["ab", "c"]),
        ([b"\n\n"], ["", ""]),
        ([b"a\r\nb\r", b"\nc"], ["a", "b", "c"]),
        ([b"10%\r50%\r", b"100%\n"], ["100%"]),
        ([b"10%\r50%\r"], ["50%"]),
        ([b"\xff\n"], ["\ufffd"]),
        ([], []),
    ],
)
def test_splitting(chunks, expected):
    """Lines end at line feeds; carriage returns rewrite them."""
    assert expected == split(*chunks)


@given(st.lists(st.binary(max_size=30), max_size=20))
def test_where_chunks_end_makes_no_difference(chunks):
    """The same bytes are the same lines, however they came."""
    assert split(b"".join(chunks)) == split(*chunks)


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_long_lines_are_cut(end):
    """No event is longer than the limit, and nothing of the line is lost."""
    lines = split(b"x" * (2 * logs.LONGEST_LINE + 1) + end)

    assert [logs.LONGEST_LINE, logs.LONGEST_LINE, 1] == [len(line) for line in lines]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n")), max_size=10))
def test_what_is_written_is_read(tmp_path_factory, messages):
    """Whatever a message holds, but for line feeds, comes back, with its time and host."""
    path = tmp_path_factory.mktemp("logs") / "log"
    writer = logs.LogWriter(path, clock=lambda: 1234.5)

    writer.write("algo-1", messages)
    writer.close()

    assert [logs.Line(1234.5, "algo-1", message) for message in messages] == list(logs.read(path))


def test_a_record_without_its_end_is_not_there_yet(tmp_path: Path):
    """A reader waits for the rest of a record, then sees it once."""
    path = tmp_path / "log"
    path.write_bytes(b"1.0\ta\tfirst\n2.0\ta\tsec")

    assert ["first"] == [line.message for line in logs.read(path)]

    followed = logs.follow(path, lambda: True, lambda _: None)
    first = next(followed).message
    with path.open("ab") as file:
        file.write(b"ond\n")

    assert ["first", "second"] == [first, *(line.message for line in followed)]


def test_following_ends_after_the_last_line(tmp_path: Path):
    """What was written before the end was known is read, and nothing is asked after the end."""
    path = tmp_path / "log"
    path.touch()

    def ended() -> bool:
        path.write_bytes(b"1.0\ta\tlast\n")
        return True

    assert ["last"] == [line.message for line in logs.follow(path, ended, lambda _: None)]


def test_a_follower_sleeps_longer_and_longer(tmp_path: Path):
    """A job that is silent costs next to nothing."""
    path = tmp_path / "log"
    path.touch()
    slept: list[float] = []

    list(logs.follow(path, lambda: len(slept) > 40, slept.append))

    assert slept == sorted(slept)
    assert slept[0] < 0.01
    assert 0.2 == slept[-1]


@pytest.mark.parametrize("torn", [b"", b"1.0\ta\twhole\n", b"1.0\ta\twhole\n1.", b"1.0\ta\tx"])
def test_a_log_whose_writer_was_killed(tmp_path: Path, torn: bytes):
    """A record that was cut off hides none that comes after it."""
    path = tmp_path / "log"
    path.write_bytes(torn)

    logs.repair(path)
    writer = logs.LogWriter(path)
    writer.tell("after")
    writer.close()

    assert "after" == list(logs.read(path))[-1].message
    assert 0 == path.read_bytes().count(b"\n\n")


def test_stages_have_their_form(tmp_path: Path):
    """Whoever shows a job reads its stage from the log."""
    writer = logs.LogWriter(tmp_path / "log")
    writer.stage("Training")
    writer.close()

    (line,) = logs.read(tmp_path / "log")
    assert ("rlcore", "stage: Training") == (line.host, line.message)

"""The live view, on a real pseudo-terminal."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import re
import struct
import termios
import threading
from typing import TYPE_CHECKING, TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlcore.display import View, watch
from rlcore.display.terminal import harmless
from rlcore.display.watch import is_live_terminal
from rlcore.spec import JobStatus, LogEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rlcore.metrics import MetricParser

SHOW_CURSOR = "\x1b[?25h"
CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


class Terminal:
    """A pseudo-terminal of 100 columns and 30 lines, and all that was written to it."""

    def __init__(self, columns: int = 100) -> None:
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
        self.stream: TextIO = os.fdopen(slave, "w", encoding="utf-8")
        self._written = bytearray()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # The kernel's way to say that the other end is closed.
            while chunk := os.read(self._master, 65536):
                with self._changed:
                    self._written += chunk
                    self._changed.notify_all()

    @property
    def raw(self) -> str:
        """All that was written."""
        return self._written.decode("utf-8", "replace")

    @property
    def text(self) -> str:
        """The same without control sequences."""
        return CONTROL.sub("", self.raw).replace("\r", "")

    def wait_for(self, text: str) -> None:
        """Wait until *text* was written."""
        self.wait_until(lambda: text in self.text)

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until *condition* holds of what was written."""
        with self._changed:
            assert self._changed.wait_for(condition, timeout=20), self.text

    def close(self) -> None:
        """Wait until everything written was read."""
        self.stream.close()
        self._thread.join(timeout=20)
        os.close(self._master)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """Return a terminal that can be redrawn."""
    for name, value in {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    opened = Terminal()
    yield opened
    opened.close()


def script(view: View, *messages: str, start: float = 1000.0) -> None:
    """Show lines of a script, one a second."""
    for index, message in enumerate(messages):
        view.show(LogEvent(timestamp=start + index, host="algo-1", message=message))


def reports(count: int) -> list[str]:
    """Return the lines of a script that reports, and evaluates at each tenth report."""
    lines = []
    for index in range(count):
        lines.append(f"rlcore step={1000 * (index + 1)} episode_return_mean={10 * index}")
        if index % 10 == 9:
            lines.append(f"rlcore step={1000 * (index + 1)} evaluation_return_mean={10 * index}")
    return lines


def test_follows_a_job(terminal: Terminal, parser: MetricParser, succeeded: JobStatus) -> None:
    """The log scrolls, each line once; state, figures and curve stay below; the outcome ends it."""
    lines = ["hello", *reports(30), "good bye"]
    with watch("rl-job", parser, status=lambda: succeeded, stream=terminal.stream) as view:
        view.show(LogEvent(timestamp=1000.0, host="rlcore", message="stage: Training"))
        script(view, *lines)
        terminal.wait_for("good bye")
        terminal.wait_for("30,000 steps   906 steps/s")
        view.show(LogEvent(timestamp=1100.0, host="rlcore", message="stage: Succeeded"))
    terminal.wait_for("model   /out/rl-job/output/model.tar.gz")
    text = terminal.text
    assert [1] * len(lines) == [text.split("\n").count(line) for line in lines]
    below = text[text.rindex("● Succeeded") :]
    for part in ("episode_return_mean 290   evaluation_return_mean 290", "┤", "20k", "◆", "⠒"):
        assert part in below
    assert "Succeeded rl-job\n  times   environment 0:30, training 1:30, total 2:00" in below
    assert terminal.raw.rindex(SHOW_CURSOR) > terminal.raw.rindex("◆")


def test_reports_do_not_wrap(
    terminal: Terminal, parser: MetricParser, succeeded: JobStatus
) -> None:
    """A report is cut to the width of the terminal; any other line is shown whole."""
    report, other = (f"{start} step=1 {'x' * 120}" for start in ("rlcore", "other"))
    with watch("rl-job", parser, status=lambda: succeeded, stream=terminal.stream) as view:
        script(view, "first", report, other, "last")
        terminal.wait_for("last\n")
    lines = terminal.text.split("\n")
    assert f"{report[:99]}…" in lines
    assert other in lines


def test_time_goes_on_without_lines(
    terminal: Terminal, parser: MetricParser, succeeded: JobStatus
) -> None:
    """Stage and total time tick while no line arrives."""
    seconds = itertools.count(1000)

    def clock() -> float:
        return float(next(seconds))

    with watch("rl-job", parser, status=lambda: succeeded, stream=terminal.stream, clock=clock):
        terminal.wait_until(lambda: len(set(re.findall(r"Starting 0:\d+", terminal.text))) > 2)
        terminal.wait_until(lambda: len(set(re.findall(r"total 0:\d+", terminal.text))) > 2)


def test_redraws_are_few(terminal: Terminal, parser: MetricParser, succeeded: JobStatus) -> None:
    """However many lines come at once, what stands below is drawn a few times."""
    with watch("rl-job", parser, status=lambda: succeeded, stream=terminal.stream) as view:
        script(view, *(f"line {index}" for index in range(5000)))
        terminal.wait_for("line 4999\n")
    assert terminal.text.count("total ") < 100


def test_interrupted(terminal: Terminal, parser: MetricParser, succeeded: JobStatus) -> None:
    """Ctrl-C shows the lines that came, gives the terminal back, and tells no outcome."""

    def interrupted() -> None:
        with watch("rl-job", parser, status=lambda: succeeded, stream=terminal.stream) as view:
            script(view, "last words")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    terminal.wait_until(lambda: terminal.raw.rstrip().endswith(SHOW_CURSOR))
    assert "last words" in terminal.text
    assert "model.tar.gz" not in terminal.text
    assert "rlcore-display" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize(
    ("columns", "term", "live"),
    [(100, "xterm", True), (60, "xterm", True), (59, "xterm", False), (100, "dumb", False)],
)
def test_which_terminals_are_live(
    monkeypatch: pytest.MonkeyPatch, columns: int, term: str, *, live: bool
) -> None:
    """A narrow terminal and a dumb one get plain lines."""
    monkeypatch.setenv("TERM", term)
    terminal = Terminal(columns)
    assert live == is_live_terminal(terminal.stream)
    terminal.close()


LINES = {
    "\x1b[36m(pid=7)\x1b[0m text": "\x1b[36m(pid=7)\x1b[0m text\x1b[0m",
    "10%\r100%\r": "100%",
    "\x1b[2J\x1b[10Aup\x1b[K": "up",
    "\x1b]0;title\x07a\x1b": "0;titlea",
    "a\tb": "a\tb",
}


@pytest.mark.parametrize(("message", "expected"), LINES.items())
def test_harmless(message: str, expected: str) -> None:
    """Colours stay and end with their line; what moves the cursor goes."""
    assert expected == harmless(message)


@given(st.lists(st.sampled_from(["\x1b", "[", "1", ";", "m", "A", "\r", "\n", "]", "x"])))
def test_harmless_leaves_only_colours(parts: list[str]) -> None:
    """Whatever a script writes, nothing but colours is left of its control sequences."""
    rest = re.sub(r"\x1b\[[0-9;:]*m", "", harmless("".join(parts)))
    assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f]", rest)


def test_lines_of_many_hosts_begin_with_theirs(
    terminal: Terminal, parser: MetricParser, succeeded: JobStatus
) -> None:
    """From the first line of another host on, reports too."""
    report = "rlcore step=1000 episode_return_mean=1"
    with watch("rl-job", parser, status=lambda: succeeded, stream=terminal.stream) as view:
        for host, message in (("algo-1", "10%\r50%"), ("algo-2", "10%\r60%"), ("algo-1", report)):
            view.show(LogEvent(timestamp=1000.0, host=host, message=message))
        terminal.wait_for(report)
    terminal.wait_for("Succeeded rl-job")
    assert "50%\n[algo-2] 60%\n[algo-1] rlcore step=1000" in terminal.text

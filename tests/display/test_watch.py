"""Following a job: which view it gets, and the plain one."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from rlcore.display import watch
from rlcore.display.text import plain
from rlcore.display.watch import in_notebook
from rlcore.spec import LogEvent

if TYPE_CHECKING:
    from rlcore.metrics import MetricParser
    from rlcore.spec import JobStatus

LINES = {
    "reward 5": "reward 5",
    "\x1b[36m(pid=7)\x1b[0m \x1b[1;31mred\x1b[m": "(pid=7) red",
    "10%\r50%\r100%": "100%",
    "done\r": "done",
    "\x1b]0;title\x07a\x1b[2J\x1b[Hb\x08": "0;titleab",
    "a\tb ⠒ é": "a\tb ⠒ é",
}


@pytest.mark.parametrize(("message", "expected"), LINES.items())
def test_plain(message: str, expected: str) -> None:
    """Colours and control characters go, text and tabs stay."""
    assert expected == plain(message)


def test_piped_is_the_log_and_the_outcome(parser: MetricParser, succeeded: JobStatus) -> None:
    """Into a pipe go the lines of the script and of the platform, as they come."""
    stream = io.StringIO()
    messages = [("rlcore", "stage: Training"), ("algo-1", "\x1b[31mepisode_return_mean=5\x1b[0m")]
    with watch("rl-job", parser, status=lambda: succeeded, stream=stream) as view:
        for host, message in messages:
            view.show(LogEvent(timestamp=1.0, host=host, message=message))
        assert "stage: Training\nepisode_return_mean=5\n" == stream.getvalue()
    outcome = stream.getvalue().partition("episode_return_mean=5\n")[2]
    assert outcome.startswith("Succeeded rl-job\n")
    assert "/out/rl-job/output/model.tar.gz" in outcome


def test_lines_of_many_hosts_begin_with_theirs(parser: MetricParser, succeeded: JobStatus) -> None:
    """From the first line of another host on; the platform is no host."""
    stream = io.StringIO()
    hosts = ("rlcore", "algo-1", "algo-2", "algo-1", "rlcore")
    with watch("rl-job", parser, status=lambda: succeeded, stream=stream) as view:
        for host in hosts:
            view.show(LogEvent(timestamp=1.0, host=host, message="10%\r50%"))
        assert "50%\n50%\n[algo-2] 50%\n[algo-1] 50%\n50%\n" == stream.getvalue()


def test_kernel_is_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    """IPython is a notebook in a kernel only, and nothing is where it was not imported."""
    shell = SimpleNamespace()
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert not in_notebook()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert not in_notebook()
    shell.kernel = object()
    assert in_notebook()


def test_brief_shows_what_matters(parser: MetricParser, succeeded: JobStatus) -> None:
    """Metrics, reports, warnings, errors and the platform's lines; the curve is the same."""
    stream = io.StringIO()
    shown = [
        ("rlcore", "stage: Training"),
        ("algo-1", "episode_return_mean=5"),
        ("algo-1", "rlcore step=3 speed=2"),
        ("algo-1", "UserWarning: box bound precision lowered"),
        ("algo-1", '  File "train.py", line 3, in <module>'),
        ("algo-1", "ValueError: no such environment"),
        ("algo-1", "presets.PresetMissing: there is no preset of that name"),
        ("rlcore", "The model could not be checked"),
    ]
    with watch("job", parser, status=lambda: succeeded, sieve=parser, stream=stream) as view:
        for event in shown:
            for host, message in (event, ("algo-1", "filling the replay buffer")):
                view.show(LogEvent(timestamp=1.0, host=host, message=message))

        assert [message for _, message in shown] == stream.getvalue().splitlines()

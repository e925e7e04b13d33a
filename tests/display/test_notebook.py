"""The live view in a notebook."""

from __future__ import annotations

import sys
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from rlcore.display import watch
from rlcore.spec import LogEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from rlcore.metrics import MetricParser
    from rlcore.spec import JobStatus


class Output:
    """An output of a notebook's cell, which remembers what it showed."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.summaries: list[str] = []
        self.changed = threading.Condition()

    def update(self, bundle: dict[str, str], *, raw: bool) -> None:
        """Show something else."""
        assert raw
        assert {"text/html", "text/plain"} == set(bundle)
        with self.changed:
            self.shown.append(bundle["text/html"])
            self.summaries.append(bundle["text/plain"])
            self.changed.notify_all()

    def wait_for(self, text: str) -> None:
        """Wait until *text* is shown."""
        with self.changed:
            assert self.changed.wait_for(lambda: text in self.shown[-1], timeout=20)


@pytest.fixture
def outputs(monkeypatch: pytest.MonkeyPatch) -> list[Output]:
    """Stand in for IPython and return the list of the outputs that it made."""
    made: list[Output] = []

    def display(bundle: dict[str, str], *, raw: bool, display_id: bool) -> Output:
        assert display_id
        made.append(Output())
        made[-1].update(bundle, raw=raw)
        return made[-1]

    shell = SimpleNamespace(kernel=object())
    modules = {
        "IPython": SimpleNamespace(get_ipython=lambda: shell),
        "IPython.display": SimpleNamespace(display=display),
    }
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    return made


def test_one_output_updated_in_place(
    outputs: list[Output],
    parser: MetricParser,
    succeeded: JobStatus,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Stage, times, figures, curve and last lines come into one output; at last the outcome."""
    clock: Callable[[], float] = lambda: 1060.0  # noqa: E731
    with watch("rl-job", parser, status=lambda: succeeded, clock=clock) as view:
        (output,) = outputs
        assert "<b>Starting 1:00</b>" in output.shown[-1]
        view.show(LogEvent(timestamp=1030.0, host="rlcore", message="stage: Training"))
        for index in range(30):
            line = f"rlcore step={1000 * index} episode_return_mean={index} <b>{index}</b>\x1b[0m"
            view.show(LogEvent(timestamp=1031.0 + index, host="algo-1", message=line))
        output.wait_for("episode_return_mean 29")
        for part in ("<b>Training 0:30</b>", "total 1:00", "29,000 steps", "1,000 steps/s"):
            assert part in output.shown[-1]
        assert "<svg" in output.shown[-1]
        assert output.summaries[-1].startswith("Training 0:30 · total 1:00 · 29,000 steps")
    assert "<b>rl-job</b> Succeeded" in output.shown[-1]
    assert "training 1:30" in output.shown[-1]
    assert output.summaries[-1].startswith("Succeeded rl-job\n  times   environment 0:30")
    for html in output.shown[-2:]:
        lines = html.partition("<pre>")[2].splitlines()
        assert 20 == len(lines)
        assert lines[0].endswith("episode_return_mean=10 &lt;b&gt;10&lt;/b&gt;")
        assert lines[-1].endswith("episode_return_mean=29 &lt;b&gt;29&lt;/b&gt;</pre>")
    assert [output] == outputs
    assert "" == capsys.readouterr().out


def test_lines_of_many_hosts_begin_with_theirs(
    outputs: list[Output], parser: MetricParser, succeeded: JobStatus
) -> None:
    """From the first line of another host on."""
    with watch("rl-job", parser, status=lambda: succeeded) as view:
        for host in ("algo-1", "algo-2", "algo-1"):
            view.show(LogEvent(timestamp=1.0, host=host, message="10%\r50%"))
        outputs[0].wait_for("<pre>50%\n[algo-2] 50%\n[algo-1] 50%</pre>")

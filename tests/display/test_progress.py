"""What is known of a running job from its log."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from rlcore.display.progress import Picture, Progress, Ticker
from rlcore.spec import LogEvent

if TYPE_CHECKING:
    from rlcore.metrics import MetricParser


def test_stages_and_times(parser: MetricParser) -> None:
    """The stage is what the platform announced last, its time begins there."""
    progress = Progress("job", parser, started_at=100.0)
    assert ("Starting 0:05", "total 0:05") == (progress.state(105.0), progress.total(105.0))
    progress.observe(LogEvent(timestamp=110.0, host="rlcore", message="stage: Training"))
    progress.observe(LogEvent(timestamp=111.0, host="algo-1", message="stage: Mine"))
    progress.observe(LogEvent(timestamp=112.0, host="rlcore", message="installing"))
    assert ("Training 1:10", "total 1:20") == (progress.state(180.0), progress.total(180.0))
    progress.observe(LogEvent(timestamp=190.0, host="rlcore", message="stage: Stopped"))
    assert "Stopped" == progress.state(200.0)


def test_figures(parser: MetricParser) -> None:
    """Steps, their rate, the return and the newest evaluation appear as they become known."""
    progress = Progress("job", parser, started_at=0.0)
    seen = [progress.figures()]
    for time, message in (
        (1.0, "episode_return_mean=1.5"),
        (2.0, "rlcore step=1000 episode_return_mean=20"),
        (3.0, "rlcore step=3500 episode_return_mean=30 evaluation_return_mean=42.125"),
    ):
        progress.observe(LogEvent(timestamp=time, host="algo-1", message=message))
        seen.append(progress.figures())
    progress.observe(LogEvent(timestamp=4.0, host="rlcore", message="episode_return_mean=99"))
    expected = [
        [],
        ["episode_return_mean 1.5"],
        ["1,000 steps", "episode_return_mean 20"],
        [
            *("3,500 steps", "2,500 steps/s"),
            *("episode_return_mean 30", "evaluation_return_mean 42.12"),
        ],
    ]
    assert expected == seen
    assert expected[-1] == progress.figures()


def test_picture_costs_one_per_cent() -> None:
    """A drawing that took a second is kept for a hundred, unless it is the last."""
    now = [0.0]
    drawn: list[float] = []

    def draw() -> str:
        now[0] += 1.0
        drawn.append(now[0])
        return f"drawing {len(drawn)}"

    picture = Picture(draw, timer=lambda: now[0])
    assert ["drawing 1", "drawing 1"] == [picture.get(1), picture.get(2)]
    now[0] = 100.9
    assert "drawing 1" == picture.get(2)
    now[0] = 101.1
    assert ["drawing 2", "drawing 2"] == [picture.get(2), picture.get(2)]
    assert "drawing 3" == picture.get(3, at_once=True)


def test_ticker_ticks_until_stopped() -> None:
    """A ticker calls again and again, and not after it was stopped."""
    called = threading.Semaphore(0)
    ticker = Ticker(called.release, 0.001)
    assert all(called.acquire(timeout=10) for _ in range(3))
    ticker.stop()
    while called.acquire(blocking=False):
        pass
    assert not called.acquire(timeout=0.05)

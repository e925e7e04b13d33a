"""The other side of the player's wire."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rlcore.errors import EvaluationFailed
from rlcore.evaluation.player import occasionally

if TYPE_CHECKING:
    from collections.abc import Callable

    from rlcore.evaluation import EvaluationReport


def alive(pid: str) -> bool:
    """Tell whether a process runs; whoever adopted a dead one may not have buried it yet."""
    try:
        return " Z " not in Path("/proc", pid, "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_progress_is_told_at_intervals() -> None:
    """However fast episodes end, a line comes no sooner than wanted."""
    now = [0.0]
    told: list[int] = []
    tell = occasionally(told.append, every=10.0, clock=lambda: now[0])

    for count in range(1, 31):
        now[0] = float(count)
        tell(count)

    assert [10, 20, 30] == told


def test_a_player_that_leaves_others_behind(
    evaluate: Callable[..., EvaluationReport], source: Callable[[str], Path]
) -> None:
    """Its death is noticed though a child of it holds the wire open; the child ends as well."""
    game = source(
        """
        class Forks(Base):
            def reward(self, action):
                child = os.fork()
                if child == 0:
                    import time
                    while True:
                        time.sleep(60)
                open("pid", "w").write(str(child))
                os._exit(9)
        """
    )

    with pytest.raises(EvaluationFailed, match="exit code 9"):
        evaluate(env="game:Forks", source=game)

    deadline = time.monotonic() + 30
    while alive((game / "pid").read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_player_that_hangs_up(
    evaluate: Callable[..., EvaluationReport], source: Callable[[str], Path]
) -> None:
    """One that closes every descriptor and lives on is ended."""
    game = source(
        """
        class Closes(Base):
            def reward(self, action):
                os.closerange(3, 1000)
                import time
                time.sleep(600)
        """
    )

    with pytest.raises(EvaluationFailed, match=signal.SIGKILL.name):
        evaluate(env="game:Closes", source=game)

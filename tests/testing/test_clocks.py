"""Clocks: the machine's, and one that only the test moves."""

from __future__ import annotations

import time

from rlcore.testing import ManualClock, SystemClock


def test_a_manual_clock_stands_still() -> None:
    """It shows what it was given until it is moved."""
    clock = ManualClock(100.0)

    assert [100.0, 100.0] == [clock(), clock()]


def test_a_manual_clock_is_moved() -> None:
    """It shows what it was moved by, and passes for a sleep."""
    clock = ManualClock(100.0)

    clock.advance(1.5)

    assert 101.5 == clock()


def test_the_machines_clock() -> None:
    """It shows the time."""
    before = time.time()

    assert before <= SystemClock()() <= time.time()


def test_the_machines_clock_is_waited_for() -> None:
    """It cannot be moved, so whoever moves it waits."""
    clock = SystemClock()
    before = time.monotonic()

    clock.advance(0.02)

    assert time.monotonic() - before >= 0.02

"""Clocks: the machine's, and one that only the test moves."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time, in seconds since the epoch."""

    def __call__(self) -> float:
        """Return the time."""

    def advance(self, seconds: float) -> None:
        """Let so much time go by; passes for a `sleep`, too."""


class SystemClock:
    """The machine's clock."""

    def __call__(self) -> float:
        """Return the time."""
        return time.time()

    def advance(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class ManualClock:
    """A clock that stands still until it is moved.

    Args:
        now: What it shows first, in seconds since the epoch.
    """

    def __init__(self, now: float = 1_577_836_800.0) -> None:
        """Begin at *now*."""
        self._now = now
        self._lock = threading.Lock()

    def __call__(self) -> float:
        """Return the time."""
        with self._lock:
            return self._now

    def advance(self, seconds: float) -> None:
        """Move it on."""
        with self._lock:
            self._now += seconds

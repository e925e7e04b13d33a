"""Locks on files that the kernel lets go of when their holders die. Light: standard library alone.

A shared lock says that something is in use, an exclusive one that it is being made or removed.
"""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def locked(path: Path, *, shared: bool = False, wait: bool = True) -> Iterator[int]:
    """Hold the lock file at the path, and yield its descriptor; it is made where it is missing.

    Args:
        path: The lock file; it is never removed, since others may be waiting for it.
        shared: Whether others may hold it too, shared as well.
        wait: Whether to wait for it.

    Raises:
        BlockingIOError: Somebody else holds it, and *wait* is false.
    """
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    with path.open("ab") as file:
        fcntl.flock(file, kind if wait else kind | fcntl.LOCK_NB)
        yield file.fileno()

"""The Python interpreters of this machine, for tests of what runs on an old one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlcore.platforms.local.interpreters import find_interpreters

if TYPE_CHECKING:
    from pathlib import Path


def interpreters() -> dict[int, Path]:
    """Return the executable of each Python 3 that there is, by its minor version."""
    found: dict[int, Path] = {}
    for each in find_interpreters():
        major, minor, _ = each.version.split(".")
        if major == "3":
            found.setdefault(int(minor), each.path)
    return found

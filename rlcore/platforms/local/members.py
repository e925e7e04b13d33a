"""What goes into the archive of a folder that a script has left. Imported by the supervisor.

Scripts link across their tree, to the best checkpoint say. In the tree that is `/opt/ml`, which is
nowhere once the job is over: what a link leads to is found again below the job's own folder, and
goes into the archive itself, since whoever unpacks a model takes no links.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 40  # links in a row, as the kernel counts


class Member(NamedTuple):
    """One member of the archive: its name there, and the file or folder that it is."""

    name: str
    path: Path


class Tree:
    """The tree of a job.

    Attributes:
        lost: The links that lead out of it, nowhere or around themselves, each with its target.
    """

    def __init__(self, root: Path, seen: str) -> None:
        """Name its folder, and what that was for the script."""
        self._root = root.resolve()
        self._seen = seen
        self.lost: list[str] = []

    def members(self, folder: Path) -> Iterator[Member]:
        """Yield the files and folders below a folder, links followed within the tree."""
        return self._members(folder.resolve(), "", ())

    def _members(self, folder: Path, below: str, around: tuple[Path, ...]) -> Iterator[Member]:
        for path in sorted(folder.rglob("*")):
            name = below + path.relative_to(folder).as_posix()
            if path.is_symlink():
                yield from self._linked(path, name, (*around, path.parent))
            elif path.is_file() or path.is_dir():
                yield Member(name, path)

    def _linked(self, link: Path, name: str, around: tuple[Path, ...]) -> Iterator[Member]:
        target = self._target(link)
        is_endless = any(target in (one, *one.parents) for one in around)
        is_there = target.is_file() or target.is_dir()
        if is_endless or not is_there or self._root not in target.parents:
            self.lost.append(f"{name} -> {link.readlink()}")
            return
        yield Member(name, target)
        if target.is_dir():
            yield from self._members(target, f"{name}/", around)

    def _target(self, link: Path) -> Path:
        """Return what a link leads to in the end, whether that is there or not."""
        path = link
        for _ in range(_LONGEST):
            if path.is_symlink():
                path = path.parent / path.readlink()
            if path.is_relative_to(self._seen):
                path = self._root / path.relative_to(self._seen)
        return Path(os.path.realpath(path))

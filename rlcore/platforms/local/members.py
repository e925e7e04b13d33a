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

_LONGEST = 40  # links on the way to one target, as the kernel counts
_INPUT = "input/data"
_NOWHERE = "nowhere"


class Member(NamedTuple):
    """One member of the archive: its name there, and the file or folder that it is."""

    name: str
    path: Path


class Tree:
    """The tree of a job.

    Attributes:
        lost: The links that are left out, each with its target and the reason.
    """

    def __init__(self, root: Path, seen: str) -> None:
        """Name its folder, and what that was for the script."""
        self._root = root.resolve()
        self._seen = Path(seen)
        self.lost: list[str] = []

    def members(self, name: str) -> list[Member]:
        """Return the files and folders below a folder, links followed within the tree.

        A folder that is not there has none; one that is a link has those of its target.
        """
        folder = self._followed(self._root / name, name, (), set())
        return list(self._members(folder, "", (), set())) if folder else []

    def _members(
        self, folder: Path, below: str, around: tuple[Path, ...], opened: set[Path]
    ) -> Iterator[Member]:
        for path in sorted(folder.rglob("*")):
            name = below + path.relative_to(folder).as_posix()
            if path.is_symlink():
                # `best` and `latest` may be one folder; links further down could multiply.
                once = opened if around else set()
                yield from self._linked(path, name, (*around, path.parent), once)
            elif path.is_file() or path.is_dir():
                yield Member(name, path)

    def _linked(
        self, link: Path, name: str, around: tuple[Path, ...], opened: set[Path]
    ) -> Iterator[Member]:
        target = self._followed(link, name, around, opened)
        if target:
            yield Member(name, target)
        if target and target.is_dir():
            opened.add(target)
            yield from self._members(target, f"{name}/", around, opened)

    def _followed(
        self, link: Path, name: str, around: tuple[Path, ...], opened: set[Path]
    ) -> Path | None:
        """Return what a link leads to; None, and it is lost, where that must not be packed."""
        target = self._target(link)
        objection = self._objection(target, around, opened)
        if not objection:
            return target
        if link.is_symlink():
            self.lost.append(f"{name} -> {link.readlink()}, which leads {objection}")
        elif objection != _NOWHERE:
            self.lost.append(f"{name}, which leads {objection}")
        return None

    def _objection(
        self, target: Path | None, around: tuple[Path, ...], opened: set[Path]
    ) -> str | None:
        data = self._root / _INPUT
        if target and not target.is_relative_to(self._root):
            return f"out of the job's {self._seen}"
        if target is None or not (target.is_file() or target.is_dir()):
            return _NOWHERE
        if any(one.is_relative_to(target) for one in around):
            return "around itself"
        if target.is_relative_to(data) or data.is_relative_to(target):
            return "to the job's input"
        return "to what is packed already" if target in opened else None

    def _target(self, path: Path) -> Path | None:
        """Return what a path leads to, there or not; None for too many links in a row.

        It goes from part to part as the script did, so that each link on the way means what it
        meant there.
        """
        at, links = Path("/"), 0
        rest = [*reversed((self._seen / path.relative_to(self._root)).parts)]
        while rest and links <= _LONGEST:
            step = at / rest.pop()
            if step.name == "..":
                at = at.parent
            elif self._is_link(step):
                links += 1
                rest += reversed(self._found(step).readlink().parts)
            else:
                at = step
        return None if rest else self._found(at)

    def _is_link(self, seen: Path) -> bool:
        """Whether a path of the script is a link; the way to the tree is none, but a mount."""
        if seen in self._seen.parents:
            return False
        return os.path.islink(self._found(seen))  # noqa: PTH114 - Path's raises where it may not look

    def _found(self, seen: Path) -> Path:
        """Return where a path of the script is now."""
        inside = seen.is_relative_to(self._seen)
        return self._root / seen.relative_to(self._seen) if inside else seen

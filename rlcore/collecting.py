"""The files of folders, as the source takes them: rules heeded, links seen to.

A path that the user names is followed where it is a link; a link inside it must not lead out of it.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from rlcore import ignoring, packing
from rlcore.errors import SourceError
from rlcore.packing import Member

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rlcore.ignoring import Ignoring


def collect(name: str, path: Path, followed: str = "") -> Iterator[Member]:
    """Yield the file or the files at *path* under *name*, but for those that are left out.

    Args:
        name: What it is called in the archive; empty for the root.
        path: A file or a folder.
        followed: What the user named below it, which may be a link to anywhere.

    Raises:
        SourceError: A link leads outside, or something cannot be read.
    """
    if path.is_file():
        yield Member(name, path.absolute(), path.stat().st_size)
    else:
        root = path.resolve()
        yield from _walk(root, name, (root, root / followed), ignoring.above(root))


def package_modules(package: str) -> Iterator[Member]:
    """Yield the modules of a script-side package under its own name.

    Raises:
        SourceError: It is not installed.
    """
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        msg = f"The script-side package {package!r} is not installed. Reinstall its distribution."
        raise SourceError(msg)
    folder = Path(next(iter(found.submodule_search_locations)))
    for path in folder.rglob("*.py"):
        name = PurePosixPath(package, path.relative_to(folder))
        yield Member(str(name), path, path.stat().st_size)


def left_out(program: str, source_dir: Path) -> SourceError:
    """Return the error for a script that a rule leaves out."""
    folder = source_dir.resolve()
    rules = ignoring.above(folder)
    for part in PurePosixPath(program).parts:
        path = folder / part
        rules = rules.entering(folder, (entry.name for entry in _entries(folder)))
        reason = rules.verdict(str(path), part, is_folder=path.is_dir())
        if reason:
            break
        folder = path
    msg = (
        f"The entry point {program!r} is left out of the source: {path} is left out by {reason}."
        f" Mend that, or write !{part} into {source_dir / ignoring.OWN_FILE}."
    )
    return SourceError(msg)


def _walk(folder: Path, name: str, bounds: tuple[Path, Path], rules: Ignoring) -> Iterator[Member]:
    """Yield the files below *folder*; *bounds* are the root and the link that may leave it."""
    entries = _entries(folder)
    rules = rules.entering(folder, (entry.name for entry in entries))
    for entry in entries:
        is_folder = _is_folder(entry)
        if rules.verdict(entry.path, entry.name, is_folder=is_folder):
            continue
        if entry.is_symlink():
            _check_inside(Path(entry.path), *bounds)
        below = f"{name}/{entry.name}" if name else entry.name
        if is_folder:
            yield from _walk(Path(entry.path), below, bounds, rules)
        elif entry.is_file():
            yield Member(below, Path(entry.path), entry.stat().st_size)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError as error:
        raise packing.unreadable(folder, error) from error


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a circle of links, which is refused unless it is left out
        return False


def _check_inside(path: Path, root: Path, followed: Path) -> None:
    """Refuse a link inside the source that leads out of it, or round in a circle."""
    if path == followed:
        return
    try:
        target = path.resolve()
    except (OSError, RuntimeError):  # the latter before Python 3.13
        target = path
    if root in target.parents and target not in {path, *path.parents}:
        return
    msg = (
        f"{path} is a link to {target}, outside {root}. Name that path in dependencies, replace the"
        f" link by what it points to, or leave it out by a line in {ignoring.OWN_FILE}."
    )
    raise SourceError(msg)

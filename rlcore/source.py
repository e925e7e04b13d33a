"""The training source: collect the files, pack them byte for byte the same, know their digest.

The archive has the script's folder at its root, then the dependencies and the script-side packages
under their own names, as the container contract wants it. `rlcore.ignoring` says what stays out.
"""

from __future__ import annotations

import heapq
import itertools
import os
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import attrs

from rlcore import ignoring, packing, storage
from rlcore.collecting import collect, left_out, package_modules
from rlcore.errors import SourceError, did_you_mean
from rlcore.packing import Member
from rlcore.warning import warn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_LARGE = 100_000_000  # bytes from which a source is more than source
_NOTABLE = 1_000_000  # bytes from which a file is named


@attrs.frozen(kw_only=True)
class Bundle:
    """The packed source as data; nothing is written before `write`.

    Attributes:
        entry_point: The script, relative to the archive's root.
        members: The files, in the archive's order.
        digest: SHA-256 of the uncompressed archive, in hexadecimal.
        size: Bytes of the uncompressed archive.
    """

    entry_point: str
    members: tuple[Member, ...] = attrs.field(repr=False)
    digest: str
    size: int

    def __str__(self) -> str:
        """Return how many files and bytes there are, and the largest of a megabyte and more."""
        files = f"{len(self.members)} files, {_megabytes(self.size)}"
        notable = [member for member in self.largest() if member.size >= _NOTABLE]
        return f"{files}; largest: {_told(notable)}" if notable else files

    def largest(self, count: int = 3) -> tuple[Member, ...]:
        """Return the largest files, the largest first."""
        return _largest(self.members, count)

    def write(self, path: Path) -> None:
        """Write the archive, compressed, so that *path* is whole or not there.

        Raises:
            SourceError: A file has changed since the digest was taken.
            DiskFull: There is no room left.
        """
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")
        try:
            with os.fdopen(handle, "wb") as file:
                digest = packing.write(self.members, file)
            if digest != self.digest:
                msg = "The source changed while it was being packed. Start again."
                raise SourceError(msg)
            Path(temporary).replace(path)
        except OSError as error:
            raise storage.written_error(error, path) from error
        finally:
            Path(temporary).unlink(missing_ok=True)


def bundle(
    entry_point: str,
    source_dir: Path | None = None,
    dependencies: Sequence[Path] = (),
    packages: Iterable[str] = (),
    *,
    rewritten: Mapping[str, Callable[[str], str]] | None = None,
) -> Bundle:
    """Collect the source of a script and return it as a bundle.

    Args:
        entry_point: The script: relative to *source_dir*, or a path where there is none.
        source_dir: Folder whose content goes to the archive's root; only the script without it.
        dependencies: Files and folders that go to the root under their own names.
        packages: Import names of script-side packages that go to the root.
        rewritten: Name of a text in the archive to what makes it from the one that was collected,
            which is empty where there is none. No file on this machine is changed.

    Raises:
        SourceError: Something named is not there, left out, leads outside, or is there twice.
    """
    program = _program(entry_point, source_dir)
    own = ("", source_dir) if source_dir else (program, Path(entry_point))
    beside = [(_existing(path).name, path) for path in dependencies]
    found = _distinct(
        itertools.chain(
            collect(*own, followed=program), *(collect(name, path) for name, path in beside)
        )
    )
    if program not in found:
        raise left_out(program, Path(source_dir or "."))
    _check_free(found, packages)
    for name, make in (rewritten or {}).items():
        _rewrite(found, name, make)
    members = [*found.values(), *(member for name in packages for member in package_modules(name))]
    _warn_of_size(members)
    ordered = tuple(sorted(members, key=lambda member: member.name))
    digest, size = packing.digest(ordered)
    return Bundle(entry_point=program, members=ordered, digest=digest, size=size)


def _program(entry_point: str, source_dir: Path | None) -> str:
    """Return the script's name in the archive, after seeing that it is there."""
    if source_dir is None:
        script = Path(entry_point)
        if not script.is_file():
            nearest = _nearest(script)
            msg = f"The entry point {entry_point!r} is not a file.{nearest}"
            raise SourceError(msg)
        return script.name
    if not source_dir.is_dir():
        nearest = _nearest(source_dir)
        msg = f"source_dir {str(source_dir)!r} is not a folder.{nearest}"
        raise SourceError(msg)
    name = PurePosixPath(os.path.normpath(entry_point))
    if name.is_absolute() or ".." in name.parts:
        msg = f"The entry point {entry_point!r} must be relative to source_dir and inside it."
        raise SourceError(msg)
    if not (source_dir / name).is_file():
        nearest = _nearest(source_dir / name)
        msg = f'No file named "{entry_point}" was found in directory "{source_dir}".{nearest}'
        raise SourceError(msg)
    return str(name)


def _nearest(path: Path) -> str:
    """Return what the user may have meant by a path; nothing where the path itself is there."""
    if path.exists() or not path.parent.is_dir():
        return ""
    return did_you_mean(path.name, [entry.name for entry in path.parent.iterdir()])


def _existing(path: Path) -> Path:
    if not path.exists():
        msg = f"The dependency {str(path)!r} does not exist."
        raise SourceError(msg)
    return path.resolve() if path.name in {"", ".", ".."} else path


def _distinct(members: Iterable[Member]) -> dict[str, Member]:
    """Return the files by their names, after seeing that each has its own."""
    found: dict[str, Member] = {}
    for member in members:
        other = found.setdefault(member.name, member)
        if other is not member:
            msg = (
                f"{other.content!s} and {member.content!s} would both be {member.name!r} in the"
                " archive. Rename one of them."
            )
            raise SourceError(msg)
    return found


def _check_free(names: Iterable[str], packages: Iterable[str]) -> None:
    taken = {PurePosixPath(name).parts[0].removesuffix(".py") for name in names}
    for package in packages:
        if package in taken:
            msg = (
                f"The source has a {package!r} of its own, the name of a package that travels with"
                " every script. Rename yours."
            )
            raise SourceError(msg)


def _rewrite(found: dict[str, Member], name: str, make: Callable[[str], str]) -> None:
    """Put another text in the place of the one of this name."""
    before = found.get(name)
    text = _text(before.content) if before else ""
    after = make(text)
    if after != text:
        content = after.encode()
        found[name] = Member(name, content, len(content))


def _text(content: Path | bytes) -> str:
    if isinstance(content, bytes):
        return content.decode()
    try:
        return content.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise packing.unreadable(content, error) from error
    except UnicodeDecodeError as error:
        msg = f"{content} is not UTF-8: {error.reason} at byte {error.start}. Save it as UTF-8."
        raise SourceError(msg) from error


def _warn_of_size(members: Sequence[Member]) -> None:
    size = sum(member.size for member in members)
    if size > _LARGE:
        msg = (
            f"The source has {_megabytes(size)}. Largest: {_told(_largest(members, 3))}. What the"
            f" script does not need stays out through a line in {ignoring.OWN_FILE} in source_dir,"
            f" such as /{_largest(members, 1)[0].name}; data goes better through the inputs of fit."
        )
        warn(msg)


def _largest(members: Iterable[Member], count: int) -> tuple[Member, ...]:
    return tuple(heapq.nlargest(count, members, key=lambda member: member.size))


def _told(members: Iterable[Member]) -> str:
    return ", ".join(f"{member.name} ({_megabytes(member.size)})" for member in members)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"

"""The training source: collect the files, pack them byte for byte the same, know their digest.

The archive has the script's folder at its root, then the dependencies and the script-side packages
under their own names, as the container contract wants it. Two bundles of equal files are equal
bytes, whoever packs them and when. The digest is over the uncompressed archive, since compressors
differ from version to version.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import stat
import tarfile
import tempfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Protocol

import attrs

from rlcore import storage
from rlcore.errors import SourceError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# What no training needs and every working folder has.
IGNORED_FOLDERS = frozenset(
    {
        ".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".ipynb_checkpoints",
        ".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", "rlcore-output",
    }
)  # fmt: skip
IGNORED_SUFFIXES = (".pyc", ".pyo", ".DS_Store")
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"
_LEVEL = 1  # A quarter of the default's CPU time, for archives that live a few seconds.


class _Sink(Protocol):
    def write(self, data: bytes, /) -> int: ...


@attrs.frozen
class Member:
    """One file of the archive: its name there, and where it is on this machine."""

    name: str
    path: Path


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

    def write(self, path: Path) -> None:
        """Write the archive, compressed, so that *path* is whole or not there.

        Raises:
            SourceError: A file has changed since the digest was taken.
            DiskFull: There is no room left.
        """
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")
        try:
            with os.fdopen(handle, "wb") as file:
                digest = _write_compressed(self.members, file)
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
) -> Bundle:
    """Collect the source of a script and return it as a bundle.

    Args:
        entry_point: The script: relative to *source_dir*, or a path where there is none.
        source_dir: Folder whose content goes to the archive's root; only the script without it.
        dependencies: Files and folders that go to the root under their own names.
        packages: Import names of script-side packages that go to the root.

    Raises:
        SourceError: Something named is not there, leads outside, or is there twice.
    """
    program = _program(entry_point, source_dir)
    named: list[tuple[str, Path]] = []
    if source_dir is None:
        named.append((program, Path(entry_point)))
    else:
        named.append(("", source_dir))
    named.extend((_existing(path).name, path) for path in dependencies)
    members = _distinct([member for name, path in named for member in _collect(name, path)])
    _check_free(members, packages)
    for package in packages:
        members.extend(_collect(package, _package_folder(package), suffix=".py"))
    ordered = tuple(sorted(members, key=lambda member: member.name))
    digest = _Digest()
    _write_tar(ordered, digest)
    return Bundle(
        entry_point=program, members=ordered, digest=digest.hexadecimal(), size=digest.size
    )


class _Digest:
    """A sink that only counts and hashes."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes, /) -> int:
        self._hash.update(data)
        self.size += len(data)
        return len(data)

    def hexadecimal(self) -> str:
        return self._hash.hexdigest()


class _Compressor:
    """A sink that compresses into a file, with a gzip header that names no time and no file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._checksum = 0
        self._size = 0
        self.digest = _Digest()
        file.write(_GZIP_HEADER)

    def write(self, data: bytes, /) -> int:
        self.digest.write(data)
        self._checksum = zlib.crc32(data, self._checksum)
        self._size += len(data)
        self._file.write(self._deflate.compress(data))
        return len(data)

    def finish(self) -> str:
        self._file.write(self._deflate.flush())
        self._file.write(self._checksum.to_bytes(4, "little"))
        self._file.write((self._size & 0xFFFFFFFF).to_bytes(4, "little"))
        return self.digest.hexadecimal()


def _write_compressed(members: Iterable[Member], file: IO[bytes]) -> str:
    compressor = _Compressor(file)
    _write_tar(members, compressor)
    return compressor.finish()


def _write_tar(members: Iterable[Member], sink: _Sink) -> None:
    with tarfile.open(fileobj=sink, mode="w|", format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
        for member in members:
            with _open(member.path) as file:
                status = os.fstat(file.fileno())
                info = tarfile.TarInfo(member.name)
                info.size = status.st_size
                info.mode = 0o755 if status.st_mode & stat.S_IXUSR else 0o644
                archive.addfile(info, file)


def _open(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}. Mend its permissions or move it away."
        raise SourceError(msg) from error


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


def _collect(name: str, path: Path, suffix: str = "") -> Iterator[Member]:
    """Yield the files at *path* under *name*; a link that the user named is followed."""
    if path.is_file():
        yield Member(name, path)
        return
    root = path.resolve()
    for folder, folders, files in os.walk(path, followlinks=True):
        folders[:] = sorted(set(folders) - IGNORED_FOLDERS)
        for entry in folders:
            _check_inside(Path(folder, entry), root)
        for entry in sorted(files):
            if entry.endswith(suffix) and not entry.endswith(IGNORED_SUFFIXES):
                file = Path(folder, entry)
                _check_inside(file, root)
                if file.is_file():
                    yield Member(str(PurePosixPath(name, file.relative_to(path))), file)


def _check_inside(path: Path, root: Path) -> None:
    """Refuse a link inside the source that leads out of it, or round in a circle."""
    if not path.is_symlink():
        return
    target = path.resolve()
    if root != target and root in target.parents and target not in path.parents:
        return
    msg = (
        f"{path} is a link to {target}, outside {root}. Name that path in dependencies, or replace"
        " the link by what it points to."
    )
    raise SourceError(msg)


def _distinct(members: list[Member]) -> list[Member]:
    seen: dict[str, Path] = {}
    for member in members:
        if member.name in seen:
            msg = (
                f"{seen[member.name]} and {member.path} would both be {member.name!r} in the"
                " archive. Rename one of them."
            )
            raise SourceError(msg)
        seen[member.name] = member.path
    return members


def _check_free(members: Iterable[Member], packages: Iterable[str]) -> None:
    taken = {PurePosixPath(member.name).parts[0].removesuffix(".py") for member in members}
    for package in packages:
        if package in taken:
            msg = (
                f"The source has a {package!r} of its own, the name of a package that travels with"
                " every script. Rename yours."
            )
            raise SourceError(msg)


def _package_folder(package: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        msg = f"The script-side package {package!r} is not installed. Reinstall its distribution."
        raise SourceError(msg)
    return Path(next(iter(found.submodule_search_locations)))

"""Packing what a script leaves, and bringing it to its place. Imported by the supervisor."""

from __future__ import annotations

import gzip
import os
import shutil
import stat
import tarfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rlcore import storage
from rlcore.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rlcore.platforms.local.members import Member

_LEVEL = 1  # weights hardly compress: a higher level costs time and gains nothing
_SETTLED = 1.0  # seconds without a change after which a file counts as written


def pack(members: Iterable[Member], uri: str, scratch: Path) -> None:
    """Bring *members* to *uri* as a `.tar.gz`.

    Equal content gives equal bytes. *scratch* is where the archive is written first; nothing is
    left there.

    Raises:
        DiskFull: There is no room left.
        StorageError: The archive could not be written for another reason.
    """
    try:
        _write(members, scratch)
        storage.put(scratch, uri)
    except StorageError:
        raise
    except OSError as error:
        raise storage.written_error(error, scratch) from error
    finally:
        scratch.unlink(missing_ok=True)


def _write(members: Iterable[Member], path: Path) -> None:
    with (
        path.open("wb") as file,
        gzip.GzipFile("", "wb", _LEVEL, file, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        for member in members:
            _add(archive, member)


def _add(archive: tarfile.TarFile, member: Member) -> None:
    info = archive.gettarinfo(member.path, member.name)
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mtime = 0
    info.mode = 0o755 if info.isdir() or info.mode & stat.S_IXUSR else 0o644
    if info.islnk():  # a second name of a file that is packed already
        info.type, info.linkname, info.size = tarfile.REGTYPE, "", member.path.stat().st_size
    if not info.isreg():
        archive.addfile(info)
        return
    with member.path.open("rb") as file:
        archive.addfile(info, file)


class Mirror:
    """Brings the files of a folder to an address, each once it is written, again when it changes.

    The older go first: what a script writes last, to say that the rest is there, comes last.
    Nothing is deleted at the address. Links are not followed: a script might have put one to
    somebody's files in the folder's own place.

    Attributes:
        folder: The folder, without links on the way to it.
    """

    def __init__(self, folder: Path, uri: str) -> None:
        """Name both; nothing is copied yet."""
        self.folder = folder.resolve()
        self._uri = uri
        self._copied: dict[str, tuple[int, int]] = {}

    def take_as_copied(self) -> None:
        """Take what is there now for copied."""
        self._copied = {name: _version(status) for name, status in _files(self.folder)}

    @property
    def is_replaced(self) -> bool:
        """Whether there is a link in the folder's place, or on the way to it."""
        return self.folder != self.folder.resolve()

    def sync(self, settled: float = _SETTLED) -> None:
        """Copy what is new and has not been changed for *settled* seconds."""
        if self.is_replaced:
            return
        latest = time.time() - settled
        for name, status in sorted(_files(self.folder), key=lambda file: file[1].st_mtime_ns):
            version = _version(status)
            if self._copied.get(name) != version and status.st_mtime <= latest:
                self._copy(name)
                self._copied[name] = version

    def _copy(self, name: str) -> None:
        try:
            storage.put(self.folder / name, storage.join(self._uri, name))
        except StorageError:
            if (self.folder / name).exists():
                raise  # Otherwise the script has removed it meanwhile.


def _version(status: os.stat_result) -> tuple[int, int]:
    return status.st_mtime_ns, status.st_size


def _files(folder: Path, below: str = "") -> list[tuple[str, os.stat_result]]:
    """Return name and status of the regular files below a folder, while they come and go."""
    found = []
    with suppress(FileNotFoundError), os.scandir(folder / below) as entries:
        for entry in entries:
            name = f"{below}/{entry.name}" if below else entry.name
            with suppress(FileNotFoundError):
                if entry.is_dir(follow_symlinks=False):
                    found += _files(folder, name)
                elif entry.is_file(follow_symlinks=False):
                    found.append((name, entry.stat(follow_symlinks=False)))
    return found


def copy_writable(source: Path, target: Path) -> None:
    """Copy a file or a folder into the folder *target*, links followed, all of it writable."""
    target.mkdir(parents=True, exist_ok=True)
    if source.is_file():
        _copy_file(source, target / source.name)
        return
    for parent, folders, files in os.walk(source, followlinks=True):
        here = Path(parent)
        folders[:] = [name for name in folders if not _is_around(here / name)]
        copy = target / here.relative_to(source)
        copy.mkdir(exist_ok=True)
        for name in files:
            if (here / name).is_file():
                _copy_file(here / name, copy / name)


def _is_around(folder: Path) -> bool:
    """Whether a folder is a link to one around itself, which would be copied for ever."""
    return folder.resolve() in folder.parent.resolve().joinpath("_").parents


def _copy_file(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    target.chmod(stat.S_IMODE(source.stat().st_mode) | stat.S_IRUSR | stat.S_IWUSR)

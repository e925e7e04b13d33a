"""Unpacking a `.tar.gz` that came from elsewhere."""

import contextlib
import gzip
import os
import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Iterator, List, Optional

MAXIMUM_MEMBERS = 100000
MAXIMUM_BYTES = 50 * 1024**3
_LONGEST_READ = 1 << 20  # bytes; tarfile reads files in small pieces, but any header at once


class ArchiveError(ValueError):
    """An archive holds what has no place in a model or checkpoint, or is too large."""


def extract(archive: Path, folder: Path, maximum_bytes: Optional[int] = None) -> None:
    """Unpack plain files and folders of an archive below a folder.

    Nothing is written where one member is refused. Owners, permissions and times are ignored.

    Args:
        archive: The archive.
        folder: Where its members go.
        maximum_bytes: How much they may hold, MAXIMUM_BYTES by default; never more than the disk
            has room for.

    Raises:
        ArchiveError: A member is absolute, leads out of the folder, is a link, a device or a
            pipe; there are more than MAXIMUM_MEMBERS, or they hold too much; or it is no archive.
    """
    try:
        with reading(archive) as opened:
            room = min(maximum_bytes or MAXIMUM_BYTES, shutil.disk_usage(str(folder.parent)).free)
            members = _checked_members(archive, opened, folder, room)
            for member in members:
                _extract_member(opened, member, folder)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        msg = "{} is no whole .tar.gz archive: {}"
        raise ArchiveError(msg.format(archive, error)) from error


@contextlib.contextmanager
def reading(archive: Path) -> Iterator[tarfile.TarFile]:
    """Open a `.tar.gz` to read its members, none of whose headers can fill the memory."""
    with _Unpacked(str(archive)) as unpacked, tarfile.open(fileobj=unpacked, mode="r:") as opened:
        yield opened


class _Unpacked(gzip.GzipFile):
    """What is in a gzip file; what is wrong with it is an error of the archive."""

    def read(self, size: Optional[int] = -1) -> bytes:
        """Read so many bytes."""
        if size is not None and size > _LONGEST_READ:
            msg = "a member has a header of {} bytes"
            raise tarfile.ReadError(msg.format(size))
        try:
            return super().read(size)
        except OSError as error:
            raise tarfile.ReadError(str(error)) from error


def _checked_members(
    archive: Path, opened: tarfile.TarFile, folder: Path, room: int
) -> List[tarfile.TarInfo]:
    """Return the members; a bomb is refused at the member that goes too far, unread."""
    members = []  # type: List[tarfile.TarInfo]
    total = 0
    for member in opened:
        _check_member(archive, member, folder)
        members.append(member)
        total += member.size
        if len(members) > MAXIMUM_MEMBERS or total > room:
            msg = "{} holds more than {} members or {} bytes, which is all that is allowed"
            raise ArchiveError(msg.format(archive, MAXIMUM_MEMBERS, room))
    return members


def _check_member(archive: Path, member: tarfile.TarInfo, folder: Path) -> None:
    name = PurePosixPath(member.name.replace("\\", "/"))
    root = str(folder.resolve())
    target = str((folder / member.name).resolve())
    inside = os.path.commonpath([root, target]) == root
    if name.is_absolute() or ".." in name.parts or not inside:
        msg = "{}: the member {!r} leads out of the folder".format(archive, member.name)
        raise ArchiveError(msg)
    if not (member.isfile() or member.isdir()):
        msg = "{}: the member {!r} is a link, device or pipe; allowed are files and folders"
        raise ArchiveError(msg.format(archive, member.name))


def _extract_member(opened: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    target = folder / member.name
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    source = opened.extractfile(member)
    if source is not None:
        with source, target.open("wb") as file:
            shutil.copyfileobj(source, file)

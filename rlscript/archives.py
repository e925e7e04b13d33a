"""Unpacking a `.tar.gz` that came from elsewhere."""

import os
import shutil
import tarfile
from pathlib import Path, PurePosixPath
from typing import List

MAXIMUM_MEMBERS = 100000
MAXIMUM_BYTES = 50 * 1024**3


class ArchiveError(ValueError):
    """An archive holds what has no place in a model or checkpoint, or is too large."""


def extract(archive: Path, folder: Path) -> None:
    """Unpack plain files and folders of an archive below a folder.

    Nothing is written where one member is refused. Owners, permissions and times are ignored.

    Raises:
        ArchiveError: A member is absolute, leads out of the folder, is a link, a device or a
            pipe, or the archive exceeds MAXIMUM_MEMBERS or MAXIMUM_BYTES.
    """
    with tarfile.open(str(archive)) as opened:
        members = opened.getmembers()
        _check_size(archive, members)
        for member in members:
            _check_member(archive, member, folder)
        for member in members:
            _extract_member(opened, member, folder)


def _check_size(archive: Path, members: List[tarfile.TarInfo]) -> None:
    total = sum(member.size for member in members)
    if len(members) > MAXIMUM_MEMBERS or total > MAXIMUM_BYTES:
        msg = "{} holds {} members of {} bytes; allowed are {} and {}".format(
            archive, len(members), total, MAXIMUM_MEMBERS, MAXIMUM_BYTES
        )
        raise ArchiveError(msg)


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

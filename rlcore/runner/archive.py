"""Unpacking a source archive that nobody vouches for. Python 3.6, standard library alone."""

import pathlib
import posixpath
import tarfile
from typing import Iterator, Set

MEMBER_LIMIT = 100000
SIZE_LIMIT = 20 * 2**30  # bytes, unpacked


class UnsafeArchive(ValueError):
    """The archive would write outside its folder, or is larger than any source can be."""


def _inside(name: str) -> bool:
    """Whether a path inside the archive stays inside, read as text."""
    return not posixpath.isabs(name) and posixpath.normpath(name).split("/")[0] != ".."


def _passes(name: str, links: Set[str]) -> bool:
    """Whether a path inside the archive is a link, or leads through one."""
    parts = posixpath.normpath(name).split("/")
    return any("/".join(parts[:length]) in links for length in range(1, len(parts) + 1))


def _refuse(member: tarfile.TarInfo, reason: str) -> None:
    msg = "Source archive: {!r} {}; pack it without.".format(member.name, reason)
    raise UnsafeArchive(msg)


def _check(member: tarfile.TarInfo, links: Set[str]) -> None:
    """Refuse what could touch anything outside.

    Nothing is ever written through a symbolic link, so that paths are what their text says also
    on the Pythons whose tarfile knows no filters.
    """
    if not _inside(member.name):
        _refuse(member, "leads out of the archive")
    if not (member.isreg() or member.isdir() or member.issym() or member.islnk()):
        _refuse(member, "is neither file, folder nor link")
    # What a hard link names, a later member of its name would write to.
    if _passes(member.name, links) or (member.islnk() and _passes(member.linkname, links)):
        _refuse(member, "would be written through a link")
    base = posixpath.dirname(posixpath.normpath(member.name)) if member.issym() else ""
    if (member.issym() or member.islnk()) and (
        posixpath.isabs(member.linkname) or not _inside(posixpath.join(base, member.linkname))
    ):
        _refuse(member, "links to {!r}, outside the archive".format(member.linkname))


def _checked(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    links: Set[str] = set()
    size = 0
    for count, member in enumerate(archive, start=1):
        size += member.size
        if count > MEMBER_LIMIT or size > SIZE_LIMIT:
            _refuse(member, "is beyond {} members or {} bytes".format(MEMBER_LIMIT, SIZE_LIMIT))
        _check(member, links)
        if member.issym():
            links.add(posixpath.normpath(member.name))
        member.mode = (member.mode | (0o700 if member.isdir() else 0o600)) & 0o755
        yield member


def extract(path: str, folder: pathlib.Path) -> None:
    """Unpack a source archive into *folder*; raise `UnsafeArchive` before writing anything."""
    with tarfile.open(path, "r:*") as archive:
        members = list(_checked(archive))
        folder.mkdir(parents=True, exist_ok=True)
        if hasattr(tarfile, "data_filter"):
            archive.extractall(str(folder), members, filter="data")
        else:
            archive.extractall(str(folder), members)  # noqa: S202 - checked above

"""Files into an archive whose bytes depend on their names, contents and modes alone.

Two archives of equal files are equal bytes, whoever packs them and when. The digest is over the
uncompressed archive, since compressors differ from version to version.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tarfile
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

import attrs

from rlcore.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable

_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"
_LEVEL = 1  # A quarter of the default's CPU time, for archives that live a few seconds.


@attrs.frozen
class Member:
    """One file of an archive.

    Attributes:
        name: Its name there.
        content: Where it is on this machine, or the bytes themselves.
        size: How many bytes it had when it was found.
    """

    name: str
    content: Path | bytes = attrs.field(repr=False)
    size: int


def digest(members: Iterable[Member]) -> tuple[str, int]:
    """Return the SHA-256 of the uncompressed archive, in hexadecimal, and its size in bytes.

    Raises:
        SourceError: A file cannot be read.
    """
    sink = _Digest()
    _write_tar(members, sink)
    return sink.hexadecimal(), sink.size


def write(members: Iterable[Member], file: IO[bytes]) -> str:
    """Write the archive, compressed, and return the digest of what went in.

    Raises:
        SourceError: A file cannot be read.
    """
    compressor = _Compressor(file)
    _write_tar(members, compressor)
    return compressor.finish()


def unreadable(path: Path | str, error: OSError) -> SourceError:
    """Return the error for something that cannot be read."""
    msg = f"{path} cannot be read: {error.strerror}. Mend its permissions or move it away."
    return SourceError(msg)


class _Sink(Protocol):
    def write(self, data: bytes, /) -> int: ...


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


def _write_tar(members: Iterable[Member], sink: _Sink) -> None:
    with tarfile.open(fileobj=sink, mode="w|", format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
        for member in members:
            info = tarfile.TarInfo(member.name)
            if isinstance(member.content, bytes):
                info.size = len(member.content)
                archive.addfile(info, io.BytesIO(member.content))
                continue
            with _open(member.content) as file:
                status = os.fstat(file.fileno())
                info.size = status.st_size
                info.mode = 0o755 if status.st_mode & stat.S_IXUSR else 0o644
                archive.addfile(info, file)


def _open(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise unreadable(path, error) from error

"""Archives whose bytes depend on names, contents and modes alone."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlcore import packing
from rlcore.errors import SourceError
from rlcore.packing import Member

if TYPE_CHECKING:
    from pathlib import Path


def packed(*members: Member) -> bytes:
    """Return the compressed archive of these members."""
    file = io.BytesIO()
    assert packing.digest(members)[0] == packing.write(members, file)
    return file.getvalue()


@given(content=st.binary(max_size=200_000), name=st.from_regex(r"[a-zé_/]{0,120}x", fullmatch=True))
def test_any_content_comes_out_as_it_went_in(content, name):
    """Every size and every long or foreign name survives the archive."""
    name = name.strip("/")

    with tarfile.open(fileobj=io.BytesIO(packed(Member(name, content, len(content))))) as archive:
        (member,) = archive

        assert name == member.name
        assert content == archive.extractfile(member).read()


def test_a_file_and_its_bytes_are_the_same(tmp_path: Path):
    """Where a content comes from does not show."""
    (tmp_path / "x").write_bytes(b"content")

    assert packed(Member("x", b"content", 7)) == packed(Member("x", tmp_path / "x", 7))


def test_the_digest_is_of_the_uncompressed_archive():
    """Compressors differ by version; the digest must not."""
    members = [Member("x", b"content", 7)]
    plain = gzip.decompress(packed(*members))

    assert (hashlib.sha256(plain).hexdigest(), len(plain)) == packing.digest(members)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path):
    """With its path and the reason."""
    with pytest.raises(SourceError, match="gone cannot be read: No such file"):
        packing.digest([Member("x", tmp_path / "gone", 0)])

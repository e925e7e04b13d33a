"""The manifest of an archive, read without unpacking it."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_archives import MANIFEST, packed

from rlcore import policy
from rlcore.errors import InvalidArgument, InvalidModel
from rlscript import archives


def test_the_manifest_of_an_archive(tmp_path: Path) -> None:
    """Toolkit and release are read, wherever the file is among the others."""
    path = packed(tmp_path / "model.tar.gz", {"a.onnx": b"x", "policy.json": MANIFEST, "b": b"y"})

    manifest = policy.manifest_of(policy.address(path))

    assert ("ray.pytorch", "2.60.0") == (manifest.toolkit, manifest.release)


@pytest.mark.parametrize("name", ["./policy.json", "policy.json"])
def test_either_way_of_packing(tmp_path: Path, name: str) -> None:
    """`tar -C model .` puts `./` before every name."""
    path = packed(tmp_path / "model.tar.gz", {name: MANIFEST})

    assert policy.manifest_of(path.as_uri()) is not None


def test_an_archive_without_manifest(tmp_path: Path) -> None:
    """A model from elsewhere says nothing; one in a folder is not its own."""
    path = packed(tmp_path / "model.tar.gz", {"saved_model.pb": b"x", "old/policy.json": b"{"})

    assert policy.manifest_of(path.as_uri()) is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "manifest that cannot be used"),
        (b"[]", "has the format 'list'"),
        (b"\xff", "manifest that cannot be used"),
        (b'{"format": 99}', "has the format 99"),
        (b"[" * 100_000, "manifest that cannot be used"),
    ],
)
def test_a_manifest_that_is_none(tmp_path: Path, content: bytes, words: str) -> None:
    """A damaged manifest is an error, not a foreign model."""
    path = packed(tmp_path / "model.tar.gz", {"policy.json": content})

    with pytest.raises(InvalidModel, match=words):
        policy.manifest_of(path.as_uri())


def test_a_manifest_that_is_a_link(tmp_path: Path) -> None:
    """No link is followed, wherever it leads."""
    path = tmp_path / "model.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("policy.json")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(member)

    with pytest.raises(InvalidModel, match="is no file"):
        policy.manifest_of(path.as_uri())


def test_a_manifest_that_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's memory is filled by a file that should be small."""
    monkeypatch.setattr(policy, "LONGEST_MANIFEST", 10)
    path = packed(tmp_path / "model.tar.gz", {"policy.json": MANIFEST})

    with pytest.raises(InvalidModel, match="longer than 10 bytes"):
        policy.manifest_of(path.as_uri())


@pytest.mark.parametrize(("limit", "value"), [("MAXIMUM_MEMBERS", 1), ("MAXIMUM_BYTES", 1)])
def test_an_archive_that_is_a_bomb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    """Reading ends where no model is so large."""
    monkeypatch.setattr(archives, limit, value)
    path = packed(tmp_path / "model.tar.gz", {"a": b"xx", "b": b"", "policy.json": MANIFEST})

    with pytest.raises(InvalidModel, match="more members or bytes than"):
        policy.manifest_of(path.as_uri())


@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    """Whatever is no archive is an error of ours."""
    import tempfile  # noqa: PLC0415 - a fixture would be one folder for all examples

    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        with pytest.raises(InvalidModel, match="is not an archive"):
            policy.manifest_of(Path(file.name).as_uri())


def test_an_archive_that_was_cut_off(tmp_path: Path) -> None:
    """A broken download is told, not half read."""
    whole = packed(tmp_path / "model.tar.gz", {"a": bytes(100_000), "policy.json": MANIFEST})
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(whole.read_bytes()[:60])

    with pytest.raises(InvalidModel, match="is not an archive"):
        policy.manifest_of(cut.as_uri())


def test_paths_become_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path, relative or not, an address of this machine, or one of S3."""
    path = packed(tmp_path / "model.tar.gz", {})
    monkeypatch.chdir(tmp_path)

    found = [policy.address(given) for given in (path, "model.tar.gz", path.as_uri(), "s3://b/m")]

    assert [path.as_uri()] * 3 + ["s3://b/m"] == found


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ("modle.tar.gz", InvalidModel, "Did you mean 'model.tar.gz'"),
        ("no/where", InvalidModel, "There is no model no/where"),
        (".", InvalidModel, "is a folder. Pack it: tar -czf model.tar.gz -C . ."),
        ("http://host/model.tar.gz", InvalidArgument, "Give a path, or file:// or s3://"),
        ("file://host/model.tar.gz", InvalidArgument, "not on this machine"),
    ],
)
def test_what_is_no_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, error: Any, words: str
) -> None:
    """The error tells the nearest, and what to do."""
    packed(tmp_path / "model.tar.gz", {})
    monkeypatch.chdir(tmp_path)

    with pytest.raises(error) as raised:
        policy.address(given)
    assert words in str(raised.value)


def test_the_example_is_a_manifest() -> None:
    """The helper's own manifest says what these tests expect of it."""
    assert 1 == json.loads(io.BytesIO(MANIFEST).read())["format"]

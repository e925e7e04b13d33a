"""Where artefacts are to go, as people write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rlcore.errors import InvalidArgument
from rlcore.platforms.local.addresses import folder_uri

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder, with another as the home."""
    here = (tmp_path / "here").resolve()
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    return here


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("s3://bucket/runs", "s3://bucket/runs"),
        ("s3://bucket", "s3://bucket"),
        ("file:///no/such/a%20b/", "file:///no/such/a%20b"),
        ("file://localhost/no/such", "file:///no/such"),
        ("/no/such/#1", "file:///no/such/%231"),
        ("runs", "file://{here}/runs"),
        ("../runs", "file://{here.parent}/runs"),
        ("~/runs", "file://{here.parent}/user/runs"),
        ("~nobody-of-that-name/runs", "file://{here}/~nobody-of-that-name/runs"),
        ("a:b", "file://{here}/a%3Ab"),
    ],
)
def test_what_is_allowed(here: Path, given: str, expected: str) -> None:
    """Addresses stay; paths become addresses, and nothing is made."""
    assert expected.format(here=here) == folder_uri(given, "output_path")
    assert [] == list(here.iterdir())


@pytest.mark.parametrize(
    ("given", "nearest"),
    [
        ("file://host-of-data/runs", "file://{here}/host-of-data/runs"),
        ("file://~/runs", "file://{here.parent}/user/runs"),
        ("file://./runs", "file://{here}/runs"),
        ("file://runs", "file://{here}/runs"),
        ("file://tmp/runs", "file:///tmp/runs"),
        ("file:///runs/#1", "file:///runs/%231"),
        ("file:/runs/one", "file:///runs/one"),
        ("FILE:///runs", "file:///runs"),
        ("s3:/bucket/runs", "s3://bucket/runs"),
        ("gs://bucket/runs", "file:///path/of/a/folder"),
        ("", "file:///path/of/a/folder"),
        ("s3:///runs", "s3://BUCKET/FOLDER"),
    ],
)
def test_what_is_refused(here: Path, given: str, nearest: str) -> None:
    """The message has the argument, what was given, and the nearest address that is right."""
    with pytest.raises(InvalidArgument) as raised:
        folder_uri(given, "output_path")

    assert f"output_path {given!r} " in str(raised.value)
    assert nearest.format(here=here) in str(raised.value)


def test_a_machine_is_told_as_such() -> None:
    """Where a host was written, it is named: this platform writes to no other machine."""
    with pytest.raises(InvalidArgument, match="'host' is the name of a machine"):
        folder_uri("file://host/runs", "output_path")


@pytest.mark.parametrize("below", ["", "/runs", "/runs/deep"])
def test_a_file_in_the_way(here: Path, below: str) -> None:
    """A folder can neither be a file nor be inside one; both are named."""
    (here / "notes").touch()

    with pytest.raises(InvalidArgument, match=f"checkpoint_s3_uri .*notes{below} .*notes is a"):
        folder_uri((here / "notes").as_uri() + below, "checkpoint_s3_uri")

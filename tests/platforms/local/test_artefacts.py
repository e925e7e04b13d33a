"""Packing, mirroring and copying what jobs read and leave."""

from __future__ import annotations

import os
import shutil
import socket
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rlcore import storage
from rlcore.errors import DiskFull, StorageError
from rlcore.platforms.local import artefacts
from rlcore.platforms.local.members import Tree

if TYPE_CHECKING:
    from rlcore.platforms.local.members import Member

SMALL_DISK = Path("/dev/full")  # a device on which there is never any room


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with files and a folder."""
    folder = tmp_path / "model"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "weights").write_bytes(b"w" * 1000)
    (folder / "run.sh").write_text("#!/bin/sh")
    (folder / "run.sh").chmod(0o750)
    os.link(folder / "deep" / "weights", folder / "second-name")
    return folder


def members(folder: Path) -> list[Member]:
    """Return what is packed of a folder."""
    return Tree(folder.parent, "/opt/ml").members(folder.name)


def pack(folder: Path, tmp_path: Path) -> Path:
    """Pack a folder and return the archive."""
    target = tmp_path / "out" / "model.tar.gz"
    artefacts.pack(members(folder), target.as_uri(), tmp_path / "scratch")
    return target


def test_pack(folder, tmp_path):
    """Files and folders are there, as nobody's and of no time; the scratch is gone."""
    with tarfile.open(pack(folder, tmp_path)) as archive:
        packed = {member.name: member for member in archive}
        data = archive.extractfile("second-name").read()

    assert {"deep", "deep/weights", "run.sh", "second-name"} == set(packed)
    assert b"w" * 1000 == data
    assert 0o755 == packed["run.sh"].mode
    assert {0} == {member.mtime for member in packed.values()}
    assert not (tmp_path / "scratch").exists()


def test_what_is_no_file_is_left_out(tmp_path):
    """A socket or a pipe that a script leaves does not break the archive."""
    folder = tmp_path / "model"
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "socket"))

    with tarfile.open(pack(folder, tmp_path)) as archive:
        assert [] == archive.getnames()


def test_packing_twice_gives_the_same_bytes(folder, tmp_path):
    """Neither the time nor the owner is in the archive."""
    first = pack(folder, tmp_path).read_bytes()
    os.utime(folder / "run.sh", (1, 1))

    assert first == pack(folder, tmp_path).read_bytes()


@pytest.mark.skipif(not SMALL_DISK.exists(), reason="this system has no /dev/full")
def test_a_full_disk_while_packing(folder, tmp_path):
    """The error says so by its name, and nothing half-written is left."""
    scratch = tmp_path / "scratch"
    scratch.symlink_to(SMALL_DISK)

    with pytest.raises(DiskFull, match="No room left"):
        artefacts.pack(members(folder), (tmp_path / "out" / "m").as_uri(), scratch)

    assert not scratch.is_symlink()
    assert not (tmp_path / "out").exists()


def test_other_errors_are_not_full_disks(folder, tmp_path):
    """Where it cannot be written, the cause is told."""
    with pytest.raises(StorageError, match="could not be written") as caught:
        artefacts.pack(members(folder), (tmp_path / "out").as_uri(), tmp_path / "missing/scratch")

    assert not isinstance(caught.value, DiskFull)


def test_a_mirror_brings_what_is_settled(folder, tmp_path):
    """A file that was written just now waits for the next pass, or for the last."""
    target = tmp_path / "mirror"
    mirror = artefacts.Mirror(folder, target.as_uri())
    past = time.time() - 10
    os.utime(folder / "run.sh", (past, past))

    mirror.sync()
    first = sorted(path.name for path in target.rglob("*"))
    mirror.sync(settled=0)

    assert ["run.sh"] == first
    assert b"w" * 1000 == (target / "deep" / "weights").read_bytes()


def test_a_mirror_copies_once_and_again_on_change(folder, tmp_path):
    """What did not change is not copied again; what did, is."""
    target = tmp_path / "mirror"
    mirror = artefacts.Mirror(folder, target.as_uri())
    mirror.sync(settled=0)
    for path in target.rglob("*"):
        if path.is_file():
            path.unlink()
    (folder / "run.sh").write_text("changed")

    mirror.sync(settled=0)

    assert ["run.sh"] == [path.name for path in target.rglob("*") if path.is_file()]


def test_a_mirror_leaves_what_it_was_given(folder, tmp_path):
    """Checkpoints that were brought back are not sent where they came from."""
    mirror = artefacts.Mirror(folder, (tmp_path / "mirror").as_uri())

    mirror.take_as_copied()
    mirror.sync(settled=0)

    assert not (tmp_path / "mirror").exists()


def test_a_mirror_copies_the_older_first_and_minds_no_removal(tmp_path, monkeypatch):
    """What is written last comes last; what the script removes meanwhile is not missed."""
    folder, order = tmp_path / "checkpoints", []
    folder.mkdir()
    for age, name in enumerate(("z-manifest", "gone", "a-weights"), start=1):
        (folder / name).write_text(name)
        os.utime(folder / name, (time.time() - 100 * age,) * 2)
    put = storage.put

    def put_and_remove(path, uri):
        put(path, uri)
        order.append(path.name)
        (folder / "gone").unlink(missing_ok=True)

    monkeypatch.setattr(storage, "put", put_and_remove)
    artefacts.Mirror(folder, (tmp_path / "mirror").as_uri()).sync()

    assert ["a-weights", "z-manifest"] == order


def test_a_mirror_of_nothing(tmp_path):
    """A folder that a script deletes is no error."""
    artefacts.Mirror(tmp_path / "missing", (tmp_path / "mirror").as_uri()).sync()

    assert not (tmp_path / "mirror").exists()


@pytest.mark.parametrize("link", ["job/checkpoints", "job"])
def test_a_mirror_follows_no_link(folder, tmp_path, link):
    """A link that a script puts in the folder's place, or on the way to it, brings nothing."""
    checkpoints = tmp_path / "job/checkpoints"
    checkpoints.mkdir(parents=True)
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints/key").write_text("secret")
    mirror = artefacts.Mirror(checkpoints, (tmp_path / "mirror").as_uri())
    shutil.rmtree(tmp_path / link)
    (tmp_path / link).symlink_to(folder)

    mirror.sync(settled=0)

    assert mirror.is_replaced
    assert not (tmp_path / "mirror").exists()


def test_a_mirror_of_a_folder_that_its_owner_links(folder, tmp_path):
    """Links that were there before the job began are the user's own."""
    (tmp_path / "link").symlink_to(folder)
    mirror = artefacts.Mirror(tmp_path / "link", (tmp_path / "mirror").as_uri())

    mirror.sync(settled=0)

    assert (tmp_path / "mirror/run.sh").is_file()


def test_copies_are_writable_and_follow_links(folder, tmp_path):
    """What is read-only can be changed in the copy; links become what they point to."""
    (folder / "run.sh").chmod(0o400)
    (folder / "deep" / "circle").symlink_to(folder)
    (folder / "deep").chmod(0o500)
    copy = tmp_path / "copy"

    artefacts.copy_writable(folder, copy)

    (copy / "run.sh").write_text("changed")
    assert 0o600 == (copy / "run.sh").stat().st_mode & 0o600
    assert 0o700 == (copy / "deep").stat().st_mode & 0o700
    (copy / "deep" / "new").touch()
    assert not (copy / "inside").is_symlink()
    assert "#!/bin/sh" == (folder / "run.sh").read_text()
    assert not (copy / "deep" / "circle").exists()


def test_a_file_as_a_channel(tmp_path):
    """A single file keeps its name in the channel's folder."""
    (tmp_path / "data.csv").write_text("1")

    artefacts.copy_writable(tmp_path / "data.csv", tmp_path / "copy")

    assert "1" == (tmp_path / "copy" / "data.csv").read_text()


def test_storage_is_where_things_go(tmp_path):
    """Addresses are those of storage, spaces and all."""
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b" / "file").touch()
    uri = (tmp_path / "to here").as_uri()

    artefacts.Mirror(tmp_path / "a b", uri).sync(settled=0)

    assert storage.exists(storage.join(uri, "file"))

"""The source archive: what is in it, and that equal files are equal bytes."""

from __future__ import annotations

import os
import tarfile
from typing import TYPE_CHECKING

import pytest

from rlcore.errors import SourceError
from rlcore.source import bundle

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a script's folder with what such folders have."""
    source = tmp_path / "src"
    for name, text in {
        "train.py": "print('hello')",
        "lib/env.py": "x = 1",
        "lib/__pycache__/env.pyc": "junk",
        ".git/config": "junk",
        ".hidden": "kept",
        "run.sh": "#!/bin/sh",
    }.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    (source / "run.sh").chmod(0o700)
    return source


def unpacked(path: Path) -> dict[str, tuple[bytes, int]]:
    """Return name to content and mode of an archive's members."""
    with tarfile.open(path) as archive:
        return {
            member.name: (archive.extractfile(member).read(), member.mode) for member in archive
        }


def test_a_folder_goes_to_the_root_without_what_no_training_needs(folder, tmp_path):
    """Hidden files stay in, caches and repositories stay out, and modes are plain."""
    packed = bundle("train.py", folder)
    packed.write(tmp_path / "source.tar.gz")

    assert "train.py" == packed.entry_point
    assert {
        ".hidden": (b"kept", 0o644),
        "lib/env.py": (b"x = 1", 0o644),
        "run.sh": (b"#!/bin/sh", 0o755),
        "train.py": (b"print('hello')", 0o644),
    } == unpacked(tmp_path / "source.tar.gz")


def test_a_script_alone_brings_only_itself(folder):
    """Without source_dir the neighbours of the script stay at home."""
    packed = bundle(str(folder / "train.py"))

    assert ["train.py"] == [member.name for member in packed.members]


def test_dependencies_and_packages_stand_at_the_root(folder, tmp_path):
    """A dependency keeps its own name; a package brings its Python files."""
    (tmp_path / "common" / "deep").mkdir(parents=True)
    (tmp_path / "common" / "deep" / "x.txt").write_text("x")
    (tmp_path / "one.txt").write_text("1")

    packed = bundle(
        "train.py", folder, [tmp_path / "common", tmp_path / "one.txt"], packages=["rlscript"]
    )

    names = {member.name for member in packed.members}
    assert {"common/deep/x.txt", "one.txt", "rlscript/__init__.py", "train.py"} <= names
    assert not [name for name in names if name.startswith("rlscript/") and name[-3:] != ".py"]


def test_equal_files_are_equal_bytes(folder, tmp_path):
    """Neither times nor owners nor the order on disk change the archive."""
    first = bundle("train.py", folder)
    first.write(tmp_path / "a.tar.gz")
    os.utime(folder / "train.py", (1, 1))
    (folder / "lib/__pycache__/other.pyc").write_text("more junk")
    second = bundle("train.py", folder)
    second.write(tmp_path / "b.tar.gz")

    assert first.digest == second.digest
    assert (tmp_path / "a.tar.gz").read_bytes() == (tmp_path / "b.tar.gz").read_bytes()


@pytest.mark.parametrize("change", ["content", "name", "mode"])
def test_any_difference_changes_the_digest(folder, change):
    """The digest names an upload: it must tell archives apart."""
    before = bundle("train.py", folder).digest
    if change == "content":
        (folder / "lib/env.py").write_text("x = 2")
    elif change == "name":
        (folder / "lib/env.py").rename(folder / "lib/new.py")
    else:
        (folder / "lib/env.py").chmod(0o755)

    assert before != bundle("train.py", folder).digest


def test_a_source_that_changes_while_packed_is_refused_and_leaves_nothing(folder, tmp_path):
    """What was planned is what is sent, or nothing is."""
    packed = bundle("train.py", folder)
    (folder / "train.py").write_text("print('changed')")

    with pytest.raises(SourceError, match="changed while it was being packed"):
        packed.write(tmp_path / "out.tar.gz")

    assert ["src"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("entry_point", "words"),
    [
        ("trian.py", "No file named \"trian.py\" was found.*Did you mean 'train.py'"),
        ("../src/train.py", "inside it"),
        ("lib", 'No file named "lib"'),
    ],
)
def test_a_script_that_is_not_there_is_refused(folder, entry_point, words):
    """The original's words, and the nearest name."""
    with pytest.raises(SourceError, match=words):
        bundle(entry_point, folder)


def test_a_folder_that_is_not_there_is_refused(folder):
    """The message names what was given and the nearest."""
    with pytest.raises(SourceError, match=r"scr' is not a folder.*Did you mean 'src'"):
        bundle("train.py", folder.with_name("scr"))
    with pytest.raises(SourceError, match=r"train.py' is not a folder.$"):
        bundle("train.py", folder / "train.py")
    with pytest.raises(SourceError, match="'nowhere.py' is not a file"):
        bundle("nowhere.py")
    with pytest.raises(SourceError, match=r"dependency '.*gone' does not exist"):
        bundle("train.py", folder, [folder / "gone"])


def test_two_files_for_one_place_are_refused(folder, tmp_path):
    """A dependency must not shadow the script's own file."""
    (tmp_path / "train.py").write_text("other")

    with pytest.raises(SourceError, match=r"would both be 'train.py'"):
        bundle("train.py", folder, [tmp_path / "train.py"])


@pytest.mark.parametrize("name", ["rlscript.py", "rlscript/x.py"])
def test_a_file_named_like_a_travelling_package_is_refused(folder, name):
    """The script's side must be the one that belongs to the release."""
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("")

    with pytest.raises(SourceError, match="Rename yours"):
        bundle("train.py", folder, packages=["rlscript"])


def test_a_script_that_is_left_out_is_refused(folder):
    """The message names the rule, the file and the way back."""
    (folder / ".gitignore").write_text("# mine\ntr*.py\nlib/\n")

    with pytest.raises(
        SourceError, match=r"'tr\*.py' \(.*src/.gitignore:2\).*!train.py into .*src/."
    ):
        bundle("train.py", folder)
    with pytest.raises(SourceError, match=r"src/lib is left out by 'lib/'.*write !lib into"):
        bundle("lib/env.py", folder)

    (folder / ".rlcoreignore").write_text("!train.py")
    assert "train.py" in {member.name for member in bundle("train.py", folder).members}


def test_a_script_among_credentials_is_refused(folder):
    """Rather than trained without; the message says how to have it."""
    (folder / ".ssh").mkdir()
    (folder / ".ssh" / "train.py").write_text("")

    wanted = r"src/\.ssh is left out by what may hold credentials; !\.ssh in \.rlcoreignore"
    with pytest.raises(SourceError, match=wanted):
        bundle(".ssh/train.py", folder)

    (folder / ".rlcoreignore").write_text("!.ssh")
    assert ".ssh/train.py" == bundle(".ssh/train.py", folder).entry_point


def test_a_script_alone_is_taken_whatever_the_rules_say(folder):
    """Who names a file wants it."""
    (folder / ".gitignore").write_text("*.py")

    assert "train.py" == bundle(str(folder / "train.py")).entry_point


def test_a_text_can_be_made_from_what_was_collected(folder, tmp_path):
    """The archive has the new one, this machine the old one."""
    (folder / "requirements.txt").write_text("\ufeffnumpy\n", "utf-8")
    rewritten = {"requirements.txt": "ray\n{}".format, "new.txt": "new{}".format}

    packed = bundle("train.py", folder, rewritten=rewritten)
    packed.write(tmp_path / "source.tar.gz")

    found = unpacked(tmp_path / "source.tar.gz")
    assert (b"ray\nnumpy\n", 0o644) == found["requirements.txt"]
    assert (b"new", 0o644) == found["new.txt"]
    assert b"\xef\xbb\xbfnumpy\n" == (folder / "requirements.txt").read_bytes()


def test_a_text_that_stays_the_same_changes_nothing(folder):
    """Neither one that is there nor one that is not."""
    same = bundle("train.py", folder, rewritten={"train.py": str, "absent.txt": str})

    assert bundle("train.py", folder) == same


def test_equal_texts_are_equal_bytes_wherever_they_come_from(folder):
    """A made text and a file of the same content have one digest."""
    made = bundle("train.py", folder, rewritten={"made.txt": lambda _: "text"}).digest
    (folder / "made.txt").write_text("text")

    assert bundle("train.py", folder).digest == made


def test_a_text_in_another_encoding_is_refused(folder):
    """It cannot be merged with anything."""
    (folder / "requirements.txt").write_bytes(b"# caf\xe9")

    with pytest.raises(SourceError, match="requirements.txt is not UTF-8.*byte 5"):
        bundle("train.py", folder, rewritten={"requirements.txt": str})


def test_a_bundle_tells_its_size_and_the_largest_files(folder):
    """For a person who wonders what takes so long."""
    (folder / "big.bin").write_bytes(bytes(2_000_000))
    packed = bundle("train.py", folder)

    assert "5 files, 2.0 MB; largest: big.bin (2.0 MB)" == str(packed)
    assert ["big.bin", "train.py"] == [member.name for member in packed.largest(2)]


def test_a_source_that_is_mostly_data_is_told(folder):
    """Once, with the largest files and the way to leave them out."""
    with (folder / "data.bin").open("wb") as file:
        file.truncate(101_000_000)

    with pytest.warns(UserWarning, match=r"101.0 MB. Largest: data.bin.*rlcoreignore.* /data.bin"):
        bundle("train.py", folder)

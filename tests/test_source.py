"""The source archive: what is in it, and that equal files are equal bytes."""

from __future__ import annotations

import gzip
import hashlib
import os
import tarfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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


def test_a_link_that_the_user_named_is_followed(folder, tmp_path):
    """A folder reached through a link is as good as the folder."""
    (tmp_path / "link").symlink_to(folder)

    assert bundle("train.py", folder).digest == bundle("train.py", tmp_path / "link").digest


def test_a_link_inside_is_followed_inside_and_refused_outside(folder, tmp_path):
    """What lies outside is sent only when it is named."""
    (folder / "inside.py").symlink_to("lib/env.py")
    assert "inside.py" in {member.name for member in bundle("train.py", folder).members}

    (tmp_path / "secret").write_text("s")
    (folder / "outside").symlink_to(tmp_path / "secret")
    with pytest.raises(SourceError, match=r"outside is a link to .*secret, outside"):
        bundle("train.py", folder)


@pytest.mark.parametrize("target", [".", ".."])
def test_a_circle_of_links_is_refused(folder, target):
    """Following it would never end."""
    (folder / "lib/circle").symlink_to(target)

    with pytest.raises(SourceError, match="is a link to"):
        bundle("train.py", folder)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200_000), name=st.from_regex(r"[a-zé_]{1,120}", fullmatch=True))
def test_any_file_comes_out_as_it_went_in(tmp_path_factory, content, name):
    """Every size and every long or foreign name survives the archive."""
    folder = tmp_path_factory.mktemp("any")
    (folder / "train.py").write_text("")
    (folder / f"{name}x").write_bytes(content)

    bundle("train.py", folder).write(folder / "out.tar.gz")

    assert content == unpacked(folder / "out.tar.gz")[f"{name}x"][0]


def test_the_digest_is_of_the_uncompressed_archive(folder, tmp_path):
    """Compressors differ by version; the digest must not."""
    packed = bundle("train.py", folder)
    packed.write(tmp_path / "out.tar.gz")
    plain = gzip.decompress((tmp_path / "out.tar.gz").read_bytes())

    assert hashlib.sha256(plain).hexdigest() == packed.digest
    assert len(plain) == packed.size

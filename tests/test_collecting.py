"""Which files of a folder are collected, and where links may lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rlcore.collecting import collect, package_modules
from rlcore.errors import SourceError
from rlcore.source import bundle

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a script's folder."""
    (tmp_path / "src/lib").mkdir(parents=True)
    (tmp_path / "src/train.py").write_text("print('hello')")
    (tmp_path / "src/lib/env.py").write_text("x = 1")
    return tmp_path / "src"


def names(path: Path) -> set[str]:
    """Return the names of what is collected of a path."""
    return {member.name for member in collect("", path)}


def test_a_link_that_the_user_named_is_followed(folder, tmp_path):
    """A folder, a script and a dependency reached through links are as good as themselves."""
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "script.py").symlink_to(folder / "train.py")
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside/lib").symlink_to(folder / "lib")
    (tmp_path / "beside/env.py").symlink_to(folder / "lib/env.py")
    beside = tmp_path / "beside"

    assert bundle("train.py", folder).digest == bundle("train.py", tmp_path / "link").digest
    assert "script.py" == bundle(str(tmp_path / "script.py")).entry_point
    assert {"beside/lib/env.py", "env.py", "lib/env.py", "train.py"} >= {
        member.name
        for member in bundle(
            str(folder / "train.py"), None, [beside / "lib", beside / "env.py"]
        ).members
    }


def test_a_link_inside_is_followed_inside_and_refused_outside(folder, tmp_path):
    """What lies outside is sent only when it is named, or left out."""
    (folder / "inside.py").symlink_to("lib/env.py")
    (folder / "again").symlink_to("lib")
    assert {"again/env.py", "inside.py", "lib/env.py", "train.py"} == names(folder)

    (tmp_path / "secret").write_text("s")
    (folder / "outside").symlink_to(tmp_path / "secret")
    with pytest.raises(SourceError, match=r"outside is a link to .*secret, outside"):
        names(folder)

    (folder / ".gitignore").write_text("/outside\n/.gitignore\n")
    assert {"again/env.py", "inside.py", "lib/env.py", "train.py"} == names(folder)


def test_a_script_that_is_a_link_out_of_its_folder_is_followed(folder, tmp_path):
    """It is named; a neighbour that leads to the same file is not."""
    (tmp_path / "elsewhere.py").write_text("")
    (folder / "lib/linked.py").symlink_to(tmp_path / "elsewhere.py")

    assert "lib/linked.py" == bundle("lib/linked.py", folder).entry_point
    with pytest.raises(SourceError, match=r"linked.py is a link to .*elsewhere.py, outside"):
        bundle("train.py", folder)


@pytest.mark.parametrize("target", [".", "..", "circle"])
def test_a_circle_of_links_is_refused(folder, target):
    """Following it would never end."""
    (folder / "lib/circle").symlink_to(target)

    with pytest.raises(SourceError, match="is a link to"):
        names(folder)


def test_a_link_to_nothing_is_left_out(folder):
    """There is nothing to send."""
    (folder / "lib/dangling").symlink_to("gone")

    assert {"lib/env.py", "train.py"} == names(folder)


def test_a_package_brings_its_modules():
    """And nothing else of its folder."""
    found = {member.name for member in package_modules("rlscript")}

    assert "rlscript/__init__.py" in found
    assert all(name.startswith("rlscript/") and name.endswith(".py") for name in found)


def test_a_package_that_is_not_installed_is_refused():
    """The message says what to reinstall."""
    with pytest.raises(SourceError, match="'rlscript_nothing' is not installed"):
        list(package_modules("rlscript_nothing"))

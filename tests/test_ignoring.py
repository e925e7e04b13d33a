"""What a bundle leaves out; git itself says what its patterns mean."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rlcore import ignoring
from rlcore.collecting import collect
from rlcore.errors import SourceError

GIT = str(shutil.which("git"))
TREE = (
    *("a", "b.txt", "ab", "!a", "#a", "a b", "a ", "x-y", "x]", "z.py"),
    *("lib/a", "lib/b.txt", "lib/deep/a", "lib/deep/b.txt", "lib/deep/z.py"),
    *("data/a", "data/keep.txt", "data/lib/a", "data/lib/z.py", "data/deep/lib/a"),
)
PIECES = st.sampled_from(
    [
        *(
            "a",
            "b",
            "lib",
            "data",
            "deep",
            "keep",
            ".txt",
            ".py",
            "z",
            "x",
            "-",
            "]",
            " ",
            "#",
            "!",
        ),
        *("/", "/", "*", "*", "?", "/**/", "**/", "/**", "\\", "\\ ", "\\!"),
        *("[ab]", "[!a]", "[^a-y]", "[a-c]", "[]-]", "[x-]", "[[:alpha:]]", "[[:digit:]_]", "[a"),
        *("[[:nothing:]]", "[\\]a]", "[z-a]", "[!/]"),
    ]
)
NESTED = ("", "lib", "data", "data/lib")


def _is_plain(pattern: str) -> bool:
    """Say whether git keeps to its own words here: stars in a row mean much only between slashes.

    It splits off what precedes the first wildcard, and then takes the rest for the beginning.
    """
    parts = pattern.strip().removeprefix("!").split("/")
    return not any("**" in part and part != "**" for part in parts)


PATTERNS = st.one_of(
    st.lists(PIECES, min_size=1, max_size=5).map("".join).filter(_is_plain),
    st.sampled_from(["lib/", "data/*", "data/**", "!data/keep.txt", "!lib", "*", "!*/", "!*.txt"]),
)
FILES = st.dictionaries(
    st.sampled_from(NESTED), st.lists(PATTERNS, max_size=4).map("\n".join), max_size=3
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository with the tree, none of whose files git knows yet."""
    folder = tmp_path_factory.mktemp("ignoring") / "repository"
    for name in TREE:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    subprocess.run([GIT, "init", "-q", folder], check=True)
    return folder


def packed(folder: Path) -> set[str]:
    """Return what of the tree is packed."""
    names = {member.name for member in collect("", folder)}
    return {name for name in names if Path(name).name not in {".gitignore", ".rlcoreignore"}}


def wanted_by_git(folder: Path) -> set[str]:
    """Return what of the tree git would add."""
    found = subprocess.run(
        [GIT, "-C", folder, "ls-files", "--others", "--exclude-standard", "-z"],
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
        capture_output=True,
        check=True,
        text=True,
    )
    names = set(found.stdout.split("\0")) - {""}
    return {name for name in names if Path(name).name != ".gitignore"}


def put(folder: Path, files: dict[str, str], name: str = ".gitignore") -> None:
    """Make the ignore files of the tree these and no others."""
    for place in NESTED:
        (folder / place / name).unlink(missing_ok=True)
    for place, text in files.items():
        (folder / place / name).write_bytes(text.encode())


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(files=FILES)
@example(files={"": "data/**\n!data/keep.txt"})
@example(files={"": "data/\n!data/keep.txt"})
@example(files={"": "*\n!*/\n!*.py"})
@example(files={"": "**/lib/", "data": "!lib"})
@example(files={"": "\ufeffa\r\nlib/\r\n"})
@example(files={"": "a\\ \nx-y   \nz.py\t"})
@example(files={"": "/\n!\n//\n\\\n/**\n"})
@example(files={"": "[z-a]*"})
@example(files={"": "[[:alpha:]\n[[:]\n[a-\\]]\n[!]]\n[^]a-]"})
def test_patterns_mean_what_they_mean_to_git(repository: Path, files: dict[str, str]) -> None:
    """Whatever is written, git and a bundle leave out the same."""
    put(repository, files)
    put(repository, {}, ".rlcoreignore")

    assert wanted_by_git(repository) == packed(repository)


@settings(max_examples=50, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_is_an_ignore_file(text: str) -> None:
    """No pattern is so wrong that it breaks anything."""
    for rule in ignoring.parse(text, ".gitignore"):
        assert rule.matches("lib/a") in {True, False, None} or rule.matches("lib/a")


def test_our_own_file_goes_before_every_other(repository: Path) -> None:
    """What git ignores comes back, and what it keeps goes."""
    put(repository, {"": "data/\n*.py", "lib": "b.txt"})
    put(repository, {"": "!data/\n/lib/b.txt\n!b.txt\n/a"}, ".rlcoreignore")

    assert {"data/a", "data/keep.txt", "lib/b.txt"} <= packed(repository)
    assert not packed(repository) & {"a", "z.py", "data/lib/z.py"}


def test_what_no_training_needs_comes_back_by_its_name_alone(tmp_path: Path) -> None:
    """A list of what is wanted, ended by wildcards, does not mean a virtual environment."""
    for name in ("venv/x.py", "lib/x.py", "lib/x.pyc", ".git/x.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")

    (tmp_path / ".rlcoreignore").write_text("*\n!*/\n!*.py*")
    assert {"lib/x.py"} == packed(tmp_path)

    (tmp_path / ".rlcoreignore").write_text("!venv/\n!lib/x.pyc")
    assert {"lib/x.py", "lib/x.pyc", "venv/x.py"} == packed(tmp_path)

    (tmp_path / ".rlcoreignore").unlink()
    (tmp_path / ".gitignore").write_text("!venv/")
    assert {"lib/x.py"} == packed(tmp_path)


def test_credentials_stay_out_until_they_are_asked_for(tmp_path: Path) -> None:
    """A literal line of our own file brings one back; git's file and wildcards do not."""
    secret = {".env", "lib/.netrc", ".pypirc", "id_rsa", "id_ed25519", "lib/id_ecdsa"}
    secret |= {".env.local", "lib/.env.production", ".git-credentials"}
    for name in (*secret, ".aws/credentials", "lib/.ssh/config", "id_rsa.pub", "lib/env"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / ".gitignore").write_text("!.env\n!.aws/")
    (tmp_path / ".rlcoreignore").write_text("!.*")
    assert {"id_rsa.pub", "lib/env"} == packed(tmp_path)

    (tmp_path / ".rlcoreignore").write_text("!.env\n!.aws/")
    assert {"id_rsa.pub", "lib/env", ".env", ".aws/credentials"} == packed(tmp_path)


def test_the_pointer_file_of_a_submodule_stays_out(tmp_path: Path) -> None:
    """It holds a path of this machine."""
    (tmp_path / ".git").write_text("gitdir: /somewhere/else")
    (tmp_path / "x.py").write_text("")

    assert {"x.py"} == packed(tmp_path)


def test_rules_above_hold_as_far_as_the_repository_reaches(tmp_path: Path) -> None:
    """A folder of a repository heeds the files above it; one that is itself ignored does not."""
    (tmp_path / ".gitignore").write_text("*.txt")
    root = tmp_path / "repository"
    for name in ("src/a.txt", "src/a.bin", "src/a.py", "out/a.bin", ".git/config"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    (root / ".gitignore").write_text("*.bin\n/out/\n")

    assert {"a.py", "a.txt"} == packed(root / "src")
    assert {"a.bin"} == packed(root / "out")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """Rather than pack what should stay at home."""
    (tmp_path / ".gitignore").mkdir()

    with pytest.raises(SourceError, match=r"\.gitignore cannot be read: Is a directory"):
        packed(tmp_path)


def test_a_rule_tells_where_it_stands() -> None:
    """File and line, and the pattern as it is written."""
    rules = ignoring.parse("# data\n\n!/data/  \n", "src/.gitignore")

    assert ["'!/data/' (src/.gitignore:3)"] == [str(rule) for rule in rules]


def test_stars_beside_other_signs_are_one_star() -> None:
    """As git's manual has it; git itself does otherwise where they are the first wildcard."""
    (rule,) = ignoring.parse("li**/a", ".gitignore")

    assert rule.matches("lib/a")
    assert not rule.matches("lib/deep/a")

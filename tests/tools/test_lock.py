"""The tool that refreshes locks: run as a person runs it, with the machine's package index."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from rlcore.platforms.local.interpreters import find_interpreters

TOOL = Path(__file__).parents[2] / "tools/lock.py"
SMALL = """\
# Two that never change.
# python: >=3.10
# exclude-newer: 2025-06-01
# without: markupsafe
# unhashed: six
jinja2>=3
six
"""
SMALL_PINS = """\
jinja2==3.1.6 \\
    --hash=sha256:0137fb05990d35f1275a587e9aee6d56da821fc83491a0fb838183be43f66d6d \\
    --hash=sha256:85ece4451f492d0c13c5dd7c13a64681a86afae63a5f347908daf103ce6d2f67
six==1.17.0
"""
# Of MarkupSafe 3.0.2, for Python 3.12: Linux with the GNU library, and what is not for us.
LINUX = "e17c96c14e19278594aa4841ec148115f9c7615a47382ecb6b82bd8fea3ab0c8"
WINDOWS = "8e06879fc22a25ca47312fbe7c8264eb0b662f6db27cb2d3bbbc74b1df4b9b87"
MUSL = "ad10d3ded218f1039f11a75f8091880239651b52e9bb592ca27de44eed242a48"
SOURCE = "ee55d3edf80167e48ea11a923c7386f4669df67d7994554387f84e7d8b0a2bf0"


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the tool."""
    command = [sys.executable, TOOL, *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Return a file of requirements without a lock."""
    path = tmp_path / "small.in"
    path.write_text(SMALL, "utf-8")
    return path


def locked(path: Path) -> str:
    """Lock a file and return its pins."""
    done = run(path)
    assert 0 == done.returncode, done.stderr
    return path.with_suffix(".txt").read_text("utf-8").partition("\n")[2]


def test_lock(small: Path) -> None:
    """Pins with hashes; settings leave one out, and the hashes of another; no index is named."""
    assert SMALL_PINS == locked(small)


def test_pins_are_kept_until_they_are_upgraded(small: Path) -> None:
    """A lock that is there moves only as far as it must."""
    small.with_suffix(".txt").write_text("jinja2==3.1.4\nsix==1.1\n", "utf-8")
    small.write_text(SMALL + "six>1.16\n", "utf-8")

    assert ["jinja2==3.1.4", "six==1.17.0"] == re.findall(r"\S+==\S+", locked(small))
    assert 0 == run("--upgrade", small).returncode
    assert small.with_suffix(".txt").read_text("utf-8").endswith(SMALL_PINS)


def test_hashes_are_those_of_linux(small: Path) -> None:
    """Wheels for other systems are left out, source archives are not."""
    small.write_text("# python: >=3.10\nmarkupsafe==3.0.2\n", "utf-8")

    pins = locked(small)

    assert [True, True] == [digest in pins for digest in (LINUX, SOURCE)]
    assert [False, False] == [digest in pins for digest in (WINDOWS, MUSL)]


@pytest.mark.parametrize(
    ("python", "specifier", "wanted", "pin"),
    [
        ("3.6.", "==3.6.*", "zipp", "zipp==3.6.0"),
        ("3.9.", ">=3.9,<3.10", "click", "click==8.1.8 ; python_full_version < '3.10'"),
    ],
)
def test_lock_for_the_oldest_python(
    small: Path, python: str, specifier: str, wanted: str, pin: str
) -> None:
    """What is resolved is what that Python can install, the lowest one of a range."""
    if not any(each.version.startswith(python) for each in find_interpreters()):
        pytest.skip(f"no Python {python}* on this machine")
    small.write_text(f"# python: {specifier}\n{wanted}\n", "utf-8")

    assert locked(small).startswith(f"{pin} \\\n")


def test_check(small: Path) -> None:
    """A lock is stale when what is asked for has changed, or was never made; a comment is nothing.

    The index is not asked: no uv and no interpreter are looked for.
    """
    missing = run("--check", small)
    locked(small)
    fresh = run("--check", small)
    small.write_text(SMALL.replace("Two", "A few"), "utf-8")
    reworded = run("--check", small)
    small.write_text(SMALL.replace("2025", "2024"), "utf-8")
    reset = run("--check", small)
    small.write_text(SMALL.replace("jinja2>=3", "jinja2>=2"), "utf-8")
    asked = run("--check", small)

    done = (missing, fresh, reworded, reset, asked)
    assert [1, 0, 0, 1, 1] == [each.returncode for each in done]
    stale = f"{small}: its lock is not made of it\n"
    assert [stale, "", "", stale, stale] == [each.stdout for each in done]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# python: >=3.10\n# exclude_newer: 2020-12-31\nsix\n", "Did you mean 'exclude-newer'?"),
        ("six\n", "say once for which Python it is"),
        ("# python: ==3.1.*\nsix\n", "needs Python ==3.1.*, and this machine has none"),
        ("# python: >=3.10\nsix==0.0.0.1\n", "there is no version of six==0.0.0.1"),
    ],
)
def test_refusals(small: Path, text: str, words: str) -> None:
    """What cannot be locked is explained, and the lock that was there stays."""
    small.write_text(text, "utf-8")
    small.with_suffix(".txt").write_text("six==1.16.0\n", "utf-8")

    done = run(small)

    assert 1 == done.returncode
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "six==1.16.0\n" == small.with_suffix(".txt").read_text("utf-8")


def test_locks_of_the_plugins_are_made_of_what_they_ask_for() -> None:
    """Whoever changes an `.in` refreshes its lock."""
    done = run("--check")

    assert ("", 0) == (done.stdout, done.returncode)

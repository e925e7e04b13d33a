"""Checks of the script's side: packages that travel with the source, and run on an old Python."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from rlcore.spec import Environment
from rlcore.testing.contracts.base import Checks
from rlcore.testing.pythons import interpreters

if TYPE_CHECKING:
    from collections.abc import Iterator

_TAKEN = {"rlcore", "rlscript", "rlserving"}
_MINOR_VERSIONS = range(6, 20)
_COMPILE = """
import sys
for path in sys.stdin.read().splitlines():
    try:
        with open(path, "rb") as file:
            compile(file.read(), path, "exec")
    except SyntaxError as error:
        print(path + ": line " + str(error.lineno) + ": " + str(error.msg))
"""


class ScriptChecks(Checks):
    """Whether what a training script imports is there, and runs where the release runs."""

    def test_its_script_packages_are_there(self) -> None:
        """Each is installed with the distribution, as a package with a name of its own."""
        packages = {name for each in self._releases() for name in each.script_packages}
        cure = (
            "name packages of the distribution's own, e.g. rlscript_<name>, and install it again."
        )
        self._verdict((problem for name in sorted(packages) for problem in _of(name)), cure)

    def test_its_script_side_is_valid_on_the_releases_python(self) -> None:
        """Each module compiles on the oldest Python that the release allows.

        By that interpreter itself where it is on this machine, else by the grammar alone.
        """
        cure = "write the script's side for the oldest Python of the releases that bring it."
        self._verdict(self._of_syntax(), cure)

    def _of_syntax(self) -> Iterator[str]:
        pairs = {
            (package, minor)
            for release in self._releases()
            if isinstance(release.training, Environment)
            for package in release.script_packages
            for minor in [_oldest(release.training.python)]
            if minor is not None
        }
        there = interpreters() if pairs else {}
        for package, minor in sorted(pairs):
            folder = _folder(package)
            modules = sorted(folder.rglob("*.py")) if folder else []
            python = there.get(minor)
            found = _compiled(python, modules) if python else _parsed(modules, minor)
            yield from (f"on Python 3.{minor}: {problem}" for problem in found)


def _of(name: str) -> Iterator[str]:
    if not name.isidentifier() or "." in name:
        yield f"the script-side package {name!r} has no name that can be imported"
    elif name in _TAKEN or name in sys.stdlib_module_names:
        yield f"the script-side package {name!r} has a name that is taken already"
    elif _folder(name) is None:
        yield f"the script-side package {name!r} is not installed as a package"


def _folder(package: str) -> Path | None:
    found = importlib.util.find_spec(package)
    places = list(found.submodule_search_locations or ()) if found else []
    return Path(places[0]) if places else None


def _oldest(specifier: str) -> int | None:
    """Return the minor number of the oldest Python 3 that a specifier allows."""
    try:
        allowed = SpecifierSet(specifier)
    except InvalidSpecifier:
        return None  # The check of the environments tells of it.
    return next((each for each in _MINOR_VERSIONS if allowed.contains(f"3.{each}.99")), None)


def _compiled(python: Path, modules: list[Path]) -> list[str]:
    done = subprocess.run(
        [python, "-I", "-S", "-c", _COMPILE],
        input="\n".join(map(str, modules)),
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.splitlines()


def _parsed(modules: list[Path], minor: int) -> Iterator[str]:
    for path in modules:
        try:
            ast.parse(path.read_bytes(), str(path), feature_version=(3, minor))
        except SyntaxError as error:
            yield f"{path}: line {error.lineno}: {error.msg}"

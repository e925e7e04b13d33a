"""The Python interpreters of this machine, and the one that suits a release.

Looked at, in this order: the interpreter that runs us, pyenv's versions, uv's own, and `python3.N`
on PATH. Nothing is downloaded. Where the version stands in a folder's name it is believed; only
what PATH offers is asked.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from rlcore.errors import InterpreterNotFound

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_PYENV_FOLDER = re.compile(r"(\d+\.\d+\.\d+)")
_UV_FOLDER = re.compile(r"cpython-(\d+\.\d+\.\d+)-.+")
_NAME_ON_PATH = re.compile(r"python3\.\d+")
_QUESTION = "import platform as p; print(p.python_implementation(), p.python_version())"
_MINOR_VERSIONS = range(14, 5, -1)


@attrs.frozen
class Interpreter:
    """A CPython on this machine: its executable and its version, e.g. `3.11.7`."""

    path: Path
    version: str

    @property
    def tag(self) -> str:
        """The tag that wheels for this interpreter carry, e.g. `cp311`."""
        return wheel_tag(self.version)


def wheel_tag(version: str) -> str:
    """Return the interpreter's tag of wheels, e.g. `cp311` for `3.11.7`."""
    major, minor, *_ = version.split(".")
    return f"cp{major}{minor}"


def choose(specifier: str, *, label: str, preferred_tags: Collection[str] = ()) -> Interpreter:
    """Return the interpreter that suits best.

    One with a preferred tag comes first, then the one that runs us, then the newest.

    Args:
        specifier: Version specifier of the release, e.g. `>=3.10,<3.14`.
        label: The release, as the error calls it.
        preferred_tags: Wheel tags of the interpreters to take where there is a choice.

    Raises:
        InterpreterNotFound: None fits; the message lists what was looked at.
    """
    allowed = SpecifierSet(specifier)
    known = list(find_interpreters())
    fitting = [python for python in known if allowed.contains(python.version, prereleases=True)]
    if not fitting:
        raise InterpreterNotFound(_none_fits(specifier, label, known))
    running = known[0]
    return max(
        fitting,
        key=lambda python: (
            python.tag in preferred_tags,
            python == running,
            Version(python.version),
        ),
    )


def find_interpreters() -> Iterator[Interpreter]:
    """Yield each CPython of this machine once, the one that runs us first."""
    seen = set()
    for python in _candidates():
        executable = os.path.realpath(python.path)
        if executable not in seen:
            seen.add(executable)
            yield python


def _candidates() -> Iterator[Interpreter]:
    # In a virtual environment, what it was made from: the environment may be gone tomorrow. Before
    # Python 3.11 the base executable is the environment's own link to it.
    running = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    yield Interpreter(running, ".".join(map(str, sys.version_info[:3])))
    pyenv = _pyenv_root()
    yield from _in_folders(pyenv / "versions", _PYENV_FOLDER)
    yield from _in_folders(_uv_folder(), _UV_FOLDER)
    yield from _on_path(skip=pyenv / "shims")


def _pyenv_root() -> Path:
    return Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")


def _uv_folder() -> Path:
    named = os.environ.get("UV_PYTHON_INSTALL_DIR")
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(named) if named else Path(data) / "uv" / "python"


def _in_folders(parent: Path, name: re.Pattern[str]) -> Iterator[Interpreter]:
    for folder in sorted(parent.glob("*")):
        match = name.fullmatch(folder.name)
        python = folder / "bin" / "python"
        if match and os.access(python, os.X_OK):
            yield Interpreter(python, match[1])


def _on_path(skip: Path) -> Iterator[Interpreter]:
    """Ask every `python3.N` on PATH, but for pyenv's shims, which only stand for others."""
    for folder in map(Path, os.get_exec_path()):
        if folder != skip:
            for python in sorted(folder.glob("python3.*")):
                if _NAME_ON_PATH.fullmatch(python.name):
                    yield from _asked(python)


def _asked(python: Path) -> Iterator[Interpreter]:
    """Yield the interpreter at the path, unless it does not run or is no CPython."""
    try:
        answer = subprocess.run(
            [python, "-I", "-S", "-c", _QUESTION],
            check=True,
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return
    implementation, _, version = answer.stdout.strip().partition(" ")
    if implementation == "CPython":
        yield Interpreter(python, version)


def _none_fits(specifier: str, label: str, known: list[Interpreter]) -> str:
    looked_at = "".join(f"\n  {python.version}  {python.path}" for python in known)
    wanted = _wanted_minor(specifier)
    return (
        f"{label} needs Python {specifier}, and this machine has none that fits. "
        f"Looked at:{looked_at}\n"
        f"Install one, e.g. `pyenv install {wanted}`, or train on SageMaker "
        "(instance_type='ml.m5.xlarge'), where the release brings its own."
    )


def _wanted_minor(specifier: str) -> str:
    """Return a version for a person to install: the newest `3.N` allowed, else one as written."""
    allowed = SpecifierSet(specifier)
    fitting = (f"3.{minor}" for minor in _MINOR_VERSIONS if allowed.contains(f"3.{minor}.99"))
    return next(fitting, min(part.version.removesuffix(".*") for part in allowed))

"""The interpreters of a machine: real ones, laid out as pyenv, uv and PATH lay them out."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from rlcore.errors import InterpreterNotFound
from rlcore.platforms.local.interpreters import Interpreter, choose, find_interpreters, wheel_tag

RUNNING = platform.python_version()


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a machine that has no Python but the running one, and return its root."""
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def program(path: Path, *lines: str) -> Path:
    """Write a program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]), "utf-8")
    path.chmod(0o755)
    return path


def versions() -> list[str]:
    """Return the versions of what is found, but for the running one, which comes first."""
    running, *others = find_interpreters()
    assert RUNNING == running.version
    return [python.version for python in others]


def test_running_interpreter_is_always_there() -> None:
    """Not the virtual environment that we may run in, but what it was made from."""
    [running] = find_interpreters()
    assert (Path(sys.base_prefix) / "bin").resolve() == running.path.resolve().parent


def test_link_to_the_running_interpreter_is_followed(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python 3.10 takes the link of a virtual environment for what that was made from."""
    interpreter = Path(sys.executable).resolve()
    (machine / "python").symlink_to(interpreter)
    monkeypatch.setattr(sys, "_base_executable", str(machine / "python"), raising=False)
    [running] = find_interpreters()
    assert interpreter == running.path


def test_versions_of_pyenv_are_believed_by_name(machine: Path) -> None:
    """CPythons only; none of them is run, an installation that failed is none."""
    for name in ("3.6.15", "3.12.1", "pypy3.10-7.3.12", "miniconda3-latest", "3.13.0t"):
        program(machine / "pyenv/versions" / name / "bin/python", "exit 1")
    (machine / "pyenv/versions/3.9.18").mkdir()
    assert {"3.6.15", "3.12.1"} == set(versions())


def test_versions_of_uv_are_believed_by_name(machine: Path) -> None:
    """Its free-threaded and other builds are passed over."""
    for name in (
        "cpython-3.12.4-linux-x86_64-gnu",
        "cpython-3.13.0+freethreaded-linux-x86_64-gnu",
        "pypy-3.10.14-linux-x86_64-gnu",
    ):
        program(machine / "uv" / name / "bin/python", "exit 1")
    assert ["3.12.4"] == versions()


def test_programs_on_path_are_asked(machine: Path) -> None:
    """Those called `python3.N`; what fails or is no CPython is passed over."""
    program(machine / "bin/python3.10", "echo CPython 3.10.99")
    program(machine / "bin/python3.9", "echo PyPy 3.9.99")
    program(machine / "bin/python3.8", "echo no such version >&2", "exit 127")
    program(machine / "bin/python3.10-config", "echo CPython 3.10.98")
    program(machine / "pyenv/shims/python3.7", "echo CPython 3.7.99")
    assert ["3.10.99"] == versions()


def test_shims_of_pyenv_are_not_asked(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They stand for interpreters that are found in any case, or for none."""
    program(machine / "pyenv/shims/python3.10", "echo CPython 3.10.99")
    monkeypatch.setenv("PATH", str(machine / "pyenv/shims"))
    assert [] == versions()


def test_real_interpreter_on_path_is_found_once(machine: Path) -> None:
    """A link to the running one is the running one."""
    (machine / "bin").mkdir()
    running = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    (machine / "bin/python3.10").symlink_to(running)
    (machine / "bin/python3.11").symlink_to(running)
    assert [] == versions()


def test_running_interpreter_is_preferred(machine: Path) -> None:
    """Where it fits; otherwise the newest."""
    for name in ("3.6.15", "3.7.16", "3.99.0"):
        program(machine / "pyenv/versions" / name / "bin/python")
    assert RUNNING == choose(">=3.6", label="vw").version
    assert "3.99.0" == choose(f">{RUNNING}", label="vw").version
    assert "3.7.16" == choose(">=3.6,<3.8", label="vw").version
    assert "3.6.15" == choose("==3.6.*", label="vw").version


def test_tag_decides_before_all_else(machine: Path) -> None:
    """An interpreter with a wheel on offer, where it fits."""
    for name in ("3.6.15", "3.7.16"):
        program(machine / "pyenv/versions" / name / "bin/python")
    assert "3.6.15" == choose(">=3.6", label="vw", preferred_tags={"cp36"}).version
    assert "3.7.16" == choose("==3.7.*", label="vw", preferred_tags={"cp36"}).version


@pytest.mark.parametrize(
    ("specifier", "wanted"),
    [
        ("==3.6.*", "3.6"),
        (">=3.6,<3.8", "3.7"),
        ("==3.5.*", "3.5"),
        ("==3.6.15", "3.6.15"),
        (">=3.99", "3.99"),
    ],
)
def test_missing_one_is_told_with_the_way_out(machine: Path, specifier: str, wanted: str) -> None:
    """The release, the specifier, each interpreter that was looked at, and what to install."""
    old = program(machine / "pyenv/versions/3.4.10/bin/python")
    with pytest.raises(InterpreterNotFound) as raised:
        choose(specifier, label="vw 8.7.0")
    message = str(raised.value)
    assert message.startswith(f"vw 8.7.0 needs Python {specifier}, ")
    assert f"\n  3.4.10  {old}\n" in message
    assert f"`pyenv install {wanted}`" in message
    assert "SageMaker" in message


def test_tag_of_wheels() -> None:
    """Major and minor version, without a full stop."""
    assert "cp311" == wheel_tag("3.11.7") == Interpreter(Path("python"), "3.11.7").tag

"""uv with the machine's pip configuration."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rlcore.errors import BuildFailed, DiskFull, EnvironmentUnavailable
from rlcore.platforms.local.installer import (
    Installer,
    find_uv,
    parse_pip_settings,
    pip_settings,
    uv_options,
    uv_variables,
)
from rlcore.platforms.local.locks import locked

LISTING = """\
:env:.cert='/env.pem'
:env:.disable-pip-version-check='1'
download.index-url='https://download.example/simple'
global.cert='/global.pem'
global.extra-index-url='https://a.example/simple\\nhttps://b.example/simple'
global.index-url='https://global.example/simple'
install.index-url='https://install.example/simple'
install.trusted-host='a.example b.example'
"""
SETTINGS = {
    "cert": "/env.pem",
    "disable-pip-version-check": "1",
    "extra-index-url": "https://a.example/simple\nhttps://b.example/simple",
    "index-url": "https://install.example/simple",
    "trusted-host": "a.example b.example",
}
INSTALL_WITH = """
import sys
from pathlib import Path
from rlcore.platforms.local.installer import Installer
from rlcore.platforms.local.locks import locked

folder = Path(sys.argv[1])
with locked(folder / "one.lock") as lock:
    uv = str(folder / "uv")
    installer = Installer(uv=uv, settings={}, purpose="testing", root=folder, log=print, lock=lock)
    print("starting", flush=True)
    installer.install(folder)
"""


def script(path: Path, *lines: str) -> str:
    """Write a program that stands where uv does, and return its path."""
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]), "utf-8")
    path.chmod(0o755)
    return str(path)


def installer(folder: Path, uv: str, lines: list[str]) -> Installer:
    """Return an installer that collects its lines."""
    lock = os.open(folder, os.O_RDONLY)
    return Installer(
        uv=uv, settings={}, purpose="testing", root=folder, log=lines.append, lock=lock
    )


def test_settings_are_those_of_install() -> None:
    """Variables are stronger than `install`, `install` than `global`; other commands' are none."""
    assert SETTINGS == parse_pip_settings(LISTING)


def test_settings_are_read_by_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command of pip lists its files and variables."""
    configuration = tmp_path / "pip.conf"
    configuration.write_text("[global]\nindex-url = https://a.example/simple\ntimeout = 7\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(configuration))
    monkeypatch.setenv("PIP_TIMEOUT", "9")
    settings = pip_settings()
    assert ("https://a.example/simple", "9") == (settings["index-url"], settings["timeout"])


def test_without_pip_the_variables_are_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interpreter without pip, as uv's environments are."""
    subprocess.run(
        [find_uv(), "venv", "--quiet", "--python", sys.executable, str(tmp_path / "bare")],
        check=True,
    )
    monkeypatch.setenv("PIP_INDEX_URL", "https://a.example/simple")
    settings = pip_settings(str(tmp_path / "bare" / "bin" / "python"))
    assert "https://a.example/simple" == settings["index-url"]


def test_settings_become_variables_of_uv() -> None:
    """Two indexes are equal to uv as they are to pip."""
    assert {
        "HOME": "/home",
        "UV_DEFAULT_INDEX": "https://install.example/simple",
        "UV_INDEX": "https://a.example/simple https://b.example/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "SSL_CERT_FILE": "/env.pem",
    } == uv_variables(SETTINGS, {"HOME": "/home"})


@pytest.mark.parametrize("name", ["UV_DEFAULT_INDEX", "UV_INDEX_URL"])
def test_variables_of_uv_win(name: str) -> None:
    """What is said to uv itself is not said again by pip's setting, under neither name."""
    given = {name: "https://uv.example/simple", "SSL_CERT_FILE": "/uv.pem"}
    assert given == uv_variables({"index-url": "https://a", "cert": "/pip.pem"}, given)


def test_places_of_wheels_are_absolute_and_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that is missing is passed over, as by pip; uv would fail."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wheels").mkdir()
    settings = {"find-links": "wheels /nowhere/wheels https://a.example/wheels"}
    expected = {"UV_FIND_LINKS": f"{tmp_path / 'wheels'},https://a.example/wheels"}
    assert expected == uv_variables(settings, {})


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({}, []),
        ({"no-index": "false"}, []),
        ({"no-index": "true"}, ["--no-index"]),
        (SETTINGS, ["--allow-insecure-host", "a.example", "--allow-insecure-host", "b.example"]),
    ],
)
def test_settings_become_options_of_uv(settings: dict[str, str], options: list[str]) -> None:
    """Those for which uv has no variable."""
    assert options == uv_options(settings)


def test_uv_runs() -> None:
    """The executable is there, whichever way it was installed."""
    version = subprocess.run([find_uv(), "--version"], check=True, capture_output=True, text=True)
    assert version.stdout.startswith("uv ")


def test_missing_uv_is_an_error_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the package nor PATH has it; then PATH does."""
    monkeypatch.setitem(sys.modules, "uv", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentUnavailable, match=r"pip install 'rlcore\[local\]'"):
        find_uv()
    assert script(tmp_path / "uv") == find_uv()


def test_failure_ends_with_the_last_twenty_lines(tmp_path: Path) -> None:
    """The log has them all."""
    uv = script(tmp_path / "uv", "seq 30", "exit 3")
    lines: list[str] = []
    with pytest.raises(BuildFailed) as raised:
        installer(tmp_path, uv, lines).install(tmp_path)
    message = str(raised.value)
    assert message.startswith("Testing failed: uv ended with exit code 3.\n")
    assert [str(number) for number in range(11, 31)] == message.splitlines()[1:]
    assert [str(number) for number in range(1, 31)] == lines


@pytest.mark.parametrize(
    ("lines", "first"),
    [
        (
            ["error: No solution found when resolving", "  cause: Because a was not found and b."],
            "Because a was not found and b.",
        ),
        (
            ["  \u00d7 No solution found when resolving:", "  ╰─▶ Because a was not found and b."],
            "Because a was not found and b.",
        ),
        (["error: File not found: a.txt"], "File not found: a.txt"),
        (
            ["error: Request failed", "  Caused by: Failed to fetch", "  Caused by: refused"],
            "Request failed: Failed to fetch",
        ),
        (["error: The backend failed", "[stderr]", *map(str, range(30))], "The backend failed"),
    ],
)
def test_failure_begins_with_its_cause(tmp_path: Path, lines: list[str], first: str) -> None:
    """The first line tells all that matters, in the words of uv, old or new; the last follow."""
    uv = script(tmp_path / "uv", *(f"echo '{line}'" for line in lines), "exit 1")
    with pytest.raises(BuildFailed) as raised:
        installer(tmp_path, uv, []).install(tmp_path)
    assert [f"Testing failed: {first}", *lines[-20:]] == str(raised.value).splitlines()


def test_uv_is_asked_to_break_no_line(tmp_path: Path) -> None:
    """Earlier releases wrap a cause, of which the first line would then be a part."""
    uv = script(tmp_path / "uv", "echo $UV_NO_WRAP")
    lines: list[str] = []
    installer(tmp_path, uv, lines).install(tmp_path)
    assert ["1"] == lines


def test_cause_is_one_line_of_the_real_uv(tmp_path: Path) -> None:
    """However long; and nothing is said of the folder that is built."""
    lines: list[str] = []
    real = installer(tmp_path, find_uv(), lines)
    real.create(tmp_path / "made", Path(sys.executable))
    names = [f"a-distribution-that-is-nowhere-{number}" for number in range(4)]
    with pytest.raises(BuildFailed) as raised:
        real.install(tmp_path / "made", "--no-index", *names)
    first, *others = str(raised.value).splitlines()
    assert first.startswith("Testing failed: Because a-distribution-that-is-nowhere-")
    assert first.endswith("unsatisfiable.")
    assert others == lines
    assert not any("environment at" in line for line in lines)


@pytest.mark.parametrize(
    ("line", "is_told"),
    [
        ("   unable to execute 'gcc': No such file or directory", True),
        ("   unable to execute 'x86_64-linux-gnu-g++': No such file or directory", True),
        ("   error: [Errno 2] No such file or directory: 'g++'", True),
        ("   error: command '/usr/bin/c++' failed: No such file or directory", True),
        ("   gcc: fatal error: cannot execute 'cc1plus': execvp: No such file", True),
        ("   CMake Error: No CMAKE_CXX_COMPILER could be found.", True),
        ("   ERROR: Unknown compiler(s): [['c++'], ['g++']]", True),
        ("   error: [Errno 2] No such file or directory: 'README.md'", False),
        ("   error: command '/usr/bin/g++' failed with exit code 1", False),
        ("   error: command 'swig' failed: No such file or directory", False),
    ],
)
def test_a_compiler_that_is_missing(tmp_path: Path, line: str, *, is_told: bool) -> None:
    """The first line says what to install, wherever in the output that was said."""
    words = ["error: Failed to build annoy", line, *map(str, range(30))]
    uv = script(tmp_path / "uv", *(f'echo "{word}"' for word in words), "exit 1")
    with pytest.raises(BuildFailed) as raised:
        installer(tmp_path, uv, []).install(tmp_path)
    first = str(raised.value).splitlines()[0]
    assert first.startswith("Testing failed: Failed to build annoy")
    assert is_told == ("there is no C++ compiler: install one (the package g++" in first)


def test_a_real_build_without_a_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As uv hands on what a build says."""
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    source = tmp_path / "source"
    source.mkdir()
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "native"\nversion = "1"\n'
    )
    (source / "backend.py").write_text(
        "import subprocess\ndef build_wheel(*_):\n    subprocess.run(['g++', 'native.cc'])\n"
    )
    real = installer(tmp_path, find_uv(), [])
    real.create(tmp_path / "made", Path(sys.executable))
    with pytest.raises(BuildFailed, match=r"\ATesting failed: Failed to build .*C\+\+ compiler: "):
        real.install(tmp_path / "made", "--no-index", str(source))


def test_no_space_anywhere_in_the_output_is_a_full_disk(tmp_path: Path) -> None:
    """Even where more than twenty lines follow."""
    complaint = "echo 'failed to copy: No space left on device (os error 28)' >&2"
    uv = script(tmp_path / "uv", complaint, "seq 30", "exit 2")
    with pytest.raises(DiskFull, match="No room left while testing"):
        installer(tmp_path, uv, []).install(tmp_path)


def test_interrupted_installer_is_killed(tmp_path: Path) -> None:
    """Whatever ends the waiting ends uv."""
    uv = script(tmp_path / "uv", "echo $$", "exec sleep 60")
    seen: list[int] = []

    def interrupt(line: str) -> None:
        seen.append(int(line))
        raise KeyboardInterrupt

    lock = os.open(tmp_path, os.O_RDONLY)
    interrupted = Installer(
        uv=uv, settings={}, purpose="testing", root=tmp_path, log=interrupt, lock=lock
    )
    with pytest.raises(KeyboardInterrupt):
        interrupted.install(tmp_path)
    with pytest.raises(ProcessLookupError):
        os.kill(seen[0], 0)


def test_lock_lives_as_long_as_the_installer(tmp_path: Path) -> None:
    """Where the builder is killed, uv may write on: nobody else gets the folder until it ends."""
    os.mkfifo(tmp_path / "gate")
    script(tmp_path / "uv", "echo running", f"cat {tmp_path / 'gate'}")
    command = [sys.executable, "-u", "-c", INSTALL_WITH, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert ["starting\n", "running\n"] == [process.stdout.readline() for _ in range(2)]
        process.send_signal(signal.SIGKILL)
    with pytest.raises(BlockingIOError), locked(tmp_path / "one.lock", wait=False):
        pass
    (tmp_path / "gate").write_text("")  # lets it end
    with locked(tmp_path / "one.lock"):
        pass

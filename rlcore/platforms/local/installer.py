"""uv, run for us: with the machine's pip configuration, its output line by line, its errors ours.

uv does not read pip's configuration, so pip is asked for it and what uv understands is passed on.
uv's own variables (`UV_*`) win, since uv reads them itself.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import attrs

from rlcore.errors import BuildFailed, DiskFull, EnvironmentUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

_LAST_LINES = 20
_NOISE = "Using Python "  # begins a line that names a folder of ours, which will be renamed
# How uv's lines begin that tell what went wrong, now and in earlier releases.
_CAUSE = re.compile(r"\s*(?:error:|cause:|Caused by:|\u00d7|[╰├]─▶)\s+(.+)")
_HEADING = "No solution found"  # the cause of which follows, and says it better
_CAUSES = 2  # what is told in one line: the error and what led to it
# How setuptools, gcc, CMake and Meson say that there is no compiler for a source archive.
_NO_COMPILER = re.compile(
    r"(unable to execute|No such file or directory:) '\S*(cc|\+\+|clang)'|cannot execute .cc1plus"
    r"|command '\S*(cc|\+\+|clang)' failed: No such file|No CMAKE_C\w*_COMPILER|Unknown compiler\("
)
_COMPILER = (
    "; it comes as source, and there is no C++ compiler: install one (the package g++ of Debian and"
    " Ubuntu, gcc-c++ of Fedora and Amazon Linux)"
)
_DISK_FULL = ("No space left on device", "Disk quota exceeded")
# pip's setting, the variable by which uv takes it, and what stands between several values there.
# Variables rather than options: addresses may carry passwords, which `ps` would show.
_VARIABLES = (
    ("index-url", "UV_DEFAULT_INDEX", " "),
    ("extra-index-url", "UV_INDEX", " "),
    ("find-links", "UV_FIND_LINKS", ","),
    ("cert", "SSL_CERT_FILE", " "),
    ("proxy", "ALL_PROXY", " "),
    ("default-timeout", "UV_HTTP_TIMEOUT", " "),
    ("timeout", "UV_HTTP_TIMEOUT", " "),
)
# uv's older names for the same: where one is given, ours is not.
_OLDER_NAMES = {"UV_DEFAULT_INDEX": "UV_INDEX_URL", "UV_INDEX": "UV_EXTRA_INDEX_URL"}
# No download behind the user's back; a cause is one line, however long.
_OURS = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_WRAP": "1"}
_SECTIONS = ("global", "install", ":env:")


@attrs.frozen(kw_only=True)
class Installer:
    """uv with the settings of this machine.

    Attributes:
        uv: The executable.
        settings: pip's settings, by pip's names.
        purpose: What it does, as the errors call it, e.g. `installing requirements.txt`.
        root: Folder below which it is made.
        log: Takes each line that uv prints.
        lock: File descriptor that uv inherits: where we are killed, the lock on the folder lives
            as long as uv still writes into it.
    """

    uv: str
    settings: Mapping[str, str] = attrs.field(repr=False)
    purpose: str
    root: Path
    log: Callable[[str], None]
    lock: int

    def create(self, folder: Path, interpreter: Path) -> None:
        """Make an empty environment that may be renamed later."""
        arguments = ["venv", "--quiet", "--relocatable", "--no-project", "--python"]
        # From the root folder, so that no project's uv settings are found on the way up.
        self._run([*arguments, str(interpreter), str(folder)], working_folder=Path("/"))

    def install(self, folder: Path, *arguments: str, working_folder: Path = Path("/")) -> None:
        """Install into the environment what the arguments of `uv pip install` say.

        Raises:
            BuildFailed: uv failed; the first line says why, uv's last lines follow.
            DiskFull: There was no room left.
        """
        command = ["pip", "install", "--python", str(folder / "bin" / "python")]
        options = uv_options(self.settings)
        self._run([*command, *options, *arguments], working_folder=working_folder)

    @property
    def find_links(self) -> tuple[str, ...]:
        """The folders and pages of wheels that this machine offers beside its index."""
        return tuple(uv_variables(self.settings, os.environ).get("UV_FIND_LINKS", "").split(","))

    def _run(self, arguments: Iterable[str], *, working_folder: Path) -> None:
        command = [self.uv, "--color", "never", "--no-progress", *arguments]
        output = _Output()
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=working_folder,
            env={**uv_variables(self.settings, os.environ), **_OURS},
            pass_fds=(self.lock,),
        ) as process:
            try:
                for line in process.stdout or ():
                    if not line.startswith(_NOISE):
                        output.take(line.rstrip())
                        self.log(line.rstrip())
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            self._fail(process.returncode, output)

    def _fail(self, exit_code: int, output: _Output) -> NoReturn:
        if output.disk_full:
            raise DiskFull(describe_disk_full(self.purpose, self.root))
        cause = ": ".join(output.causes[:_CAUSES]) or f"uv ended with exit code {exit_code}."
        cure = _COMPILER if output.no_compiler else ""
        what = f"{self.purpose[0].upper()}{self.purpose[1:]} failed: {cause}{cure}"
        raise BuildFailed("\n".join([what, *output.last_lines]))


class _Output:
    """What is kept of uv's output, to tell why it failed.

    Attributes:
        last_lines: The last ones.
        causes: What went wrong, the outermost first, wherever in the output it stood.
        disk_full: Whether a line said that there is no room left.
        no_compiler: Whether a line said that there is no compiler.
    """

    def __init__(self) -> None:
        self.last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        self.causes: list[str] = []
        self.disk_full = self.no_compiler = False

    def take(self, line: str) -> None:
        self.last_lines.append(line)
        self.disk_full = self.disk_full or is_disk_full(line)
        self.no_compiler = self.no_compiler or bool(_NO_COMPILER.search(line))
        cause = _CAUSE.match(line)
        if cause and not cause[1].startswith(_HEADING):
            self.causes.append(cause[1])


def find_uv() -> str:
    """Return the path of uv's executable: that of the package `uv`, else the one on PATH.

    Raises:
        EnvironmentUnavailable: There is none.
    """
    try:
        import uv  # noqa: PLC0415 - an extra; PATH may have it

        return os.fspath(uv.find_uv_bin())
    except (ImportError, FileNotFoundError):
        on_path = shutil.which("uv")
    if on_path is None:
        msg = (
            "The local platform builds its environments with uv, which is not installed. "
            "Install it with `pip install 'rlcore[local]'`."
        )
        raise EnvironmentUnavailable(msg)
    return on_path


def pip_settings(python: str = sys.executable) -> dict[str, str]:
    """Return pip's settings by name, as its own command lists them.

    Where the interpreter has no pip, its environment variables (`PIP_*`) are what is left.
    """
    try:
        answer = subprocess.run(
            [python, "-m", "pip", "config", "list"],
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
    except (OSError, subprocess.SubprocessError):
        return _settings_of_variables(os.environ)
    return parse_pip_settings(answer.stdout)


def parse_pip_settings(listing: str) -> dict[str, str]:
    """Return the settings of a `pip config list`, the stronger section winning.

    Sections that concern other commands than `install` are left out.
    """
    by_section: dict[str, dict[str, str]] = {section: {} for section in _SECTIONS}
    for line in listing.splitlines():
        name, separator, value = line.partition("=")
        section, _, setting = name.rpartition(".")
        if separator and section in by_section:
            by_section[section][setting] = str(ast.literal_eval(value))
    return {name: value for settings in by_section.values() for name, value in settings.items()}


def _settings_of_variables(variables: Mapping[str, str]) -> dict[str, str]:
    return {
        name[len("PIP_") :].lower().replace("_", "-"): value
        for name, value in variables.items()
        if name.startswith("PIP_")
    }


def uv_options(settings: Mapping[str, str]) -> list[str]:
    """Return those of pip's settings that uv takes as options alone."""
    hosts = settings.get("trusted-host", "").split()
    options = [word for host in hosts for word in ("--allow-insecure-host", host)]
    if settings.get("no-index", "").lower() in {"1", "true", "yes", "on"}:
        options.append("--no-index")
    return options


def uv_variables(settings: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of uv: pip's settings by uv's names, and *given*, which wins."""
    present = {**settings, "find-links": _without_missing_folders(settings.get("find-links", ""))}
    ours = {
        variable: separator.join(present[name].split())
        for name, variable, separator in _VARIABLES
        if present.get(name) and _OLDER_NAMES.get(variable, variable) not in given
    }
    if "UV_INDEX" in ours:
        # As pip does: all indexes are equal. uv would look no further than the first index that
        # knows the name, and fail where that one lacks the version.
        ours["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return {**ours, **given}


def _without_missing_folders(places: str) -> str:
    """Return the places of `find-links`, without folders that are not there: pip passes over them.

    Relative ones become absolute, since uv runs elsewhere.
    """
    return " ".join(
        place if "://" in place else str(Path(place).resolve())
        for place in places.split()
        if "://" in place or Path(place).is_dir()
    )


def is_disk_full(text: str) -> bool:
    """Return whether a line of output, or an error's text, says that there is no room left."""
    return any(phrase in text for phrase in _DISK_FULL)


def describe_disk_full(purpose: str, folder: Path) -> str:
    """Return what `DiskFull` says: where, how much is left, and what to do."""
    free = shutil.disk_usage(folder).free
    return (
        f"No room left while {purpose}: {free:,} bytes are free in {folder}. Remove "
        "what is not needed (`rlcore env prune`), or name another folder in RLCORE_HOME. uv's "
        "own cache (`uv cache dir`) may be what is full: `uv cache prune`, or UV_CACHE_DIR."
    )

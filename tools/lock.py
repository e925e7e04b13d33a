# ruff: noqa: INP001 - a script, no package
"""Refreshes the locks of the toolkits' environments: `python tools/lock.py [FILES.in]`.

`NAME.in` says what is wanted; `NAME.txt` beside it becomes the lock: every distribution, pinned,
with the hashes of its files for Linux. Settings stand in the `.in` among the comments:

    # python: ==3.6.*              the interpreters it is for; a range makes one lock for them all
    # exclude-newer: 2020-12-31    what came later does not exist
    # exclude-newer-package: pandas=2021-01-31
    # override: numpy==1.16.6      whatever the others ask for
    # without: futures             asked for by others, and not wanted
    # unhashed: torch              which build it is, is only known where it is installed

Pins that still fit are kept; `--upgrade` takes the newest instead. Only the package index is asked:
folders of wheels and further indexes of this machine may hold other builds of the same version.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

from packaging.specifiers import SpecifierSet

from rlcore.errors import RLCoreError, did_you_mean
from rlcore.platforms.local import interpreters
from rlcore.platforms.local.installer import find_uv, pip_settings, uv_options, uv_variables

CHECKOUT = Path(__file__).parents[1]
Settings: TypeAlias = Mapping[str, Sequence[str]]

_SETTINGS = ("python", "exclude-newer", "exclude-newer-package", "override", "without", "unhashed")
_SETTING = re.compile(r"# ([a-z_-]+): *(\S.*)")
_HANDED_ON = ("exclude-newer", "exclude-newer-package")
# Settings of pip, and uv's variables for the same, that name places beside the index.
_FURTHER = {"extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS"}
_PIN = re.compile(r"([^\s#=]+)(==.+?)((?: \\\n    --hash=\S+)*)\n")
_HASH = re.compile(r" \\\n    --hash=(\S+)")
_FILE = re.compile(r'url = "[^"]*/([^"/]+)".*?sha256 = "(\w+)"')
# What can be installed where we run: Linux with the GNU library. Source archives always.
_USABLE = re.compile(r".*(?<!\.whl)|.*(-any|[-.]manylinux\w*_(x86_64|aarch64))\.(.*\.)?whl")


def main() -> int:
    """Lock what the command line names, or all there is; return the exit code."""
    parser = argparse.ArgumentParser(description="Refresh the locks of the toolkits' environments.")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE.in", help="all, if none")
    parser.add_argument("--check", action="store_true", help="only tell which locks are stale")
    parser.add_argument("--upgrade", action="store_true", help="keep no pin of the lock there is")
    arguments = parser.parse_args()
    files = arguments.files or sorted(CHECKOUT.glob("plugins/*/src/*/environments/*.in"))
    if arguments.check:
        stale = [path for path in files if not is_fresh(path)]
        sys.stdout.writelines(f"{path}: its lock is not made of it\n" for path in stale)
        return int(bool(stale))
    for path in files:
        try:
            number = lock(path, upgrade=arguments.upgrade)
        except RLCoreError as error:  # no such Python, no uv
            sys.exit(str(error))
        sys.stdout.write(f"{path.stem}: {number} distributions\n")
    return 0


def is_fresh(path: Path) -> bool:
    """Return whether the lock was made of the `.in` file as it is now; asks no index."""
    made = path.with_suffix(".txt")
    return made.exists() and made.read_text("utf-8").startswith(_header(path))


def lock(path: Path, *, upgrade: bool = False) -> int:
    """Write the lock of an `.in` file; return how many lines of pins it has."""
    settings = read_settings(path)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        made = path.with_suffix(".txt")
        if made.exists() and not upgrade:
            (folder / "lock.txt").write_bytes(made.read_bytes())
        command = _command(path.resolve(), settings, folder)
        pins = _run(folder / "lock.txt", *command, "--generate-hashes")
        files = _run(folder / "pylock.toml", *command, "--constraints", folder / "lock.txt")
    listed = _FILE.findall(files)
    usable = {f"sha256:{digest}" for name, digest in listed if _USABLE.fullmatch(name)}
    lines = [_line(pin, usable, settings["unhashed"]) for pin in _PIN.finditer(pins)]
    made.write_text(_header(path) + "".join(lines), "utf-8")
    return len(lines)


def read_settings(path: Path) -> Settings:
    """Return the values of each setting of an `.in` file, in its order."""
    settings = defaultdict(list)
    for match in filter(None, map(_SETTING.fullmatch, path.read_text("utf-8").splitlines())):
        if match[1] not in _SETTINGS:
            nearest = did_you_mean(match[1], _SETTINGS)
            sys.exit(f"{path.name}: {match[1]!r} is no setting.{nearest} Allowed: {_SETTINGS}")
        settings[match[1]].append(match[2])
    if len(settings["python"]) != 1:
        sys.exit(f"{path.name}: say once for which Python it is, e.g. `# python: ==3.6.*`.")
    return settings


def _header(path: Path) -> str:
    """Return the first line of the lock: of what it was made, comments apart."""
    lines = path.read_text("utf-8").splitlines()
    asked = [line for line in lines if _SETTING.fullmatch(line) or not line.startswith("#")]
    digest = sha256("\n".join(asked).encode()).hexdigest()[:16]
    return f"# Made by tools/lock.py of {path.name} ({digest}).\n"


def _command(path: Path, settings: Settings, folder: Path) -> list[str | Path]:
    (specifier,) = settings["python"]
    python = interpreters.choose(specifier, label=path.name)
    lowest = [part.version for part in SpecifierSet(specifier) if part.operator in {">=", "~="}]
    universal = ["--universal", *(f"--python-version={version}" for version in lowest)]
    for kind, name in (("overrides", "override"), ("excludes", "without")):
        (folder / kind).write_text("\n".join(settings[name]), "utf-8")
    compiler: list[str | Path] = [find_uv(), "pip", "compile", path, "--python", python.path]
    return [
        *compiler,
        *([] if "==" in specifier else universal),
        *(f"--{name}={value}" for name in _HANDED_ON for value in settings[name]),
        *("--overrides", folder / "overrides", "--excludes", folder / "excludes"),
        *("--quiet", "--no-config", "--no-header", "--no-annotate", *uv_options(pip_settings())),
    ]


def _run(output: Path, *command: str | Path) -> str:
    """Return what uv writes, by this machine's way to its package index, and to that alone.

    Where uv fails, it has said why, and we end.
    """
    settings = {name: value for name, value in pip_settings().items() if name not in _FURTHER}
    environ = {name: value for name, value in os.environ.items() if name not in _FURTHER.values()}
    done = subprocess.run(
        [*command, "--output-file", output],
        check=False,
        stdout=subprocess.DEVNULL,
        cwd="/",
        env=uv_variables(settings, environ),
    )
    if done.returncode:
        sys.exit(done.returncode)
    return output.read_text("utf-8")


def _line(pin: re.Match[str], usable: Collection[str], unhashed: Collection[str]) -> str:
    """Return a distribution's pin and hashes, as uv writes them."""
    name, version, hashes = pin.groups()
    if name in unhashed:
        return f"{name}{version}\n"
    kept = [each for each in _HASH.findall(hashes) if each in usable]
    if not kept:
        sys.exit(f"{name}{version} has no file for Linux. Leave it out: `# without: {name}`.")
    return "".join([name, version, *(f" \\\n    --hash={each}" for each in kept), "\n"])


if __name__ == "__main__":
    sys.exit(main())

"""Fills the folder of an environment: the interpreter is chosen, uv installs."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager
from importlib.metadata import distributions
from typing import TYPE_CHECKING

import attrs

from rlcore.errors import DiskFull
from rlcore.platforms.local import accelerators, interpreters
from rlcore.platforms.local.installer import (
    Installer,
    describe_disk_full,
    find_uv,
    is_disk_full,
    pip_settings,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from rlcore.platforms.local.environments import Built
    from rlcore.spec import Environment

_HASHED = re.compile(r"\s--hash=")


def installer_for(label: str, root: Path, *, log: Callable[[str], None], lock: int) -> Installer:
    """Return the installer of this machine, with the settings of its pip.

    Args:
        label: What it is to build, as the errors call it.
        root: Folder of all environments.
        log: Takes each line that it prints.
        lock: Descriptor of the lock on what is built.

    Raises:
        EnvironmentUnavailable: There is no installer.
    """
    purpose = f"building the environment of {label}"
    return Installer(
        uv=find_uv(), settings=pip_settings(), purpose=purpose, root=root, log=log, lock=lock
    )


def check(environment: Environment, label: str) -> None:
    """Raise as `make_release` would for want of an installer or of a Python; makes nothing."""
    find_uv()
    interpreters.choose(environment.python, label=label)


def make_release(folder: Path, environment: Environment, label: str, installer: Installer) -> str:
    """Make a release's environment in a folder that is not there yet; return Python's version."""
    pins = environment.requirements
    installer = attrs.evolve(installer, log=_without_names(installer.log))
    offered = _cpu_wheel_tags(pins, installer)
    python = interpreters.choose(environment.python, label=label, preferred_tags=offered)
    installer.log(f"Python {python.version} at {python.path}")
    installer.create(folder, python.path)
    if pins:
        lock = _write_lines(folder / "lock.txt", pins)
        options = _release_options(pins, cpu_wheel=python.tag in offered)
        installer.install(folder, *options, "--requirement", str(lock))
    return python.version


def _release_options(pins: Iterable[str], *, cpu_wheel: bool) -> list[str]:
    """Return uv's options for the lock of a release."""
    torch = accelerators.pinned_torch(pins)
    # No build of PyTorch to choose: then nothing but the index is asked for it.
    options = _options(cpu_wheel=cpu_wheel) if torch else []
    # With CUDA, PyTorch itself names the distributions that belong to its build: no lock can.
    if not (torch and accelerators.has_gpu()):
        options.append("--no-deps")
    # Hashes are verified in any case. A PyTorch whose build is chosen here has none.
    if all(map(_HASHED.search, pins)):
        options.append("--require-hashes")
    return options


def _without_names(log: Callable[[str], None]) -> Callable[[str], None]:
    """Return a log that leaves out what uv has installed: a release's lock tells the same."""
    return lambda line: None if line.startswith(" + ") else log(line)


def make_layer(folder: Path, base: Built, requirements: Path, installer: Installer) -> None:
    """Copy the base by hard links, and add what it lacks of the user's requirements."""
    _copy_by_links(base.path, folder)
    installed = _installed(folder)
    constraints = _write_lines(folder / "constraints.txt", installed)
    cpu_wheel = interpreters.wheel_tag(base.version) in _cpu_wheel_tags(installed, installer)
    names = ("--constraint", str(constraints), "--requirement", str(requirements))
    options = _options(cpu_wheel=cpu_wheel)
    installer = attrs.evolve(installer, purpose=f"installing {requirements.name}")
    installer.install(folder, *options, *names, working_folder=requirements.parent)


def _cpu_wheel_tags(requirements: Iterable[str], installer: Installer) -> frozenset[str]:
    """Return the interpreters that `find-links` offers the pinned PyTorch for, without CUDA."""
    torch = accelerators.pinned_torch(requirements)
    if torch is None or accelerators.has_gpu():
        return frozenset()
    return accelerators.cpu_wheel_tags(torch, installer.find_links)


def _options(*, cpu_wheel: bool) -> list[str]:
    return accelerators.backend_options(gpu=accelerators.has_gpu(), cpu_wheel=cpu_wheel)


@contextmanager
def full_disk_named(installer: Installer) -> Iterator[None]:
    """Raise `DiskFull` for whatever says that there is no room left."""
    try:
        yield
    except OSError as error:
        if not is_disk_full(str(error)):
            raise
        raise DiskFull(describe_disk_full(installer.purpose, installer.root)) from error


def _copy_by_links(source: Path, target: Path) -> None:
    def link(path: str, copy: str) -> None:
        try:
            os.link(path, copy)
        except OSError:  # a file system without hard links
            shutil.copy2(path, copy)

    shutil.copytree(source, target, symlinks=True, copy_function=link)


def _installed(folder: Path) -> list[str]:
    """Return what is installed in an environment, as exact requirements."""
    packages = map(str, folder.glob("lib/python3.*/site-packages"))
    found = distributions(path=list(packages))
    return sorted(f"{one.metadata['Name']}=={one.version}" for one in found)


def _write_lines(path: Path, lines: Iterable[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path

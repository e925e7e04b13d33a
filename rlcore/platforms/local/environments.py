"""The Python environments of this machine: built once, found in no time, pruned when forgotten.

An environment is a folder named by the digest of what it was asked to be. It is built beside its
place and renamed at the end, its record written last: what has a record is whole. A lock file per
digest is held exclusively by whoever builds or removes it, and shared by whoever uses it.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import attrs

from rlcore.errors import EnvironmentUnavailable
from rlcore.platforms.local.digests import environment_digest, layer_digest
from rlcore.platforms.local.locks import locked

if TYPE_CHECKING:
    from rlcore.platforms.local.installer import Installer
    from rlcore.spec import Environment

Log: TypeAlias = Callable[[str], None]
UNUSED_FOR = 30 * 86400.0  # seconds
_RECORD = "environment.json"


@attrs.frozen(kw_only=True)
class Built:
    """An environment that is there.

    Attributes:
        path: Its folder.
        digest: What names it.
        label: What it was built for, e.g. `ray 2.60.0 (pytorch 2.13.0)`.
        version: Version of its Python.
        requirements: What was asked to be in it.
        created_at: When it was built, in seconds since the epoch.
        used_at: When it was last found or built, likewise.
    """

    path: Path
    digest: str
    label: str
    version: str
    requirements: tuple[str, ...] = attrs.field(converter=tuple, repr=False)
    created_at: float
    used_at: float = attrs.field(eq=False)

    @property
    def python(self) -> Path:
        """The executable to run."""
        return self.path / "bin" / "python"

    @property
    def lock(self) -> Path:
        """The lock file: whoever holds it shared (`locks.locked`) keeps `prune` away."""
        return self.path.with_name(f"{self.digest}.lock")

    @property
    def size(self) -> int:
        """Bytes of its files, those included that it shares with uv's cache or a layer."""
        return sum(file.st_size for file in self.files())

    def files(self) -> Iterator[os.stat_result]:
        """Yield the status of each of its files."""
        for folder, _, names in os.walk(self.path):
            yield from (Path(folder, name).lstat() for name in names)


class _Recipe(NamedTuple):
    """What to make; *make* fills a folder that is not there yet and returns Python's version."""

    digest: str
    label: str
    requirements: tuple[str, ...]
    make: Callable[[Path, Installer], str]


class Environments:
    """The environments below one folder."""

    def __init__(self, root: Path) -> None:
        """Remember the folder; it is made by the first build."""
        self._root = root

    def find(self, environment: Environment) -> Built | None:
        """Return the environment if it is built, and note that it was used; runs nothing."""
        return self._find(environment_digest(environment))

    def check(self, environment: Environment, *, label: str) -> None:
        """See whether the environment is there or can be built here, as far as is known before.

        Raises:
            InterpreterNotFound: No Python that fits is on this machine.
            EnvironmentUnavailable: There is no installer.
        """
        if self.find(environment) is None:
            from rlcore.platforms.local import building  # noqa: PLC0415 - finding must stay light

            building.check(environment, label)

    def build(self, environment: Environment, *, label: str, log: Log) -> Built:
        """Return the environment, built now if it is not there; many may ask at once.

        Args:
            environment: What it is to be.
            label: The release it is for, as lists and errors call it.
            log: Takes each line of progress.

        Raises:
            InterpreterNotFound: No Python that fits is on this machine.
            BuildFailed: The installer failed; the first line says why, its output follows.
            DiskFull: There was no room left.
            EnvironmentUnavailable: There is no installer.
        """

        def make(folder: Path, installer: Installer) -> str:
            from rlcore.platforms.local import building  # noqa: PLC0415 - finding must stay light

            return building.make_release(folder, environment, label, installer)

        recipe = _Recipe(environment_digest(environment), label, environment.requirements, make)
        return self._find_or_make(recipe, log)

    def layer(self, base: Built, requirements: Path, *, log: Log) -> Built:
        """Return *base* with the user's requirements added, built now if it is not there.

        It is a copy of the base, by hard links, into which uv installs what the base lacks, each
        version of the base being a constraint. The base stays as it is.

        Args:
            base: The release's environment.
            requirements: The user's `requirements.txt`; whatever uv understands.
            log: Takes each line of progress.

        Raises:
            BuildFailed: The installer failed, e.g. since a requirement contradicts the base.
            DiskFull: There was no room left.
        """
        requirements = requirements.resolve()
        content = requirements.read_text("utf-8", "replace")
        label = f"{base.label} with {requirements.name}"
        digest = layer_digest(base.digest, requirements, content)

        def make(folder: Path, installer: Installer) -> str:
            from rlcore.platforms.local import building  # noqa: PLC0415 - finding must stay light

            with hold(base):
                building.make_layer(folder, base, requirements, installer)
            return base.version

        recipe = _Recipe(digest, label, tuple(content.splitlines()), make)
        return self._find_or_make(recipe, log)

    def all(self) -> list[Built]:
        """Return what is built, the last used first."""
        built = filter(None, map(self._read, self._digests()))
        return sorted(built, key=lambda one: one.used_at, reverse=True)

    def prune(
        self, *, older_than: float = UNUSED_FOR, clock: Callable[[], float] = time.time
    ) -> list[Built]:
        """Remove what was not used for *older_than* seconds, and what nobody can use.

        That is a build that was broken off, and an environment whose Python was uninstalled. What
        a process builds or holds (see `hold`) is left alone. Zero removes everything else.

        Returns:
            The environments that were removed.
        """
        for partial in self._root.glob("*.partial"):
            with suppress(BlockingIOError), locked(self._lock(partial.stem), wait=False):
                _remove_tree(partial)
        for digest in self._digests():
            if self._read(digest) is None:
                self._remove(digest)
        stale = [one for one in self.all() if clock() - one.used_at >= older_than]
        return [one for one in stale if self._remove(one.digest)]

    def _find_or_make(self, recipe: _Recipe, log: Log) -> Built:
        built = self._find(recipe.digest)
        if built is not None:
            return built
        self._root.mkdir(parents=True, exist_ok=True)
        with _waited_for(self._lock(recipe.digest), recipe.label, log) as lock:
            # Whoever held the lock before us has perhaps built it.
            return self._find(recipe.digest) or self._make(recipe, log, lock)

    def _make(self, recipe: _Recipe, log: Log, lock: int) -> Built:
        from rlcore.platforms.local import building  # noqa: PLC0415 - finding must stay light

        installer = building.installer_for(recipe.label, self._root, log=log, lock=lock)
        partial, place = self._partial(recipe.digest), self._root / recipe.digest
        self._clear(recipe.digest)
        try:
            with building.full_disk_named(installer):
                version = recipe.make(partial, installer)
                record = _write_record(partial / _RECORD, recipe, version)
                partial.rename(place)
        finally:
            _remove_tree(partial)
        return Built(path=place, digest=recipe.digest, used_at=record["created_at"], **record)

    def _find(self, digest: str) -> Built | None:
        built = self._read(digest)
        if built is not None:
            with suppress(PermissionError):  # somebody else's, on a shared disk
                os.utime(built.path / _RECORD)
        return built

    def _read(self, digest: str) -> Built | None:
        path = self._root / digest
        try:
            record: dict[str, Any] = json.loads((path / _RECORD).read_text("utf-8"))
            used_at = (path / _RECORD).stat().st_mtime
        except (FileNotFoundError, ValueError):
            return None
        built = Built(path=path, digest=digest, used_at=used_at, **record)
        # The interpreter that it was made from may have been uninstalled.
        return built if built.python.exists() else None

    def _remove(self, digest: str) -> bool:
        """Remove the environment, unless somebody builds or uses it; return whether it went."""
        try:
            with locked(self._lock(digest), wait=False):
                self._clear(digest)
        except BlockingIOError:
            return False
        return True

    def _clear(self, digest: str) -> None:
        """Remove what is there. Renamed first: an environment is never seen half removed."""
        partial = self._partial(digest)
        _remove_tree(partial)
        with suppress(FileNotFoundError):
            (self._root / digest).rename(partial)
        _remove_tree(partial)

    def _digests(self) -> list[str]:
        return [path.name for path in self._root.glob("*") if path.is_dir() and not path.suffix]

    def _partial(self, digest: str) -> Path:
        return self._root / f"{digest}.partial"

    def _lock(self, digest: str) -> Path:
        return self._root / f"{digest}.lock"


@contextmanager
def hold(built: Built) -> Iterator[None]:
    """Keep an environment from being pruned; a process that dies lets go of it.

    Raises:
        EnvironmentUnavailable: It was pruned since it was found.
    """
    with locked(built.lock, shared=True):
        if not built.python.exists():
            msg = f"The environment of {built.label} was removed just now. Start again."
            raise EnvironmentUnavailable(msg)
        yield


def _remove_tree(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _write_record(path: Path, recipe: _Recipe, version: str) -> dict[str, Any]:
    record = {
        "label": recipe.label,
        "version": version,
        "requirements": list(recipe.requirements),
        "created_at": time.time(),
    }
    path.unlink(missing_ok=True)  # a layer's is a link to its base's, which must not change
    path.write_text(json.dumps(record, indent=1), "utf-8")
    return record


@contextmanager
def _waited_for(lock: Path, label: str, log: Log) -> Iterator[int]:
    """Hold the lock file alone; say so where that takes waiting."""
    with ExitStack() as stack:
        try:
            descriptor = stack.enter_context(locked(lock, wait=False))
        except BlockingIOError:
            log(f"The environment of {label} is being built by another job; waiting for it.")
            descriptor = stack.enter_context(locked(lock))
        yield descriptor

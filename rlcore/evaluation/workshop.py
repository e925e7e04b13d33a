"""A place where a release's environments can be played: its Python, our code, the user's source."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tarfile
import tempfile
import zlib
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

import rlscript
import rlserving
from rlcore import storage
from rlcore.errors import InvalidArgument, PluginError, ReleaseUnavailable, SourceError
from rlcore.platforms.local.environments import Environments, hold
from rlcore.platforms.local.home import home
from rlcore.runner.archive import UnsafeArchive, extract
from rlcore.spec import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rlcore.platforms.local.environments import Built
    from rlcore.spec import ToolkitRelease

Log: TypeAlias = "Callable[[str], Any]"

_REQUIREMENTS = "requirements.txt"
_WITHOUT_CACHES = shutil.ignore_patterns("__pycache__")


def to_stderr(line: str) -> None:
    """Show a line of progress, apart from what the caller prints."""
    sys.stderr.write(f"{line}\n")


@attrs.frozen(kw_only=True)
class Workshop:
    """Where a player runs.

    Attributes:
        folder: A temporary folder.
        python: The Python that has what the environment needs.
        code: Folder of the copies of `rlscript`, `rlserving` and the toolkit's packages.
        source: Folder of the user's modules, if any.
        packages: The toolkit's script-side packages.
    """

    folder: Path
    python: Path
    code: Path
    source: Path | None = None
    packages: tuple[str, ...] = ()


@contextmanager
def workshop(
    release: ToolkitRelease | None,
    source: str | os.PathLike[str] | None = None,
    *,
    python: Path | None = None,
    log: Log,
) -> Iterator[Workshop]:
    """Prepare a workshop for the length of the block.

    Args:
        release: The release whose training environment is taken, built now if it is not there.
        source: Folder, or path or address of an archive, of the user's modules. What its
            `requirements.txt` names is installed in a layer over the release's environment.
        python: An interpreter to take instead, as it is.
        log: Takes each line of progress.

    Raises:
        ReleaseUnavailable: The release does not run on this machine.
        EnvironmentUnavailable: Its environment cannot be had.
        SourceError: The source is not there, or no archive.
    """
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="rlcore-")))
        packages = release.script_packages if release and python is None else ()
        code = folder / "code"
        for place in (Path(rlscript.__file__), Path(rlserving.__file__), *map(_origin, packages)):
            shutil.copytree(place.parent, code / place.parent.name, ignore=_WITHOUT_CACHES)
        own = _unpacked(source, folder) if source else None
        if python is None:
            built = _built(release, own, log)
            held.enter_context(hold(built))
            python = built.python
        # Absolute, since it runs elsewhere; an environment's is a link, and must stay one.
        yield Workshop(
            folder=folder, python=python.absolute(), code=code, source=own, packages=packages
        )


def _origin(package: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        msg = f"The script-side package {package!r} is not installed. Reinstall its distribution."
        raise PluginError(msg)
    return Path(found.origin)


def _unpacked(source: str | os.PathLike[str], folder: Path) -> Path:
    """Return the folder of the user's modules: their own, or one that an archive was unpacked to.

    Copies of our own packages that travelled in the archive are never imported: ours come first.
    """
    text = os.fspath(source)
    if "://" not in text and Path(text).expanduser().is_dir():
        return Path(text).expanduser().resolve()
    if "://" not in text and not Path(text).expanduser().is_file():
        msg = f"There is no source {text!r}: give a folder, or an archive."
        raise SourceError(msg)
    path = storage.fetched(text, folder) if "://" in text else Path(text).expanduser()
    target = folder / "source"
    try:
        extract(str(path), target)
    except UnsafeArchive as error:
        raise SourceError(str(error)) from error
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        msg = f"The source {text} cannot be unpacked: {error}"
        raise SourceError(msg) from error
    return target


def _built(release: ToolkitRelease | None, source: Path | None, log: Log) -> Built:
    if release is None:
        msg = "Which toolkit's environment is it? Give release=... or python=..."
        raise InvalidArgument(msg)
    if isinstance(release.training, Unavailable):
        msg = f"{release} cannot run on this machine: {release.training.reason}"
        raise ReleaseUnavailable(msg)
    environments = Environments(home() / "environments")
    built = environments.build(release.training, label=str(release), log=log)
    requirements = source / _REQUIREMENTS if source else None
    if requirements and requirements.is_file() and requirements.read_bytes().strip():
        built = environments.layer(built, requirements, log=log)
    return built

"""The training source from a git repository: `git_config`, as the original knew it.

What the user gives is checked before git sees it, so that it can be neither an option nor an
address of another kind.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rlcore import source
from rlcore.errors import InvalidArgument, SourceError, did_you_mean
from rlcore.warning import warn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rlcore.cloning import Credentials, Repository
    from rlcore.source import Bundle

_TWO_FACTOR = "2FA_enabled"
_KEYS = ("repo", "branch", "commit", _TWO_FACTOR, "username", "password", "token")
_HOST = r"(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])"
_USER = r"[A-Za-z0-9_][A-Za-z0-9_.+-]*"
_URL = (
    rf"https://{_HOST}(?::[0-9]+)?/[^\s?#]+|ssh://(?:{_USER}@)?{_HOST}(?::[0-9]+)?/[^\s?#]+"
    rf"|{_USER}@{_HOST}:(?!-)[^\s?#]+|file:///[^?#]+"
)
_ALLOWED = "https://HOST/PATH, ssh://USER@HOST/PATH, USER@HOST:PATH and file:///PATH"
_BRANCH = r"(?![-+/.])(?!.*(?:\.\.|@\{|//))[^\s~^:?*\[\\]+(?<![/.])"
_COMMIT = r"[0-9a-fA-F]{7,40}|[0-9a-fA-F]{64}"
_ANYONE = "x-access-token"
"""The name beside a token: servers look at the token alone, but for those that ask for a name."""


def parse(git_config: Mapping[str, Any]) -> Repository:
    """Return the repository that a `git_config` names.

    Args:
        git_config: `repo` and, if wanted, `branch` (or a tag), `commit`, and for an `https://`
            address `token`, or `username` and `password`; with `2FA_enabled` only a token counts.

    Raises:
        InvalidArgument: A key that there is not, or a value that is not allowed.
    """
    from rlcore.cloning import Repository  # noqa: PLC0415 - most sources are on this machine

    given = _checked(git_config)
    repo = given["repo"]
    if not re.fullmatch(_URL, repo):
        raise _refused_url(repo)
    branch, commit = given.get("branch"), given.get("commit")
    if branch is not None and not re.fullmatch(_BRANCH, branch):
        msg = f"'branch' must be the name of a branch or a tag; {branch!r} is none."
        raise InvalidArgument(msg)
    if commit is not None and not re.fullmatch(_COMMIT, commit):
        msg = f"'commit' must be a hash of 7 to 40 hexadecimal digits; {commit!r} is none."
        raise InvalidArgument(msg)
    return Repository(url=repo, branch=branch, commit=commit, credentials=_credentials(given))


def clone(git_config: Mapping[str, Any], folder: Path) -> Path:
    """Make a new folder with the files of a repository, and return it.

    Raises:
        InvalidArgument: A key that there is not, or a value that is not allowed.
        SourceError: git could not do it.
    """
    from rlcore import cloning  # noqa: PLC0415 - likewise

    return cloning.clone(parse(git_config), folder)


def bundle(  # noqa: PLR0913 - where from, and what `source.bundle` takes
    git_config: Mapping[str, Any] | None,
    entry_point: str,
    source_dir: str | None = None,
    dependencies: Iterable[str | os.PathLike[str]] | None = None,
    packages: Iterable[str] = (),
    *,
    rewritten: Mapping[str, Callable[[str], str]] | None = None,
) -> Bundle:
    """Collect the source of a script, on this machine or in a repository, as a bundle.

    What comes from a repository lies in a clone that is removed with the bundle, at the latest with
    the process.

    Args:
        git_config: The repository, as `parse` takes it; None for this machine.
        entry_point: The script: relative to *source_dir*, or to the repository without one.
        source_dir: Folder whose content goes to the archive's root.
        dependencies: Files and folders that go to the root under their own names.
        packages: Import names of script-side packages that go to the root.
        rewritten: As `source.bundle` takes it.

    Raises:
        InvalidArgument: A key that there is not, or a value that is not allowed.
        SourceError: git could not do it, or something is not there.
    """
    beside = [os.fspath(path) for path in dependencies or ()]
    if git_config:
        return _cloned(git_config, entry_point, source_dir, beside, packages, rewritten)
    folder = Path(source_dir).expanduser() if source_dir else None
    paths = [Path(path).expanduser() for path in beside]
    return source.bundle(entry_point, folder, paths, packages, rewritten=rewritten)


def _cloned(  # noqa: PLR0913, PLR0917 - likewise
    git_config: Mapping[str, Any],
    entry_point: str,
    source_dir: str | None,
    dependencies: Iterable[str],
    packages: Iterable[str],
    rewritten: Mapping[str, Callable[[str], str]] | None,
) -> Bundle:
    from rlcore import cloning  # noqa: PLC0415 - likewise

    repository = parse(git_config)
    parent = Path(tempfile.mkdtemp(prefix="rlcore-git-")).resolve()
    root = parent / "repository"
    try:
        cloning.clone(repository, root)
        folder = _inside(root, "Source directory", source_dir) if source_dir else None
        script = _inside(root, "Entry point", str(PurePosixPath(source_dir or "", entry_point)))
        paths = [_inside(root, f"Dependency {path}", path) for path in dependencies]
        named = entry_point if folder else str(script)
        found = source.bundle(named, folder, paths, packages, rewritten=rewritten)
    except SourceError as error:
        shutil.rmtree(parent)
        raise SourceError(str(error).replace(str(root), repository.url)) from error
    except BaseException:
        shutil.rmtree(parent)
        raise
    weakref.finalize(found, shutil.rmtree, parent, ignore_errors=True)
    return found


def _inside(root: Path, what: str, given: str) -> Path:
    """Return a path in the clone, after seeing that it is there and leads nowhere else."""
    path = root / given
    if PurePosixPath(given).is_absolute() or ".." in PurePosixPath(given).parts:
        msg = f"{what} must be relative to {root} and inside it; {given!r} was given."
        raise SourceError(msg)
    if not path.exists():
        names = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
        msg = f"{what} does not exist in the repo: {path}.{did_you_mean(path.name, names)}"
        raise SourceError(msg)
    if not path.resolve().is_relative_to(root):
        msg = f"{what} leads out of the repo: {path} is or lies behind a link to {path.resolve()}."
        raise SourceError(msg)
    return path


def _checked(git_config: Any) -> dict[str, Any]:
    """Return the configuration, after seeing that keys and types are right."""
    if not isinstance(git_config, Mapping):
        msg = f"git_config must be a dictionary; a {type(git_config).__name__} was given."
        raise InvalidArgument(msg)
    for key, value in git_config.items():
        if key not in _KEYS:
            nearest = did_you_mean(str(key), _KEYS)
            msg = f"git_config has no key {key!r}; it may have {', '.join(_KEYS)}.{nearest}"
            raise InvalidArgument(msg)
        if key == _TWO_FACTOR:
            if not isinstance(value, bool):
                msg = f"Please enter a bool type for {_TWO_FACTOR!r}."
                raise InvalidArgument(msg)
        elif not isinstance(value, str):
            msg = f"{key!r} must be a string."
            raise InvalidArgument(msg)
        elif not value or not value.isprintable():
            msg = (
                f"{key!r} in git_config is empty or has a line break or another control character."
            )
            raise InvalidArgument(msg)
    if "repo" not in git_config:
        msg = "Please provide a repo for git_config."
        raise InvalidArgument(msg)
    return dict(git_config)


def _refused_url(repo: str) -> InvalidArgument:
    """Return the error for an address, which may hold a password."""
    shown = re.sub(r"(://|\A).*@", r"\1***@", re.split(r"[?#]", repo, maxsplit=1)[0])
    msg = f"Invalid Git url provided: {shown!r}. Allowed are {_ALLOWED}."
    if repo.startswith("https://") and (shown != repo):
        msg += " Credentials belong into username and password, or token, of git_config."
    return InvalidArgument(msg)


def _credentials(given: Mapping[str, Any]) -> Credentials | None:
    """Return what a server is told, as the original chose it."""
    from rlcore.cloning import Credentials  # noqa: PLC0415 - likewise

    username, password, token = (given.get(key) for key in ("username", "password", "token"))
    if not (username or password or token):
        return None
    if urlsplit(given["repo"]).scheme != "https":
        warn("Only an https:// address takes credentials; those in git_config will be ignored.")
        return None
    if token:
        if password:
            warn("Using token for authentication, the password in git_config will be ignored.")
        return Credentials(username or _ANYONE, token)
    if given.get(_TWO_FACTOR):
        warn("With 2FA_enabled only a token counts; username and password will be ignored.")
        return None
    if not (username and password):
        warn("A username goes with a password; what git_config has of them will be ignored.")
        return None
    return Credentials(username, password)

"""Clones of git repositories, by git itself.

A password reaches git through a credential helper that answers for the repository's own server
alone. It stands in no address, no command line, no file and no message, and no other helper gets to
keep it.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import attrs

from rlcore.errors import SourceError, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

# Run by git, in its shell; the values come from its environment.
_HELPER = (
    '!f() { if test "$1" = get; then printf "username=%s\\npassword=%s\\n"'
    ' "$RLCORE_GIT_USERNAME" "$RLCORE_GIT_PASSWORD"; fi; }; f'
)
_SSH = "ssh -oBatchMode=yes"
_OPTIONS = (
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "submodule.recurse=false"),
    *("-c", "http.lowSpeedLimit=1"),  # bytes a second, below which
    *("-c", "http.lowSpeedTime=60"),  # after so many seconds a server counts as dead
)
# What would make git work on another repository, or write what it sends and receives.
_NOT_INHERITED = re.compile(
    r"GIT_(TRACE.*|CURL_VERBOSE|DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|OBJECT_DIRECTORY|PREFIX"
    r"|ALTERNATE_OBJECT_DIRECTORIES|NAMESPACE|SHALLOW_FILE|GRAFT_FILE)|SSH_ASKPASS"
)
_ALL = ("+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
_HEAD = "HEAD"
_WHOLE_HASHES = {40, 64}
_NOT_SHALLOW = re.compile(r"does not support shallow")
_NOT_BY_HASH = re.compile(r"not our ref|unadvertised object|does not support shallow")
_ABSENT = re.compile(r"couldn't find remote ref")
_REFUSED = re.compile(r"Authentication failed|could not read (Username|Password)|Permission denied")
_LINES = 8


@attrs.frozen
class Credentials:
    """What a server is told; neither shows in a message."""

    username: str = attrs.field(repr=False)
    password: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Repository:
    """A repository, and what is wanted of it.

    Attributes:
        url: Its address, without credentials.
        branch: A branch or a tag.
        commit: The hash of a commit, which goes before the branch.
        credentials: For an `https://` address; git's own ways otherwise.
    """

    url: str
    branch: str | None = None
    commit: str | None = None
    credentials: Credentials | None = None


def clone(repository: Repository, folder: Path) -> Path:
    """Make a new folder with the files that are wanted, and return it.

    No more than the one commit is fetched, where the server can do that. Submodules are not.

    Raises:
        SourceError: git is not installed, or could not fetch it; in git's words without secrets.
    """
    git = _Git(repository, folder)
    git.must("init", "--quiet", "--", str(folder))
    git.must("remote", "add", "--", "origin", repository.url)  # git-lfs asks there
    git.keep_ssh_from_asking()
    if repository.commit:
        wanted = _fetch_commit(git, repository.commit)
    elif repository.branch:
        wanted = _fetch_branch(git, repository.branch)
    else:
        wanted = _fetch_head(git)
    git.must("checkout", "--quiet", "--detach", wanted, "--")
    return folder


def cleaned(text: str, credentials: Credentials | None = None) -> str:
    """Return a text without what stands before the host of an address, and without secrets."""
    for secret in _spellings(credentials) if credentials else ():
        text = text.replace(secret, "***")
    return re.sub(r"(https?://)[^/\s]*@", r"\1***@", text)


def _fetch(git: _Git, ref: str) -> str | None:
    """Fetch a reference alone, and return git's words where that failed."""
    failure = git.fetch("--depth=1", ref)
    return git.fetch(ref) if failure and _NOT_SHALLOW.search(failure) else failure


def _fetch_head(git: _Git) -> str:
    failure = _fetch(git, _HEAD)
    if failure:
        raise git.failed(_HEAD, failure)
    return "FETCH_HEAD"


def _fetch_branch(git: _Git, name: str) -> str:
    """Fetch a branch, or a tag where there is no such branch."""
    for ref in (f"refs/heads/{name}", f"refs/tags/{name}"):
        failure = _fetch(git, ref)
        if failure is None:
            return "FETCH_HEAD"
        if not _ABSENT.search(failure):
            raise git.failed(name, failure)
    msg = f"{git.repository.url} has no branch or tag {name!r}.{_nearest(git, name)}"
    raise SourceError(msg)


def _fetch_commit(git: _Git, commit: str) -> str:
    """Fetch a commit by its hash; all branches and tags where the server has it otherwise."""
    if len(commit) in _WHOLE_HASHES:
        failure = git.fetch("--depth=1", commit)
        if failure is None:
            return "FETCH_HEAD"
        if not _NOT_BY_HASH.search(failure):
            raise git.failed(commit, failure)
    failure = git.fetch(*_ALL)
    if failure:
        raise git.failed(commit, failure)
    return f"{commit}^{{commit}}"


def _nearest(git: _Git, name: str) -> str:
    listed = git.run("ls-remote", "--heads", "--tags", "--refs", "--quiet", "origin").stdout
    refs = (line.split("\t")[-1] for line in listed.splitlines())
    return did_you_mean(name, [ref.split("/", 2)[-1] for ref in refs])


class _Git:
    """Runs git in a folder, for a repository."""

    def __init__(self, repository: Repository, folder: Path) -> None:
        program = shutil.which("git")
        if program is None:
            msg = (
                "git_config needs git, which is not on PATH. Install it, or clone the repository"
                " and give source_dir."
            )
            raise SourceError(msg)
        folder.mkdir(parents=True, exist_ok=True)
        self.repository = repository
        self._command = (program, "-C", str(folder), *_OPTIONS, *_helper(repository))
        self._environment = _environment(repository)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._command, *arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="replace",
        )

    def fetch(self, *arguments: str) -> str | None:
        """Fetch, and return git's words where that failed."""
        done = self.run(
            "fetch", "--quiet", "--no-tags", "--no-write-commit-graph", "origin", *arguments
        )
        return done.stderr if done.returncode else None

    def must(self, *arguments: str) -> None:
        done = self.run(*arguments)
        if done.returncode:
            raise self.failed(arguments[-1 if arguments[-1] != "--" else -2], done.stderr)

    def keep_ssh_from_asking(self) -> None:
        """Let ssh prompt for nothing, unless the user has a command of their own for it."""
        own = {"GIT_SSH_COMMAND", "GIT_SSH"}.intersection(self._environment)
        if not own and self.run("config", "--get", "core.sshCommand").returncode:
            self._environment["GIT_SSH_COMMAND"] = _SSH

    def failed(self, what: str, words: str) -> SourceError:
        """Return the error for something that git could not do, in its own words."""
        said = cleaned(words, self.repository.credentials)
        lines = ["".join(filter(str.isprintable, line)) for line in said.splitlines()]
        last = "\n".join(line for line in lines[-_LINES:] if line.strip())
        cure = (
            " Give username and password, or token, in git_config, or an SSH key to ssh-agent."
            if _REFUSED.search(words)
            else ""
        )
        msg = f"git could not get {what} from {self.repository.url}.{cure}\n{last}"
        return SourceError(msg)


def _helper(repository: Repository) -> tuple[str, ...]:
    """Return the options that make git ask nobody but us, and that for one server alone."""
    if repository.credentials is None:
        return ()
    server = urlsplit(repository.url).netloc
    return ("-c", "credential.helper=", "-c", f"credential.https://{server}.helper={_HELPER}")


def _environment(repository: Repository) -> dict[str, str]:
    inherited = {
        name: value for name, value in os.environ.items() if not _NOT_INHERITED.fullmatch(name)
    }
    secret = repository.credentials
    return {
        **inherited,
        "LC_ALL": "C",  # its words are read here
        "GIT_ALLOW_PROTOCOL": "file" if repository.url.startswith("file:") else "https:ssh",
        "GIT_ASKPASS": "",
        "GIT_TERMINAL_PROMPT": "0",
        **({"RLCORE_GIT_USERNAME": secret.username} if secret else {}),
        **({"RLCORE_GIT_PASSWORD": secret.password} if secret else {}),
    }


def _spellings(credentials: Credentials) -> list[str]:
    """Return how a password may show: as it is, in an address, and in a header."""
    pair = f"{credentials.username}:{credentials.password}".encode()
    return [
        base64.b64encode(pair).decode(),
        credentials.password,
        quote(credentials.password, safe=""),
        quote(credentials.password),
    ]

"""Clones of repositories: real git, and a real server that asks for a password."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from git_server import GitServer, git, make_certificate, make_repository, serving

from rlcore import cloning
from rlcore.cloning import Credentials
from rlcore.errors import SourceError
from rlcore.repositories import clone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSWORD = "s3cret/%:@ word"  # noqa: S105 - of a server that lives as long as a test
LOGIN = {"username": "ada", "password": PASSWORD}
HASH = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the bare repository `src.git`."""
    return make_repository(tmp_path_factory.mktemp("origin")).parent


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a key and a certificate for this machine."""
    return make_certificate(tmp_path_factory.mktemp("certificate") / "server.pem")


@pytest.fixture
def server(
    origin: Path, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[GitServer]:
    """Serve the repository over HTTPS; git trusts it, and has a store for passwords."""
    (tmp_path / "gitconfig").write_text(
        f"[credential]\nhelper = store --file={tmp_path}/stored\n[safe]\ndirectory = *\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_SSL_CAINFO", str(certificate))
    with serving(origin, certificate, f"ada:{PASSWORD}") as server:
        yield server


@pytest.fixture
def repo(origin: Path) -> str:
    """Return the address of the repository on this machine."""
    return (origin / "src.git").as_uri()


def commits(folder: Path) -> int:
    """Return how many commits a clone has."""
    return int(git(folder, "rev-list", "--all", "--count", "HEAD"))


def everything(folder: Path) -> bytes:
    """Return the content of all files below a folder."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ({}, "2"),
        ({"branch": "main"}, "2"),
        ({"branch": "old/branch"}, "1"),
        ({"branch": "v1"}, "1"),
    ],
)
def test_a_branch_or_a_tag_is_one_commit(repo, tmp_path, wanted, text):
    """Nothing of the history travels."""
    folder = clone({"repo": repo, **wanted}, tmp_path / "clone")

    assert text == (folder / "src/train.py").read_text()
    assert 1 == commits(folder)


@pytest.mark.parametrize(("digits", "most"), [(40, 1), (10, 2)])
def test_a_commit_is_found_by_its_hash(repo, origin, tmp_path, digits, most):
    """A whole hash is fetched alone; for an abbreviated one the history is needed."""
    first = git(origin / "work", "rev-parse", "v1")

    folder = clone({"repo": repo, "branch": "main", "commit": first[:digits]}, tmp_path / "clone")

    assert "1" == (folder / "src/train.py").read_text()
    assert most == commits(folder)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"branch": "mian"}, r"src.git has no branch or tag 'mian'. Did you mean 'main'\?"),
        ({"branch": "old/brunch"}, r"Did you mean 'old/branch'\?"),
        ({"commit": HASH}, f"git could not get {HASH}"),
        ({"commit": HASH[:8]}, f"git could not get {HASH[:8]}"),
    ],
)
def test_what_is_not_there_is_told(repo, tmp_path, wanted, words):
    """The message names it, the repository and the nearest."""
    with pytest.raises(SourceError, match=words):
        clone({"repo": repo, **wanted}, tmp_path / "clone")


def test_a_repository_that_is_not_there_is_told(tmp_path):
    """In git's own words."""
    with pytest.raises(SourceError, match=r"could not get HEAD from file:///no/such(?s:.*)exist"):
        clone({"repo": "file:///no/such"}, tmp_path / "clone")


def test_without_git_the_message_says_what_to_do(repo, tmp_path, monkeypatch):
    """Install it, or clone by hand."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SourceError, match="git_config needs git, which is not on PATH"):
        clone({"repo": repo}, tmp_path / "clone")


@pytest.mark.parametrize("is_dumb", [False, True])
def test_a_password_reaches_the_server_and_stands_nowhere_else(server, tmp_path, is_dumb):
    """Not on a command line, not in the clone, and not in the user's own store."""
    server.is_dumb = is_dumb
    config = {"repo": f"{server.url}/src.git", **LOGIN}

    folder = clone(config, tmp_path / "clone")

    assert "2" == (folder / "src/train.py").read_text()
    assert server.wanted in server.authorizations
    assert any("remote-https" in line for line in server.commands)
    assert not any("s3cret" in line for line in server.commands)
    assert b"s3cret" not in everything(folder)
    assert not (tmp_path / "stored").exists()


def test_a_token_goes_with_a_name_where_one_is_given(server, tmp_path):
    """Some servers ask for one."""
    clone({"repo": f"{server.url}/src.git", "token": PASSWORD, "username": "ada"}, tmp_path / "x")

    assert server.wanted in server.authorizations


@pytest.mark.parametrize(
    "login", [{"password": "wr0ng", "username": "ada"}, {"token": "wr0ng"}, {}]
)
def test_a_wrong_password_is_told_without_it(server, tmp_path, login):
    """And nobody is asked for another one."""
    with pytest.raises(SourceError, match=r"Give username and password, or token") as caught:
        clone({"repo": f"{server.url}/src.git", **login}, tmp_path / "clone")

    assert "wr0ng" not in str(caught.value)
    assert b"wr0ng" not in everything(tmp_path / "clone")


def test_another_server_never_hears_the_password(server, origin, certificate, tmp_path):
    """A repository that has moved away is not followed with it."""
    with serving(origin, certificate, "other:one") as other:
        server.moved_to = other.url
        with pytest.raises(SourceError, match="could not read Username"):
            clone({"repo": f"{server.url}/src.git", **LOGIN}, tmp_path / "clone")

    assert {None} == set(other.authorizations)


def test_the_users_own_store_is_asked_where_nothing_is_given(server, tmp_path):
    """As git does it anyhow."""
    host = server.url.removeprefix("https://")
    (tmp_path / "stored").write_text(f"https://ada:{quote(PASSWORD, safe='')}@{host}\n")

    assert (clone({"repo": f"{server.url}/src.git"}, tmp_path / "clone") / "one.py").is_file()


def test_what_git_says_is_cleaned():
    """However a secret is spelled."""
    login = Credentials("ada", PASSWORD)
    text = f"{PASSWORD} s3cret%2F%25%3A%40%20word YWRhOnMzY3JldC8lOkAgd29yZA== https://a:b@host/x"

    assert "*** *** *** https://***@host/x" == cloning.cleaned(text, login)


def test_neither_git_variables_nor_hooks_of_the_caller_matter(repo, tmp_path, monkeypatch):
    """A training may be started by a hook of another repository."""
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks/post-checkout").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (tmp_path / "hooks/post-checkout").chmod(0o700)
    (tmp_path / "gitconfig").write_text(f"[core]\nhooksPath = {tmp_path}/hooks\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_DIR", "/no/such/place")
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))

    assert (clone({"repo": repo}, tmp_path / "clone") / "one.py").is_file()
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "trace").exists()


def test_ssh_asks_nobody(tmp_path, monkeypatch):
    """A key that is not there is an error, not a prompt."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "ssh").write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/asked\necho "Permission denied." >&2\nexit 255\n'
    )
    (tmp_path / "ssh").chmod(0o700)

    with pytest.raises(SourceError, match="or an SSH key to ssh-agent"):
        clone({"repo": "git@example.com:x.git"}, tmp_path / "clone")

    assert (tmp_path / "asked").read_text().startswith("-oBatchMode=yes")


@pytest.mark.parametrize("where", ["GIT_SSH_COMMAND", "GIT_SSH", "core.sshCommand"])
def test_the_users_own_ssh_command_stays(tmp_path, monkeypatch, where):
    """Ours goes before none that the environment or git's configuration has."""
    own = tmp_path / "own"
    own.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\nexit 255\n')
    own.chmod(0o700)
    (tmp_path / "gitconfig").write_text("")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    if where.startswith("GIT"):
        monkeypatch.setenv(where, str(own))
    else:
        (tmp_path / "gitconfig").write_text(f"[core]\nsshCommand = {own}\n")

    with pytest.raises(SourceError):
        clone({"repo": "git@example.com:x.git"}, tmp_path / "clone")

    assert "git@example.com" in (tmp_path / "asked").read_text()

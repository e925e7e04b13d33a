"""The source from a git repository: what is taken, what is refused, and what comes out."""

from __future__ import annotations

import gc
import tempfile
from typing import TYPE_CHECKING

import pytest
from git_server import make_repository
from hypothesis import given
from hypothesis import strategies as st

from rlcore import repositories, source
from rlcore.cloning import Credentials
from rlcore.errors import InvalidArgument, SourceError
from rlcore.repositories import parse

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "s3cret/%:@ word"  # noqa: S105 - of nobody
LOGIN = {"username": "ada", "password": PASSWORD}


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the bare repository `src.git`."""
    return make_repository(tmp_path_factory.mktemp("origin")).parent


@pytest.fixture
def repo(origin: Path) -> str:
    """Return the address of the repository on this machine."""
    return (origin / "src.git").as_uri()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder of its own the one for temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize(
    ("login", "told"),
    [
        ({"token": PASSWORD, "username": "ada"}, "ada"),
        ({"token": PASSWORD}, "x-access-token"),
        ({"token": PASSWORD, "2FA_enabled": True}, "x-access-token"),
    ],
)
def test_a_token_is_a_password_without_a_name(login, told):
    """Servers that ask for a name get the one that is given."""
    assert Credentials(told, PASSWORD) == parse({"repo": "https://host/x", **login}).credentials


@pytest.mark.parametrize(
    "repo",
    [
        *("https://github.com/me/x.git", "https://git.example.com:8443/a/b", "https://[::1]/x"),
        *("git@github.com:me/x.git", "ssh://git@example.com:22/x", "ssh://example.com/~me/x"),
        *("file:///srv/git/x", "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/x"),
    ],
)
def test_addresses_of_repositories_are_taken(repo):
    """As they stand."""
    assert repo == parse({"repo": repo}).url


@pytest.mark.parametrize(
    "repo",
    [
        *("http://github.com/x", "git://github.com/x", "ext::sh -c id", "--upload-pack=id", "/x"),
        *("codecommit::us-east-1://x", "file://host/x", "https://-x/y", "ssh://-oProxyCommand=x/y"),
        *(
            "git@-x:y",
            "git@host:-x",
            "x",
            "https://",
            "https://host",
            "https://host/x y",
            "-x@host:y",
        ),
        *(
            "https://token@github.com/x",
            "https://ada:pa/ss@github.com/x",
            "https://host/x?key=token",
        ),
        *("ssh://git:pass@host/x", "ada:pass@host:x", "https://host:pass/x"),
    ],
)
def test_other_addresses_are_refused(repo):
    """The original's words, what is allowed, and no password."""
    with pytest.raises(InvalidArgument, match=r"Invalid Git url provided.*Allowed are") as caught:
        parse({"repo": repo})

    assert not any(part in str(caught.value) for part in ("token@", "pa/", "pass@", "key="))


@pytest.mark.parametrize("repo", ["https://token@github.com/x", "https://host/x?key=token"])
def test_an_address_with_a_password_tells_where_it_belongs(repo):
    """Instead of into the address, which is shown and stored."""
    with pytest.raises(InvalidArgument, match="belong into username and password, or token"):
        parse({"repo": repo})


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("https://host/x", "git_config must be a dictionary; a str was given"),
        ({"branch": "x"}, "Please provide a repo for git_config."),
        ({"repo": 1}, "'repo' must be a string."),
        ({"repo": "https://h/x", "token": None}, "'token' must be a string."),
        ({"repo": "https://h/x", "token": ""}, "'token' in git_config is empty"),
        (
            {"repo": "https://h/x", "token": "a\nhost=evil"},
            "'token' in git_config is empty or has a line",
        ),
        (
            {"repo": "https://h/x", "2FA_enabled": "no"},
            "Please enter a bool type for '2FA_enabled'",
        ),
        ({"repo": "https://h/x", "brunch": "x"}, r"no key 'brunch'.*Did you mean 'branch'\?"),
        ({"repo": "https://h/x", "branch": "-x"}, "'branch' must be the name"),
        ({"repo": "https://h/x", "branch": "+x"}, "'branch' must be the name"),
        ({"repo": "https://h/x", "branch": "a:b"}, "'branch' must be the name"),
        ({"repo": "https://h/x", "commit": "HEAD"}, "'commit' must be a hash"),
        ({"repo": "https://h/x", "commit": "--help"}, "'commit' must be a hash"),
    ],
)
def test_other_values_are_refused(config, words):
    """Before git sees any."""
    with pytest.raises(InvalidArgument, match=words):
        parse(config)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"repo": "git@h:x", "token": "t"}, "Only an https:// address takes credentials"),
        ({"repo": "https://h/x", "username": "a"}, "A username goes with a password"),
        ({"repo": "https://h/x", "2FA_enabled": True, **LOGIN}, "With 2FA_enabled only a token"),
        ({"repo": "https://h/x", "token": "t", **LOGIN}, "Using token for authentication"),
    ],
)
def test_credentials_that_do_not_count_are_told(config, words):
    """As the original did, and training goes on."""
    with pytest.warns(UserWarning, match=words):
        found = parse(config).credentials

    assert ("token" in config and "https" in config["repo"]) == (found is not None)


@given(value=st.text(max_size=30), key=st.sampled_from(["repo", "branch", "commit", "username"]))
def test_no_value_becomes_an_option(value: str, key: str):
    """Whatever is written is taken for what it is, or refused."""
    try:
        found = parse({"repo": "https://h/x", "token": "t", key: value})
    except InvalidArgument:
        return
    for text in (found.url, found.branch or "x", found.commit or "x"):
        assert not text.startswith("-")
        assert text.isprintable()


def test_a_bundle_of_a_repository_is_that_of_its_folder(repo, origin):
    """The same files make the same digest, and go to the same places."""
    found = repositories.bundle({"repo": repo}, "train.py", "src", ["common", "one.py"])
    work = origin / "work"
    same = source.bundle("train.py", work / "src", [work / "common", work / "one.py"])

    assert (same.digest, same.entry_point) == (found.digest, found.entry_point)
    assert ["one.py"] == [
        member.name for member in repositories.bundle({"repo": repo}, "one.py").members
    ]


def test_the_clone_is_there_as_long_as_the_bundle(repo, temporary, tmp_path):
    """Written at any time, and nothing left behind."""
    found = repositories.bundle({"repo": repo}, "train.py", "src")
    found.write(tmp_path / "source.tar.gz")
    assert [] != list(temporary.iterdir())

    del found
    gc.collect()

    assert [] == list(temporary.iterdir())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("train.py", "scr"),
            r"Source directory does not exist in the repo: file://.*/src.git/scr. Did .* 'src'\?",
        ),
        (
            ("trian.py", "src"),
            r"Entry point does not exist in the repo: .*Did you mean 'train.py'\?",
        ),
        (("one.py", None, ["comon"]), r"Dependency comon does not exist in the repo: .*'common'"),
        (("/etc/passwd",), "Entry point must be relative to file://.*src.git and inside it"),
        (("one.py", None, ["../x"]), "Dependency ../x must be relative"),
        (("passwd", "outside"), "Source directory leads out of the repo: .* link to /etc"),
        (("one.py", None, ["outside"]), "Dependency outside leads out of the repo"),
        (("train.py", "."), "train.py"),
        (("one.py", "."), "outside is a link to /etc, outside file://.*src.git"),
    ],
)
def test_what_is_not_in_the_repository_is_refused(repo, temporary, arguments, words):
    """The message names the repository, not the clone, which is gone."""
    with pytest.raises(SourceError, match=words) as caught:
        repositories.bundle({"repo": repo}, *arguments)

    assert "rlcore-git-" not in str(caught.value)
    assert [] == list(temporary.iterdir())

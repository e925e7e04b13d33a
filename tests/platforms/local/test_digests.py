"""What names an environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlcore.platforms.local.digests import environment_digest, layer_digest, refers_to_files
from rlcore.spec import Environment


def digest(python: str = ">=3.10", *requirements: str) -> str:
    """Return the digest of an environment."""
    return environment_digest(Environment(python=python, requirements=requirements))


def test_order_of_requirements_does_not_count() -> None:
    """A lock is a set."""
    assert digest(">=3.10", "a==1", "b==2") == digest(">=3.10", "b==2", "a==1")


def test_python_and_requirements_count() -> None:
    """Whatever decides what is inside decides the name."""
    digests = [digest(), digest(">=3.11"), digest(">=3.10", "a==1"), digest(">=3.10", "a==2")]
    assert len(digests) == len(set(digests))


@pytest.mark.parametrize(
    "line",
    [
        "-e .",
        "--editable=./package",
        "-r more.txt",
        "--requirement more.txt",
        "-c constraints.txt",
        "./package",
        "../package",
        "/srv/wheels/one-1.0-py3-none-any.whl",
        "wheels/one-1.0-py3-none-any.whl",
        "one-1.0-py3-none-any.whl",
        "one-1.0.tar.gz",
        "one @ file:///srv/one",
        ".",
        "six\n-r more.txt",
    ],
)
def test_files_are_noticed(line: str) -> None:
    """A requirement that means something else in another folder."""
    assert refers_to_files(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "# see ./README",
        "six",
        "six==1.17.0  # not ./six",
        "ray[rllib]>=2.0; python_version < '3.12'",
        "one @ https://example.org/one-1.0.tar.gz",
        "https://example.org/one-1.0-py3-none-any.whl",
        "git+https://example.org/one.git@main",
        "--index-url https://example.org/simple",
        "--extra-index-url https://example.org/simple",
        "six==1.17.0 --hash=sha256:00",
        "--pre",
    ],
)
def test_other_requirements_are_not_files(line: str) -> None:
    """A requirement that means the same everywhere."""
    assert not refers_to_files(line)


def test_folder_counts_where_files_are_named() -> None:
    """Otherwise the content alone decides."""
    folders = (Path("/one/requirements.txt"), Path("/two/requirements.txt"))
    assert 1 == len({layer_digest("base", path, "six") for path in folders})
    assert 2 == len({layer_digest("base", path, "-e .") for path in folders})
    assert layer_digest("base", folders[0], "six") != layer_digest("other", folders[0], "six")

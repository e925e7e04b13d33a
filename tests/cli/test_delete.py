"""Tests of `rlcore delete`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toy_toolkit import DEPLOYED

if TYPE_CHECKING:
    import pytest
    from conftest import Run


def test_several_at_once(toy: Run) -> None:
    """A name that is not there does not keep the others, and makes the exit code 2."""
    for name in ("first", "second"):
        toy("deploy", *DEPLOYED, "--name", name, "--detach")

    done = toy("delete", "first", "secnd", "second")

    assert "first: deleted\nsecond: deleted\n" == done.stdout
    assert "Did you mean 'second'?" in done.stderr
    assert 2 == done.returncode
    assert not {"first", "second"} & set(toy("endpoints").stdout.split())


def test_all(rlcore: Run) -> None:
    """Every endpoint there is, be it none."""
    assert 0 == rlcore("delete", "--all").returncode


def test_all_of_an_account(rlcore: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """There may be endpoints of others: they are named one by one."""
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    done = rlcore("delete", "--all", "--platform", "sagemaker")

    assert 2 == done.returncode
    assert "--all is for this machine" in done.stderr


def test_none_and_all(rlcore: Run) -> None:
    """Either names or all."""
    for arguments in ((), ("a", "--all")):
        done = rlcore("delete", *arguments)
        assert 2 == done.returncode
        assert "Give the NAME of an endpoint, or --all" in done.stderr

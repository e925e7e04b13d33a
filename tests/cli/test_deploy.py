"""Tests of `rlcore deploy`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from toy_toolkit import DEPLOYED

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run


def test_a_model_from_elsewhere(toy: Run) -> None:
    """The name on standard output; the stages, and what to do next, beside it."""
    done = toy("deploy", *DEPLOYED, "--name", "elsewhere", "-e", "A=1")

    assert ("elsewhere\n", 0) == (done.stdout, done.returncode)
    assert "elsewhere: in service at http://127.0.0.1:" in done.stderr
    assert "rlcore delete elsewhere" in done.stderr


def test_a_job(toy: Run) -> None:
    """A job says itself what trained it; `--last` is the newest."""
    trained = toy("train", "train.py", "--toolkit", "toy", "--toolkit-version", "1.0", "--quiet")
    assert 0 == trained.returncode, trained.stderr

    code = ("--entry-point", "serve.py", "--source-dir", ".")
    deployed = toy("deploy", "--last", *code, "--name", "of-job", "--json")

    record = json.loads(deployed.stdout)
    assert ("of-job", "InService", "toy 1.0") == (
        record["name"],
        record["state"],
        record["release"],
    )
    assert "[3.0]\n" == toy("predict", "of-job", "--act", "[1]").stdout


def test_detached(toy: Run) -> None:
    """The command returns before the endpoint is in service."""
    done = toy("deploy", *DEPLOYED, "--name", "detached", "--detach")

    assert ("detached\n", 0) == (done.stdout, done.returncode)
    assert "in service" not in done.stderr


def test_code_that_fails(toy: Run, toy_project: Path) -> None:
    """The exit code is 1, with the code's own error; the endpoint stays in the list."""
    (toy_project / "bad.py").write_text("def model_fn(folder): raise ValueError('bad weights')")

    done = toy(
        *("deploy", "model.tar.gz", "--toolkit", "toy", "--toolkit-version", "1.0"),
        *("--entry-point", "bad.py", "--name", "bad"),
    )

    assert 1 == done.returncode
    assert "ValueError: bad weights" in done.stderr
    assert "bad\tFailed" in toy("endpoints").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Give the NAME of a job or the path of an archive"),
        (("model.tar.gz", "--last"), "or --last for the newest job"),
        (("modle.tar.gz",), "Did you mean 'model.tar.gz'?"),
        (("model.tar.gz",), "Give --toolkit, --toolkit-version and --framework"),
        ((*DEPLOYED, "--port", "80000"), "--port must be a number from 0 to 65535"),
        ((*DEPLOYED, "--instance-type", "lokal"), "Did you mean 'local'?"),
        ((*DEPLOYED, "--name", "my_name"), "is not the name of an endpoint"),
        ((*DEPLOYED, "--dependency", "nowhere"), "'nowhere' does not exist"),
        (("some-job",), "No job named 'some-job'"),
        (("some-job", "--toolkit", "toy"), "--toolkit is for archives"),
        (("model.tar.gz", "--source-dir", "."), "Please provide an `--entry-point`"),
    ],
)
def test_what_is_given_wrong(toy: Run, arguments: tuple[str, ...], words: str) -> None:
    """Exit code 2, and one line that says what would be right."""
    done = toy("deploy", *arguments)

    assert 2 == done.returncode
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("served")
def test_a_name_that_is_taken(toy: Run) -> None:
    """The endpoint of that name stays as it is."""
    done = toy("deploy", *DEPLOYED, "--name", "served")

    assert 2 == done.returncode
    assert "There is an endpoint named 'served' already" in done.stderr


@pytest.mark.usefixtures("with_finished_job")
def test_a_toolkit_that_nothing_serves(rlcore: Run) -> None:
    """The plugin's own reason is told."""
    done = rlcore("deploy", "finished")

    assert 2 == done.returncode
    assert "cannot be deployed: its plugin names no way to serve it. Vowpal" in done.stderr

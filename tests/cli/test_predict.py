"""Tests of `rlcore predict`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: F401 - one test is about it
import pytest
from memory_hosting import MemoryHosting, as_json

from rlcore.cli.predict import predict
from rlcore.endpoints import Deployment, ModelRequest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run


def test_data_on_the_command_line(toy: Run, served: str) -> None:
    """DATA is sent as it is, and the answer is a line."""
    done = toy("predict", served, "[1]")

    assert '{"got": [1], "content_type": "application/json"}\n' == done.stdout


def test_data_of_a_file(toy: Run, served: str, toy_project: Path) -> None:
    """The suffix says what a file holds, unless an option does."""
    (toy_project / "row.csv").write_text("1")

    for options, expected in (((), "text/csv"), (("--content-type", "a/b"), "a/b")):
        done = toy("predict", served, "-f", "row.csv", *options)
        assert expected == json.loads(done.stdout)["content_type"]


def test_data_from_a_pipe(toy: Run, served: str) -> None:
    """What is piped in is sent, with `-f -` or without."""
    for options in ((), ("-f", "-")):
        done = toy("predict", served, *options, input="[2]")
        assert [2] == json.loads(done.stdout)["got"]


def test_an_action(toy: Run, served: str) -> None:
    """An observation in, the action out."""
    done = toy("predict", served, "--act", "[1, 0.5]", "--sample", "--seed", "1")

    assert "[2.0,1.0]\n" == done.stdout


def test_an_action_where_numpy_is_imported(capsys: pytest.CaptureFixture[str]) -> None:
    """A plugin may do so, and arrays are printed as lists."""
    assert "numpy" in sys.modules
    hosting = MemoryHosting(lambda _: as_json({"actions": [1, 0]}))
    model = ModelRequest(release=None, model_data="file:///model.tar.gz")
    hosting.deploy(Deployment(name="e", model=model), None)
    without_platform: Any = predict.callback

    without_platform.__wrapped__(
        hosting=hosting, name="e", data="[[1], [2]]", file=None, content_type=None, accept="",
        act=True, **dict.fromkeys(("mask", "policy", "agent", "sample", "seed")),
    )  # fmt: skip

    assert "[1,0]\n" == capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("served", "{"), 1, "answered 500: JSONDecodeError"),
        (("served", "--act", "{"), 2, "DATA is not JSON"),
        (("served", "[1]", "--act", "--mask", "x"), 2, "--mask is not JSON"),
        (("served", "[1]", "--seed", "1"), 2, "go with --act"),
        (("served", "[1]", "-f", "row.csv"), 2, "not both"),
        (("served", "-f", "nowhere"), 2, "nowhere"),
        (("servd", "[1]"), 2, "Did you mean 'served'?"),
    ],
)
@pytest.mark.usefixtures("served")
def test_what_fails(toy: Run, arguments: tuple[str, ...], code: int, words: str) -> None:
    """1 for what the endpoint answers, 2 for what was given wrong; one line that says which."""
    done = toy("predict", *arguments)

    assert code == done.returncode
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("served")
def test_an_action_that_is_none(toy: Run) -> None:
    """A model that only predicts says so."""
    done = toy("predict", "served", "--act", '{"a": 1}')

    assert 1 == done.returncode
    assert "has `predict` only" in done.stderr

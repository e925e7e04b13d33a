"""Tests of the options that are made from the table of arguments."""

from __future__ import annotations

from typing import Any

import click
import pytest
from click.testing import CliRunner

from rlcore.arguments import ARGUMENTS
from rlcore.cli.options import NOT_OPTIONS, channel, estimator_options, hyperparameter

NAMES = [
    name
    for argument in ARGUMENTS
    for name in (argument.name, argument.old_name)
    if name and name not in NOT_OPTIONS
]


def parsed(*words: str) -> dict[str, Any]:
    """Return what the options make of a command line, without what is not given."""
    found: dict[str, Any] = {}

    @click.command
    @estimator_options
    def command(**options: Any) -> None:
        found.update({name: value for name, value in options.items() if value not in (None, ())})

    result = CliRunner().invoke(command, words)
    assert 0 == result.exit_code, result.output
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_argument_is_an_option_in_both_vocabularies(name: str) -> None:
    """Whatever the estimator takes, the command line takes under the same name."""

    @click.command
    @estimator_options
    def command(**_: Any) -> None:
        pass

    options = {option for parameter in command.params for option in parameter.opts}
    assert f"--{name.replace('_', '-')}" in options


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], {}),
        (["--train-instance-count", "2"], {"train_instance_count": 2}),
        (["--use-spot-instances"], {"use_spot_instances": True}),
        (["--no-use-spot-instances"], {"use_spot_instances": False}),
        (["-H", "lr=3e-4", "-H", "n=1"], {"hyperparameters": (("lr", 3e-4), ("n", 1))}),
        (["-e", "A=1", "--env", "B==c"], {"environment": (("A", "1"), ("B", "=c"))}),
        (["--tag", "team=rl"], {"tags": (("team", "rl"),)}),
        (["--dependency", "a", "--dependency", "b"], {"dependencies": ("a", "b")}),
        (
            ["--metric-definitions", "[{Name: r, Regex: 'r=(.*)'}]"],
            {"metric_definitions": [{"Name": "r", "Regex": "r=(.*)"}]},
        ),
    ],
)
def test_values(words: list[str], expected: dict[str, Any]) -> None:
    """Values have the types that the estimator wants."""
    assert expected == parsed(*words)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x=3e-4", 3e-4),
        ("x=[64, tanh, 1e-3]", [64, "tanh", 1e-3]),
        ('x={"a": true}', {"a": True}),
        ("x='1'", "1"),
        ("x=a: b", "a: b"),
        ("x=%d # not a comment", "%d # not a comment"),
        ("x=", ""),
        ("x=y=z", "y=z"),
    ],
)
def test_hyperparameters_are_typed(text: str, value: Any) -> None:
    """A value is a scalar, unless it begins like a list, a mapping or a quoted string."""
    assert ("x", value) == hyperparameter(text)


@pytest.mark.parametrize("text", ["x", "=1", "x=[1,", ""])
def test_bad_hyperparameters(text: str) -> None:
    """What is no NAME=VALUE, or begins like a list and is none, is refused."""
    with pytest.raises(click.BadParameter):
        hyperparameter(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data=s3://bucket/a=b", ("data", "s3://bucket/a=b")),
        ("s3://bucket/key", ("training", "s3://bucket/key")),
        ("./episodes", ("training", "./episodes")),
        ("s3://bucket/a=b", ("training", "s3://bucket/a=b")),
    ],
)
def test_channels(text: str, expected: tuple[str, str]) -> None:
    """An equals sign within an address makes no channel name."""
    assert expected == channel(text)

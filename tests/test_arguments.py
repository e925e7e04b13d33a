"""The table of arguments."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from rlcore import arguments
from rlcore.errors import (
    ConflictingArguments,
    InvalidArgument,
    PlatformError,
    UnknownArgument,
)
from rlcore.estimator import RLEstimator


def test_every_name_stands_once() -> None:
    """No name of either generation means two things."""
    names = [argument.name for argument in arguments.ARGUMENTS]
    names += [argument.old_name for argument in arguments.ARGUMENTS if argument.old_name]

    assert sorted(set(names)) == sorted(names)


def test_the_signature_is_the_estimators() -> None:
    """The part of the table that the signature spells out is what it spells out."""
    spelt = list(inspect.signature(RLEstimator).parameters)
    table = [argument.name for argument in arguments.SIGNATURE]

    assert table == [name for name in spelt if name in table]
    assert {"image_name", "registry", "kwargs"} == set(spelt) - set(table)


@pytest.mark.parametrize(
    ("given", "folded"),
    [
        ({"train_instance_type": "local"}, {"instance_type": "local"}),
        ({"instance_type": "local"}, {"instance_type": "local"}),
        ({"train_max_run": 5, "role": "r"}, {"max_run": 5, "role": "r"}),
        ({"image_name": "x"}, {"image_uri": "x"}),
    ],
)
def test_both_vocabularies_mean_the_same(given: dict[str, Any], folded: dict[str, Any]) -> None:
    """Old names fold into new ones, new ones stay."""
    assert folded == arguments.fold(given)


def test_one_thing_in_two_vocabularies_is_an_error() -> None:
    """Nobody has to know which of two values won."""
    with pytest.raises(ConflictingArguments, match="'train_max_run' and 'max_run'"):
        arguments.fold({"max_run": 1, "train_max_run": 1})


def test_an_unknown_keyword_is_answered_with_the_nearest() -> None:
    """The second generation absorbed misspelt keywords silently."""
    with pytest.raises(UnknownArgument, match="'instnce_type'.*Did you mean 'instance_type'"):
        arguments.fold({"instnce_type": "local"})


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        ({"max_run": 0}, InvalidArgument, "max_run.*at least 1; 0"),
        ({"instance_count": True}, InvalidArgument, "instance_count.*True"),
        ({"volume_size": "30"}, InvalidArgument, "volume_size.*'30'"),
        (
            {"instance_type": "local_gpu", "instance_count": 2},
            PlatformError,
            "Distributed Training in Local GPU is not supported",
        ),
        ({"tags": ["x"]}, InvalidArgument, "tags must be"),
        ({"tags": {"a": 1}}, InvalidArgument, "all of them strings; {'a': 1}"),
        ({"tags": [{"Key": [], "Value": "x"}]}, InvalidArgument, "tags must be"),
        ({"max_run": None}, InvalidArgument, "max_run.*None"),
        ({"dependencies": "lib"}, InvalidArgument, "dependencies must be a list; 'lib'"),
        ({"environment": {"A": 1}}, InvalidArgument, "environment.*'A' is of type int"),
        ({"environment": ["A=1"]}, InvalidArgument, "environment.*of type list"),
        ({"use_spot_instances": "no"}, InvalidArgument, "True or False; 'no'"),
        ({"instance_type": 5}, InvalidArgument, "instance_type must be a string; 5"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused(
    value: dict[str, Any], error: type[Exception], words: str
) -> None:
    """The check needs neither a file nor a service."""
    with pytest.raises(error, match=words):
        arguments.check(arguments.complete(value))


@pytest.mark.parametrize(
    "given", [{"a": "1", "b": "2"}, [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]]
)
def test_tags_in_either_form_mean_the_same(given: Any) -> None:
    """The service's list and a mapping are the same tags."""
    assert {"a": "1", "b": "2"} == arguments.tags(given)


def test_values_of_an_environment_are_not_shown() -> None:
    """They may be secrets, and errors end up in logs."""
    with pytest.raises(InvalidArgument) as error:
        arguments.complete({"environment": {"TOKEN": b"secret"}})

    assert "secret" not in str(error.value)


def test_a_tag_twice_is_an_error() -> None:
    """A mapping would silently keep the last."""
    with pytest.raises(ConflictingArguments, match="twice"):
        arguments.tags([{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}])

"""Metric definitions as users write them."""

from __future__ import annotations

import re

import pytest

from rlcore.definitions import check_definitions, parse_definitions
from rlcore.errors import InvalidArgument
from rlcore.spec import MetricDefinition


def test_definitions_of_the_service() -> None:
    """Both forms of a definition are taken."""
    record = MetricDefinition(name="b", regex="b=(.)")
    parsed = parse_definitions([{"Name": "a", "Regex": "a=(.)"}, record])
    assert (MetricDefinition(name="a", regex="a=(.)"), record) == parsed


@pytest.mark.parametrize(
    "given",
    [{"name": "a", "regex": "(.)"}, {"Name": "a"}, {"Name": "a", "Regex": 5}, "a=(.)", 7],
)
def test_no_definition(given: object) -> None:
    """Anything else is refused with what was given and what is wanted."""
    with pytest.raises(InvalidArgument, match=r"is not a metric definition.*'Name' and") as caught:
        parse_definitions([given])  # type: ignore[list-item]
    assert repr(given) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "regex", "problem"),
    [
        ("a", "(.", "'a' has the invalid regex"),
        ("a", "a=.", "'a' has the regex 'a=.' without a group"),
        ("a" * 256, "(.)", "has a name of 256 characters"),
        ("", "(.)", "has a name of 0 characters"),
        ("a", "(" + "." * 499 + ")", "'a' has a regex of 501 characters"),
        ("a", "", "'a' has a regex of 0 characters"),
    ],
)
def test_refused_definitions(name: str, regex: str, problem: str) -> None:
    """What the service or `re` would refuse is named before anything starts."""
    with pytest.raises(InvalidArgument, match=re.escape(problem)):
        check_definitions([MetricDefinition(name=name, regex=regex)])


def test_limits_are_allowed() -> None:
    """Forty definitions, 255 and 500 characters are allowed; one more definition is not."""
    longest = MetricDefinition(name="a" * 255, regex="(" + "." * 498 + ")")
    check_definitions([longest] * 40)
    with pytest.raises(InvalidArgument, match="41 metric definitions; at most 40"):
        check_definitions([longest] * 41)

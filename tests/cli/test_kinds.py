"""Tests of the kinds of arguments."""

from __future__ import annotations

import pytest

from rlcore.arguments import BY_NAME
from rlcore.cli.kinds import KINDS, Kind, kind


def test_kinds_are_of_arguments() -> None:
    """No kind is told of an argument that does not exist."""
    assert set() == set(KINDS) - set(BY_NAME)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("toolkit_version", Kind.TEXT),
        ("max_run", Kind.INTEGER),
        ("max_wait", Kind.INTEGER),
        ("use_spot_instances", Kind.FLAG),
        ("disable_profiler", Kind.FLAG),
        ("dependencies", Kind.LIST),
        ("hyperparameters", Kind.MAPPING),
        ("metric_definitions", Kind.STRUCTURED),
    ],
)
def test_table(name: str, expected: Kind) -> None:
    """Defaults tell the kind of some, the table that of the others."""
    assert expected is kind(BY_NAME[name])

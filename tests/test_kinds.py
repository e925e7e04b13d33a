"""Kinds of values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rlcore import kinds
from rlcore.kinds import Kind


class Whole:
    """A number that is none of Python's own, like NumPy's."""

    def __index__(self) -> int:
        return 3


@pytest.mark.parametrize(
    ("kind", "value", "parsed"),
    [
        (Kind.TEXT, "a", "a"),
        (Kind.TEXT, Path("a/b"), "a/b"),
        (Kind.INTEGER, 3, 3),
        (Kind.INTEGER, Whole(), 3),
        (Kind.FLAG, False, False),
        (Kind.LIST, ["a"], ("a",)),
        (Kind.MAPPING, {"a": "b"}, {"a": "b"}),
        (Kind.STRUCTURED, {"a": [1]}, {"a": [1]}),
    ],
)
def test_a_value_of_its_kind_is_kept(kind: Kind, value: Any, parsed: Any) -> None:
    """Paths become text, other libraries' whole numbers Python's."""
    found = kinds.parse(kind, value)

    assert parsed == found
    assert type(parsed) is type(found)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.TEXT, 3),
        (Kind.TEXT, b"a"),
        (Kind.INTEGER, 3.0),
        (Kind.INTEGER, "3"),
        (Kind.INTEGER, True),
        (Kind.FLAG, "false"),
        (Kind.FLAG, 0),
        (Kind.LIST, "abc"),
        (Kind.LIST, {"a": "b"}),
        (Kind.LIST, 3),
        (Kind.MAPPING, [("a", "b")]),
        (Kind.MAPPING, {"a": 1}),
        (Kind.MAPPING, {1: "a"}),
    ],
)
def test_a_value_of_another_kind_is_refused(kind: Kind, value: Any) -> None:
    """Nothing is guessed: "false" would be true, and a string a list of letters."""
    with pytest.raises(TypeError):
        kinds.parse(kind, value)


def test_every_kind_that_refuses_has_words() -> None:
    """What is refused can be named."""
    assert set(Kind) - {Kind.STRUCTURED} == set(kinds.WORDS)

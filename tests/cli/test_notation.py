"""Tests of YAML as job files use it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlcore.cli.notation import parse_yaml
from rlcore.cli.scalars import scalar
from rlcore.errors import InvalidArgument


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("lr: 3e-4", {"lr": 3e-4}),
        ("on: no", {"on": "no"}),
        ("layers: [64, 010]", {"layers": [64, 10]}),
        ("'1'", "1"),
        ("a:", {"a": None}),
        ("day: 2026-11-22", {"day": "2026-11-22"}),
        ("a: &a {x: 1}\nb: {<<: *a, y: 2}", {"a": {"x": 1}, "b": {"x": 1, "y": 2}}),
        ('{"a": [1, null, true]}', {"a": [1, None, True]}),
    ],
)
def test_table(text: str, value: Any) -> None:
    """Scalars follow the core schema of YAML 1.2, and JSON is YAML."""
    assert value == parse_yaml(text, "here")


@given(st.from_regex(r"[+.0-9a-z~][-+.0-9a-zA-Z]{0,8}", fullmatch=True))
def test_words_mean_what_they_mean_on_the_command_line(text: str) -> None:
    """A word in a job file has the type that it has after `-H name=`."""
    assert [scalar(text)] == parse_yaml(f"[{text}]", "here")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\na: 2", "the key 'a' is there twice"),
        ("[1, 2", "is not valid YAML"),
        ("!!python/object/apply:os.getcwd []", "could not determine a constructor"),
    ],
)
def test_refusals(text: str, problem: str) -> None:
    """What is wrong is told on one line, with the name of the text; nothing is executed."""
    with pytest.raises(InvalidArgument, match="^here is not valid YAML") as raised:
        parse_yaml(text, "here")

    assert problem in str(raised.value)
    assert "\n" not in str(raised.value)

"""Tests of the types of values written without quotes."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlcore.cli.scalars import scalar


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3e-4", 3e-4),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-1.", -1.0),
        ("010", 10),
        ("+7", 7),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", ""),
        ("no", "no"),
        ("tRue", "tRue"),
        ("1_000", "1_000"),
        ("2.60.0", "2.60.0"),
        ("2026-11-22", "2026-11-22"),
        ("nan", "nan"),
        ("1 ", "1 "),
        ("1\n", "1\n"),
    ],
)
def test_table(text: str, value: Any) -> None:
    """Numbers, booleans and null are what they look like; the rest is text."""
    assert (value, type(value)) == (scalar(text), type(scalar(text)))


@given(st.one_of(st.integers(-(10**30), 10**30), st.booleans(), st.none(), st.floats()))
def test_reads_what_json_writes(value: float | bool | None) -> None:
    """A value written as JSON comes back; JSON has no infinities."""
    if not isinstance(value, float) or math.isfinite(value):
        assert value == scalar(json.dumps(value))

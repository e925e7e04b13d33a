"""Hyperparameters: JSON within the service's limits."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlcore.errors import InvalidArgument
from rlcore.hyperparameters import encode

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [(1, "1"), (0.5, "0.5"), ("x", '"x"'), (True, "true"), (None, "null"), ([1, "a"], '[1, "a"]')],
)
def test_values_are_encoded_as_the_original_did(value: Any, text: str) -> None:
    """Every value is JSON, strings included."""
    assert {"key": text} == encode({"key": value})


@given(st.dictionaries(st.text(min_size=1, max_size=20), JSON, max_size=5))
def test_what_is_encoded_reads_back(values: dict[str, Any]) -> None:
    """Nothing is lost on the way to the script."""
    assert values == {name: json.loads(text) for name, text in encode(values).items()}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({str(number): 1 for number in range(101)}, "101 hyperparameters.*100 are allowed"),
        ({"k" * 257: 1}, "257 characters"),
        ({"": 1}, "0 characters"),
        ({"k": "v" * 2499}, "2501 characters as JSON; 2500"),
        ({"k": object()}, "'k' is a object, which JSON cannot hold"),
        ({"k": float("nan")}, "'k' is a float, which JSON cannot hold.*'nan' as strings"),
        ({"k": [float("inf")]}, "'k' is a list, which JSON cannot hold"),
        ({1: "a", "1": "b"}, "must be a string; 1 was given"),
    ],
)
def test_what_the_service_would_refuse_is_refused_here(values: dict[str, Any], words: str) -> None:
    """The message names the hyperparameter and the limit."""
    with pytest.raises(InvalidArgument, match=words):
        encode(values)


def test_the_limits_themselves_are_allowed() -> None:
    """The check is not off by one."""
    values = {f"{number:0256d}": "v" * 2498 for number in range(100)}

    assert 100 == len(encode(values))

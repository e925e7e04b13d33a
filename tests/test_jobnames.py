"""Job names: unique by time, valid by construction."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlcore import jobnames
from rlcore.errors import InvalidArgument

NOW = 1580000000.123456


@pytest.mark.parametrize(
    ("base", "name"),
    [
        ("sagemaker-rl-mxnet", "sagemaker-rl-mxnet-2020-01-26-00-53-20-123"),
        ("my_image", "my-image-2020-01-26-00-53-20-123"),
        ("x" * 80, "x" * 39 + "-2020-01-26-00-53-20-123"),
        ("--", "job-2020-01-26-00-53-20-123"),
    ],
)
def test_a_name_is_the_base_and_the_time(base: str, name: str) -> None:
    """The original's form, with the base made valid and cut to fit."""
    assert name == jobnames.unique(base, NOW)


@given(st.text(max_size=100), st.floats(min_value=0, max_value=4e9))
def test_every_name_that_is_made_is_valid(base: str, now: float) -> None:
    """Whatever the base, the name passes the check."""
    name = jobnames.unique(base, now)

    assert name == jobnames.check(name)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("sagemaker-rl-mxnet-2020-01-26-00-53-20-123", "sagemaker-rl-mxnet"),
        ("cartpole-2020-01-26-00-53-20-0", "cartpole"),
        ("cartpole-2020", "cartpole-2020"),
        ("2020-01-26-00-53-20-123", "2020-01-26-00-53-20-123"),
    ],
)
def test_the_stem_is_the_base_again(name: str, stem: str) -> None:
    """A name without a time is its own stem; the original's may lack digits at the end."""
    assert stem == jobnames.stem_of(name)


@pytest.mark.parametrize("name", ["", "-a", "a-", "a_b", "a" * 64, "a b", "a\n", "ä"])
def test_an_invalid_name_is_refused_with_the_nearest(name: str) -> None:
    """The message says what is allowed and offers a name that is."""
    with pytest.raises(InvalidArgument, match="is not a job name") as raised:
        jobnames.check(name)

    nearest = str(raised.value).rpartition("Nearest: ")[2].strip("'.")
    assert nearest == jobnames.check(nearest)

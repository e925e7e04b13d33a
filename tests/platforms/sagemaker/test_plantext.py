"""A plan as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from rlcore import RLEstimator

ARN = "arn:aws:iam::123456789012:role/Mine"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"role": ARN}, ARN),
        ({"role": "MyRole"}, "MyRole, whose ARN is {role_arn}"),  # which only AWS knows
        ({"request_overrides": {"RoleArn": ARN}}, ARN),
    ],
)
def test_the_role(estimator: Callable[..., RLEstimator], given: dict[str, Any], shown: str) -> None:
    """It is shown as it was given, and by its ARN where that is known."""
    lines = str(estimator(**given).plan()).splitlines()

    assert [f"Role             {shown}"] == [line for line in lines if line.startswith("Role")]

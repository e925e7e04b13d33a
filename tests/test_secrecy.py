"""Secrets that would be kept in clear are told before they are."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from rlcore.secrecy import warn_of_secrets
from rlcore.spec import JobRequest


def request(**fields: Any) -> JobRequest:
    """Return a job with these hyperparameters and variables."""
    return JobRequest(name="job", entry_point="train.py", **fields)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"environment": {"AWS_SECRET_ACCESS_KEY": "x"}}, "AWS_SECRET_ACCESS_KEY"),
        ({"hyperparameters": {"wandb_api_key": "x"}}, "wandb_api_key"),
        ({"hyperparameters": {"password": "x"}}, "password"),
    ],
)
def test_likely_secrets(fields: dict[str, Any], name: str) -> None:
    """The warning names them, where they would be, and what to do; not their values."""
    with pytest.warns(UserWarning, match=f"{name}. They would be kept here, in clear. Do so.$"):
        warn_of_secrets(request(**fields), "here", "Do so.")


def test_what_is_no_secret() -> None:
    """Numbers, and words that only contain one of a secret's, are no cause to warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fields = {"hyperparameters": {"token": 5, "tokenizer": "bpe", "keys": "a"}}
        warn_of_secrets(request(**fields), "here", "Do so.")

"""Hyperparameters as a training job gets them: JSON values within the service's limits.

The limits are those of CreateTrainingJob. They hold on every platform, so that a job that runs on
this machine also runs on the service.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rlcore.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 100
LONGEST_NAME = 256
LONGEST_VALUE = 2500


def encode(hyperparameters: Mapping[str, Any]) -> dict[str, str]:
    """Return each value encoded as JSON.

    Raises:
        InvalidArgument: Too many, a name or a value that is too long, or a value JSON cannot hold.
    """
    if len(hyperparameters) > MOST:
        msg = (
            f"{len(hyperparameters)} hyperparameters were given; {MOST} are"
            " allowed. Put the others into a file of source_dir."
        )
        raise InvalidArgument(msg)
    return {key: _encoded_value(key, value) for key, value in hyperparameters.items()}


def _encoded_value(key: Any, value: Any) -> str:
    if not isinstance(key, str):
        msg = f"The name of a hyperparameter must be a string; {key!r} was given."
        raise InvalidArgument(msg)
    if not 0 < len(key) <= LONGEST_NAME:
        msg = (
            f"The hyperparameter {key[:40]!r} has a name of {len(key)} characters; 1 to"
            f" {LONGEST_NAME} are allowed."
        )
        raise InvalidArgument(msg)
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        msg = (
            f"The hyperparameter {key!r} is a {type(value).__name__}, which JSON cannot hold:"
            f" {error}. Give finite numbers, strings, booleans, None, and lists or dictionaries of"
            " them; 'inf' and 'nan' as strings, NumPy's values as .item() or .tolist()."
        )
        raise InvalidArgument(msg) from error
    if len(text) > LONGEST_VALUE:
        msg = (
            f"The hyperparameter {key!r} has {len(text)} characters as JSON; {LONGEST_VALUE} are"
            " allowed. Put it into a file of source_dir."
        )
        raise InvalidArgument(msg)
    return text

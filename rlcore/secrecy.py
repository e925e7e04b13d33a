"""Likely secrets among what is kept in clear."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rlcore.warning import warn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rlcore.spec import JobRequest

_SECRET = re.compile(
    r"(password|passwd|secret|token|credentials?|(api|access|private)_?key)\Z", re.IGNORECASE
)


def masked(values: Mapping[str, str]) -> dict[str, str]:
    """Return values by name with those covered that are likely secrets."""
    return {name: "***" if _SECRET.search(name) else value for name, value in values.items()}


def warn_of_secrets(request: JobRequest, where: str, cure: str) -> None:
    """Warn of texts under names as secrets have them.

    Args:
        request: The job.
        where: Where its hyperparameters and variables are kept, in clear.
        cure: What to do instead.
    """
    given = [*request.hyperparameters.items(), *request.environment.items()]
    names = [name for name, value in given if isinstance(value, str) and _SECRET.search(name)]
    if names:
        msg = (
            f"Likely secrets among hyperparameters or environment: {', '.join(names)}. They would"
            f" be kept {where}, in clear. {cure}"
        )
        warn(msg)

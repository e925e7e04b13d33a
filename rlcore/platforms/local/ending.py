"""What the runner leaves about its script. Imported by the supervisor, so light."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class Ending(NamedTuple):
    """How the script ended, as far as the runner lived to tell.

    Attributes:
        exit_code: The script's exit code.
        root: The contract tree as the script saw it.
        asked: Whether it had been asked to end by then.
        warning: What the inspection of its model warns of.
        unchecked: Why there was no inspection, where there should have been one.
    """

    exit_code: int | None = None
    root: str = ""
    asked: bool = True
    warning: str | None = None
    unchecked: str | None = None

    @property
    def completed(self) -> bool:
        """Whether the script had done all its work before anybody wanted to stop it."""
        return self.exit_code == 0 and not self.asked


def read(root: Path) -> Ending:
    """Return what the runner of the contract tree *root* has left; on a full disk it is empty."""
    left = root / ".runner.json"
    text = left.read_text("utf-8") if left.exists() else ""
    return Ending(**json.loads(text)) if text else Ending()

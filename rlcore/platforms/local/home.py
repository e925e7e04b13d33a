"""Where the local platform keeps its jobs, artefacts and environments."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def home() -> Path:
    """Return `RLCORE_HOME`, or the user's data folder for rlcore. Nothing is created."""
    named = os.environ.get("RLCORE_HOME")
    return Path(named).expanduser().resolve() if named else platformdirs.user_data_path("rlcore")

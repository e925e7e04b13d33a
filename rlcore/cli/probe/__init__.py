"""What an installed plugin does when it is loaded, seen from outside, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from rlcore.toolkit import plugin_error

if TYPE_CHECKING:
    from rlcore.toolkit import Listing

_PATIENCE = 60.0


@attrs.frozen(kw_only=True)
class Examination:
    """What loading a plugin did.

    Attributes:
        problem: Why it cannot be used, None for a sound one.
        contract: The version of the contract that it was written for; None where it did not load.
        releases: How many releases it answered for.
        seconds: How long its own import took, core's being there already.
        processor_seconds: How much processor time that took.
        printed: What it wrote to the terminal.
        imported: Packages that it imported beside core, its own and the standard library.
        changed: The global state that it changed.
    """

    problem: str | None
    contract: int | None = None
    releases: int = 0
    seconds: float = 0.0
    processor_seconds: float = 0.0
    printed: str = ""
    imported: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    changed: tuple[str, ...] = attrs.field(default=(), converter=tuple)


def examine(
    listing: Listing, group: str, *, patience: float = _PATIENCE, **process: Any
) -> Examination:
    """Load a plugin in a fresh process and ask it everything that needs no job.

    Args:
        listing: The plugin.
        group: The group of its entry point.
        patience: How many seconds it may take.
        **process: Further arguments of `subprocess.run`: `env` and `cwd`.
    """
    question = {
        "path": sys.path,
        "group": group,
        "key": listing.key,
        "distribution": listing.distribution,
        "entry_point": listing.entry_point,
    }
    try:
        done = subprocess.run(
            [sys.executable, Path(__file__).parent],
            input=json.dumps(question),
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=patience,
            **process,
        )
    except subprocess.TimeoutExpired:
        problem = f"loading it did not end within {patience:g} seconds"
        return Examination(problem=str(plugin_error(listing, problem)))
    printed = done.stderr.strip()
    if done.stdout:
        return Examination(printed=printed, **json.loads(done.stdout))
    last = f": {printed.splitlines()[-1]}" if printed else ""
    problem = f"loading it ended the process with exit code {done.returncode}{last}"
    return Examination(problem=str(plugin_error(listing, problem)), printed=printed)

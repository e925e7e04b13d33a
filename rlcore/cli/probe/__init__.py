"""What an installed plugin does when it is loaded, seen from outside, in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rlcore.toolkit import Listing

_PATIENCE = 60.0
_LOOK = 0.5
_ENOUGH = 100_000  # Bytes that are read of what a plugin prints.


@attrs.frozen(kw_only=True)
class Examination:
    """What loading a plugin did.

    Attributes:
        problem: Why it cannot be used, None for a sound one.
        cure: What mends that, where installing it again is not what it takes.
        contract: The version of the contract that it was written for; None where it did not load.
        releases: How many releases it answered for.
        seconds: How long its own import took, core's being there already.
        processor_seconds: How much processor time that took.
        printed: What it wrote to the terminal.
        imported: Packages that it imported beside core, its own and the standard library.
        changed: The global state that it changed.
    """

    problem: str | None
    cure: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    contract: int | None = None
    releases: int = 0
    seconds: float = 0.0
    processor_seconds: float = 0.0
    printed: str = ""
    imported: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    changed: tuple[str, ...] = attrs.field(default=(), converter=tuple)


def examine(
    listing: Listing,
    group: str,
    *,
    extensions: Iterable[Listing] = (),
    patience: float = _PATIENCE,
    interrupted: threading.Event | None = None,
    **process: Any,
) -> Examination:
    """Load a plugin in a fresh process and ask it everything that needs no job.

    Args:
        listing: The plugin.
        group: The group of its entry point.
        extensions: What a toolkit is asked through, once it has answered alone.
        patience: How many seconds it may take.
        interrupted: When this is set, the process is ended at once.
        **process: Further arguments of `subprocess.Popen`: `env` and `cwd`.
    """
    question = {
        "path": sys.path,
        "group": group,
        "plugin": _named(listing),
        "extensions": [_named(each) for each in extensions],
    }
    with contextlib.ExitStack() as stack:
        # Files, no pipes: what the plugin started may keep them open, and nobody reads meanwhile.
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
        asked, answer, errors = files
        asked.write(json.dumps(question).encode())
        asked.seek(0)
        code = _run(files, patience, interrupted or threading.Event(), process)
        answered, printed = _read(answer, -1), _read(errors, _ENOUGH).strip()
    if code == 0 and answered:
        return Examination(printed=printed, **json.loads(answered))
    last = f": {printed.splitlines()[-1]}" if printed else ""
    problem = f"loading it ended the process with exit code {code}{last}"
    if code is None:
        problem = f"loading it did not end within {patience:g} seconds"
    return Examination(problem=problem, printed=printed)


def _named(listing: Listing) -> dict[str, str]:
    return {
        "key": listing.key,
        "distribution": listing.distribution,
        "entry_point": listing.entry_point,
    }


def _run(
    files: Sequence[IO[bytes]],
    patience: float,
    interrupted: threading.Event,
    process: dict[str, Any],
) -> int | None:
    """Return the exit code of the process that asks, None if it had to be ended."""
    asked, answer, errors = files
    child = subprocess.Popen(
        [sys.executable, Path(__file__).parent],
        stdin=asked,
        stdout=answer,
        stderr=errors,
        start_new_session=True,
        **process,
    )
    end = time.monotonic() + patience
    try:
        while time.monotonic() < end and not interrupted.is_set():
            with contextlib.suppress(subprocess.TimeoutExpired):
                return child.wait(min(_LOOK, max(0, end - time.monotonic())))
        return None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # What the plugin started, too.
        child.wait()


def _read(file: IO[bytes], size: int) -> str:
    file.seek(0)
    return file.read(size).decode(errors="replace")

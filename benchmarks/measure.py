"""Measure commands in fresh processes, folders on disk, and calls in this process."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


@attrs.frozen(kw_only=True)
class Cost:
    """What a command took, in seconds; *cpu* counts its own children too."""

    cpu: float
    wall: float


def cost(command: Sequence[str], environ: Mapping[str, str], repeats: int) -> Cost:
    """Return the medians of *repeats* fresh processes, after one that only warms the caches."""
    run(command, environ)
    costs = [run(command, environ) for _ in range(repeats)]
    return Cost(
        cpu=statistics.median(each.cpu for each in costs),
        wall=statistics.median(each.wall for each in costs),
    )


def run(command: Sequence[str], environ: Mapping[str, str]) -> Cost:
    """Run a command once; raises `CalledProcessError`, with its output, where it fails."""
    started = time.perf_counter()
    with subprocess.Popen(
        list(command),
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        output = process.stdout.read() if process.stdout else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args, output)
    return Cost(cpu=usage.ru_utime + usage.ru_stime, wall=wall)


def cpu_seconds(call: Callable[[], object], repeats: int) -> float:
    """Return the median CPU seconds of a call in this process, after one that warms up."""
    call()
    seconds = []
    for _ in range(repeats):
        started = time.process_time()
        call()
        seconds.append(time.process_time() - started)
    return statistics.median(seconds)


def megabytes(folder: Path) -> float:
    """Return what the files of a folder take, in MB of 10^6 bytes."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files) / 1e6

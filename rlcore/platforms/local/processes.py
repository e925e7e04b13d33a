"""Processes of a job, found by the mark in their environment. Imported by the supervisor."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

MARK = "RLCORE_JOB_ID"
_GIVE_UP = 10.0  # seconds
_INTERVAL = 0.02  # seconds


def carries(pid: int, job_id: str) -> bool:
    """Whether a process is alive and carries the job's mark."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:  # it has ended, or belongs to another user
        return False
    return f"{MARK}={job_id}".encode() in environment.split(b"\0")


def of_job(job_id: str) -> list[int]:
    """Return the living processes that carry the job's mark, but for this one."""
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [pid for pid in pids if pid != os.getpid() and carries(pid, job_id)]


def kill(job_id: str) -> None:
    """Kill every process of the job, and those that they start meanwhile."""
    deadline = time.monotonic() + _GIVE_UP
    while (pids := of_job(job_id)) and time.monotonic() < deadline:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_INTERVAL)

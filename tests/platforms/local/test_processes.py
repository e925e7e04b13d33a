"""Processes by their mark."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from rlcore.platforms.local import processes

SLEEP = [sys.executable, "-c", "print(flush=True); import time; time.sleep(600)"]


@pytest.fixture
def marked():
    """Yield a process of the job `job-a`."""
    environment = {**os.environ, processes.MARK: "job-a"}
    with subprocess.Popen(SLEEP, env=environment, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        yield process
        process.kill()


def test_processes_are_found_by_their_mark(marked):
    """A process belongs to the job that its environment names, and to no other."""
    assert [marked.pid] == processes.of_job("job-a")
    assert [] == processes.of_job("job")
    assert not processes.carries(os.getpid(), "job-a")


def test_killing(marked):
    """After killing a job none of its processes is left; one that is not of it lives."""
    with subprocess.Popen(SLEEP, stdout=subprocess.PIPE) as other:
        processes.kill("job-a")

        assert -9 == marked.wait()
        assert other.poll() is None
        other.kill()


def test_a_process_that_is_not_there():
    """A process that has ended carries no mark."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()

    assert not processes.carries(process.pid, "job-a")

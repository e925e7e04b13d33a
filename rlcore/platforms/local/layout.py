"""Where the files of one job are. Imported by the supervisor, so light."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class JobFolder:
    """The folder of one job.

    Attributes:
        path: The folder itself, readable by its owner alone.
        document: The job as data, `job.json`.
        source: The source archive.
        root: What is `/opt/ml` in a container.
        log: The log, see `logs`.
        lock: Locked for as long as the supervisor lives.
        reserve: Room on the disk that is given back at the job's end, so that its end can be told
            even when the disk is full.
        supervisor_output: What the supervisor itself prints; empty unless it is broken.
    """

    def __init__(self, path: Path) -> None:
        """Name the files; nothing is made."""
        self.path = path
        self.document = path / "job.json"
        self.source = path / "source.tar.gz"
        self.root = path / "opt_ml"
        self.log = path / "log"
        self.lock = path / "supervisor.lock"
        self.reserve = path / "reserve"
        self.supervisor_output = path / "supervisor.out"


def jobs_folder(home: Path) -> Path:
    """Return the folder of all jobs."""
    return home / "jobs"


def job_folder(home: Path, name: str) -> JobFolder:
    """Return the folder of the job *name*."""
    return JobFolder(jobs_folder(home) / name)

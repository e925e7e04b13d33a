"""The platform `local`: start a job's supervisor, and see from any process what became of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from rlcore import storage
from rlcore.errors import JobExists, JobNotFound, PlatformError, StorageError
from rlcore.platforms.local import documents, logs, plans, processes
from rlcore.platforms.local.environments import Environments
from rlcore.platforms.local.home import home as default_home
from rlcore.platforms.local.layout import JobFolder, job_folder, jobs_folder
from rlcore.platforms.local.locks import locked
from rlcore.platforms.local.store import Record, Store
from rlcore.spec import Environment, JobState, JobStatus, LogEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rlcore.platforms.local.hosting import LocalHosting
    from rlcore.source import Bundle
    from rlcore.spec import JobRequest, Plan

_SUPERVISOR = "rlcore.platforms.local.supervisor"
_SAID_LINES = 5
_STAGING = ".new-"  # begins the name of a folder that is no job yet
_ABANDONED = 3600.0  # seconds
_RESERVE = 1 << 18  # bytes, some times what a transaction needs
_DIED = "The supervisor of the job died; its processes were ended."


class LocalPlatform:
    """Trains on this machine, without containers.

    Args:
        home: Where jobs, artefacts and environments are kept; `RLCORE_HOME` by default.
        environments: Where environments are found and built; a folder of *home* by default.
        clock: Seconds since the epoch.
        grace: Seconds between SIGTERM and SIGKILL when a job is stopped.
    """

    name = plans.NAME

    def __init__(
        self,
        *,
        home: Path | None = None,
        environments: Path | None = None,
        clock: Callable[[], float] = time.time,
        grace: float = 120.0,
    ) -> None:
        """Name the folders; nothing is made."""
        self._home = home or default_home()
        self._environments = environments or self._home / "environments"
        self._clock = clock
        self._grace = grace
        self._store = Store(self._home / "jobs.sqlite")

    @property
    def hosting(self) -> LocalHosting:
        """What serves models on this machine."""
        from rlcore.platforms.local.hosting import LocalHosting  # noqa: PLC0415 - jobs need none

        return LocalHosting(
            self.name, home=self._home, environments=self._environments, clock=self._clock
        )

    def plan(self, request: JobRequest) -> Plan:
        """Return what `start` would do; see `plans.make` for what it raises."""
        return plans.make(request, self._home, self._grace)

    def start(self, plan: Plan, bundle: Bundle | None) -> str:
        """Write the job's folder and start its supervisor; return the job's name.

        Raises:
            JobExists: There is a job of that name.
            EnvironmentUnavailable: The environment is not there, and cannot be built here.
            StorageError: Artefacts could not be written where they are to go.
            DiskFull: There is no room for the job's folder.
        """
        name, label = plan.request.name, plan.document["label"]
        environment = Environment(**plan.document["environment"])
        Environments(self._environments).check(environment, label=label)
        self._check_destinations(plan.request)
        record = Record(
            name=name,
            id=os.urandom(16).hex(),
            release=label,
            created_at=self._clock(),
        )
        with self._staging() as staging, locked(staging.lock) as lock:
            self._write(staging, record, plan, bundle)
            folder = job_folder(self._home, name)
            self._store.insert(record, lambda: _publish(staging, folder))
            try:
                _spawn(folder, lock, record.id)
            except (OSError, subprocess.SubprocessError) as error:
                msg = f"The supervisor of {name} could not be started: {error}{_said(folder)}"
                self._store.update(name, state="Failed", failure_reason=msg, ended_at=self._clock())
                raise PlatformError(msg) from error
        return name

    def describe(self, name: str) -> JobStatus:
        """Return the job as it is now; one whose supervisor has died is failed."""
        return _status(self._checked(self._store.find(name)))

    def logs(self, name: str, *, follow: bool = False) -> Iterator[LogEvent]:
        """Yield the log from its beginning; with *follow*, until the job has ended."""
        self._checked(self._store.find(name))
        path = _present(job_folder(self._home, name).log)
        lines = logs.follow(path, lambda: self._ended(name)) if follow else logs.read(path)
        return (LogEvent(timestamp=at, host=host, message=text) for at, host, text in lines)

    def stop(self, name: str) -> None:
        """Ask the job to stop, and return at once. Stopping a job that has ended does nothing."""
        self._checked(self._store.find(name))
        record = self._store.update(name, state="Stopping")
        pid = record.supervisor
        if not record.final and pid is not None and processes.carries(pid, record.id):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def recover(self, name: str) -> JobRequest:
        """Return the request that the job was started with; its source is the packed one."""
        self._store.find(name)
        folder = job_folder(self._home, name)
        document = json.loads(_present(folder.document).read_text("utf-8"))
        request = documents.request(document["request"])
        return attrs.evolve(request, source_uri=folder.source.as_uri())

    def jobs(self) -> list[JobStatus]:
        """Return every job of this home, newest first."""
        return [_status(self._checked(record)) for record in self._store.all()]

    def _check_destinations(self, request: JobRequest) -> None:
        """See that what the job will leave can be written, before hours of training."""
        storage.check_writable(plans.output_uri(request, self._home))
        if request.checkpoint_s3_uri:
            storage.check_writable(request.checkpoint_s3_uri)

    @contextmanager
    def _staging(self) -> Iterator[JobFolder]:
        """Make a folder that is gone afterwards, unless it was published under its own name."""
        jobs = jobs_folder(self._home)
        jobs.mkdir(parents=True, exist_ok=True)
        self._sweep(jobs)
        path = Path(tempfile.mkdtemp(prefix=_STAGING, dir=jobs))
        try:
            yield JobFolder(path)
        except OSError as error:
            if isinstance(error, StorageError):
                raise
            raise storage.written_error(error, jobs) from error
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def _sweep(self, jobs: Path) -> None:
        """Remove what clients left behind that were killed in the middle of `start`."""
        for folder in map(JobFolder, jobs.glob(f"{_STAGING}*")):
            with suppress(OSError):
                # A young one may be of a client that is about to lock it, as it does to fill it.
                if self._clock() - folder.path.stat().st_mtime > _ABANDONED:
                    with locked(folder.lock, wait=False):
                        shutil.rmtree(folder.path, ignore_errors=True)

    def _write(self, folder: JobFolder, record: Record, plan: Plan, bundle: Bundle | None) -> None:
        built = Environments(self._environments).find(Environment(**plan.document["environment"]))
        document: dict[str, Any] = {
            **plan.document,
            "id": record.id,
            "store": str(self._home / "jobs.sqlite"),
            "environments": str(self._environments),
            "built": built and {"python": str(built.python), "lock": str(built.lock)},
        }
        folder.document.write_text(json.dumps(document), "utf-8")
        folder.log.touch(mode=0o600)
        with folder.reserve.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, _RESERVE)
        if bundle is not None:
            bundle.write(folder.source)

    def _ended(self, name: str) -> bool:
        # While the supervisor lives the store need not be asked, which costs a hundred times more.
        return not _is_locked(job_folder(self._home, name).lock) and self.describe(name).state.final

    def _checked(self, record: Record) -> Record:
        """Return the record; when its supervisor has died without a word, say so for it."""
        if record.final:
            return record
        folder = job_folder(self._home, record.name)
        folder.path.mkdir(parents=True, exist_ok=True)  # somebody may have deleted it
        try:
            with locked(folder.lock, wait=False):
                record = self._store.find(record.name)
                return record if record.final else self._bury(record, folder)
        except BlockingIOError:
            return record

    def _bury(self, record: Record, folder: JobFolder) -> Record:
        """End what the supervisor left running, and write down what it no longer could."""
        processes.kill(record.id)
        reason = _DIED + _said(folder)
        state = "Stopped" if record.state == "Stopping" else "Failed"
        logs.repair(folder.log)
        with closing(logs.LogWriter(folder.log, self._clock)) as log:
            log.tell(reason)
            log.stage(state)
        return self._store.update(
            record.name,
            state=state,
            stage=state,
            failure_reason=reason,
            ended_at=self._clock(),
        )


def _publish(staging: JobFolder, folder: JobFolder) -> None:
    try:
        staging.path.rename(folder.path)
    except OSError as error:
        msg = (
            f"{folder.path} is there already, of a job that is not in the list. Choose another"
            " job_name or delete the folder."
        )
        raise JobExists(msg) from error


def _present(path: Path) -> Path:
    """Return a file of a job; raise `JobNotFound` where somebody has deleted it."""
    if path.exists():
        return path
    msg = f"{path} was deleted, and with it what was known of the job {path.parent.name!r}."
    raise JobNotFound(msg)


def _spawn(folder: JobFolder, lock: int, job_id: str) -> None:
    """Start the supervisor in a session of its own, holding the lock; return when it does."""
    with folder.supervisor_output.open("ab") as output:
        subprocess.run(
            [sys.executable, "-m", _SUPERVISOR, str(folder.path), str(lock)],
            cwd=folder.path,
            env={**os.environ, processes.MARK: job_id},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[lock],
            start_new_session=True,
            check=True,
        )


def _said(folder: JobFolder) -> str:
    """Return what a supervisor printed last, for a message; a sound one prints nothing."""
    output = folder.supervisor_output
    lines = output.read_text("utf-8", "replace").splitlines() if output.exists() else []
    return "".join(f"\n{line}" for line in lines[-_SAID_LINES:])


def _is_locked(path: Path) -> bool:
    try:
        with locked(path, wait=False):
            return False
    except BlockingIOError:
        return True


def _status(record: Record) -> JobStatus:
    shared = {
        name: value
        for name, value in record._asdict().items()
        if name not in {"id", "supervisor", "state", "warnings"}
    }
    warnings = tuple((record.warnings or "").splitlines())
    return JobStatus(state=JobState(record.state), warnings=warnings, **shared)

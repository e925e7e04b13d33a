"""The jobs of this machine and their states, in SQLite. Imported by the supervisor, so light.

Each call is one transaction, so that a process may be killed at any moment. A final state is never
left again, whoever writes last. `StorageError` is raised where SQLite cannot read or write.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from rlcore.errors import JobExists, JobNotFound, StorageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_PATIENCE = 30.0  # seconds to wait for another process's transaction
_FINAL = ("Succeeded", "Failed", "Stopped")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    name TEXT PRIMARY KEY,
    id TEXT NOT NULL,
    release TEXT NOT NULL,
    created_at REAL NOT NULL,
    state TEXT NOT NULL DEFAULT 'Pending',
    stage TEXT NOT NULL DEFAULT 'Starting',
    supervisor INTEGER,
    started_at REAL,
    ended_at REAL,
    exit_code INTEGER,
    failure_reason TEXT,
    model_data TEXT,
    output_data TEXT,
    warnings TEXT
)
"""


class Record(NamedTuple):
    """One row: a job as it is now. Times are seconds since the epoch.

    Attributes:
        name: The job's name.
        id: What marks the job's processes; unique for ever.
        release: The toolkit release, as text.
        created_at: When it was asked for.
        state: A value of `JobState`.
        stage: What it is doing.
        supervisor: Process of its supervisor, once that listens to signals.
        started_at: When the script started.
        ended_at: When it reached its final state.
        exit_code: Exit code of the script.
        failure_reason: Why it failed or was stopped.
        model_data: Address of `model.tar.gz`.
        output_data: Address of `output.tar.gz`.
        warnings: What whoever deploys its model must know, a line each.
    """

    name: str
    id: str
    release: str
    created_at: float
    state: str = "Pending"
    stage: str = "Starting"
    supervisor: int | None = None
    started_at: float | None = None
    ended_at: float | None = None
    exit_code: int | None = None
    failure_reason: str | None = None
    model_data: str | None = None
    output_data: str | None = None
    warnings: str | None = None

    @property
    def final(self) -> bool:
        """Whether the job has ended."""
        return self.state in _FINAL


_COLUMNS = ", ".join(Record._fields)
_SELECT = f"SELECT {_COLUMNS} FROM jobs "  # noqa: S608 - the names are the ones above
_INSERT = f"INSERT INTO jobs ({_COLUMNS}) VALUES ({', '.join('?' * len(Record._fields))})"  # noqa: S608


class Store:
    """The jobs of one home."""

    def __init__(self, path: Path) -> None:
        """Name the database; it is made by the first job."""
        self._path = path

    def insert(self, record: Record, publish: Callable[[], object]) -> None:
        """Add a new job, and call *publish* in the same transaction.

        Raises:
            JobExists: There is a job of that name; *publish* was not called.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._transaction() as connection:
            try:
                connection.execute(_INSERT, record)
            except sqlite3.IntegrityError as error:
                msg = f"There is a job named {record.name!r} already. Choose another job_name."
                raise JobExists(msg) from error
            publish()

    def find(self, name: str) -> Record:
        """Return a job; raise `JobNotFound`, with the nearest name."""
        found = self._select("WHERE name = ?", name)
        if not found:
            nearest = did_you_mean(name, [record.name for record in self.all()])
            msg = f"No job named {name!r} on this machine.{nearest} `rlcore jobs` lists them."
            raise JobNotFound(msg)
        return found[0]

    def all(self) -> list[Record]:
        """Return every job, newest first."""
        return self._select("ORDER BY created_at DESC, rowid DESC")

    def update(self, name: str, **values: object) -> Record:
        """Change a job, unless it has ended, and return it as it is then."""
        changes = ", ".join(f"{column} = :{column}" for column in values)
        return self._change(name, changes, **values)

    def register(self, name: str, supervisor: int) -> Record:
        """Note that the supervisor listens; the job runs, unless it was stopped before that."""
        return self._change(
            name,
            "supervisor = :supervisor,"
            " state = CASE state WHEN 'Pending' THEN 'Running' ELSE state END",
            supervisor=supervisor,
        )

    def _change(self, name: str, changes: str, **values: object) -> Record:
        with self._transaction() as connection:
            connection.execute(
                # No value of a caller is in the text: *changes* names columns.
                f"UPDATE jobs SET {changes} WHERE name = :job AND state NOT IN {_FINAL}",  # noqa: S608
                {**values, "job": name},
            )
            return _read(connection, "WHERE name = ?", name)[0]

    def _select(self, clause: str, *values: str) -> list[Record]:
        if not self._path.exists():
            return []
        with self._connection() as connection:
            return _read(connection, clause, *values)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(self._connect()) as connection:
                yield connection
        except sqlite3.OperationalError as error:
            msg = f"The list of jobs, {self._path}, cannot be used: {error}. Is the disk full?"
            raise StorageError(msg) from error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_PATIENCE, isolation_level=None)
        with suppress(sqlite3.OperationalError):  # another process is making the database
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(_SCHEMA)
        columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(jobs)")]
        if "warnings" not in columns:  # a list that an earlier version has made
            with suppress(sqlite3.OperationalError):  # another process adds it at this moment
                connection.execute("ALTER TABLE jobs ADD COLUMN warnings TEXT")
        return connection


def _read(connection: sqlite3.Connection, clause: str, *values: str) -> list[Record]:
    rows = connection.execute(_SELECT + clause, values)
    return [Record(*row) for row in rows]

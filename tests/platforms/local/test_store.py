"""The store of jobs, and what several processes do to it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from rlcore.errors import JobExists, JobNotFound
from rlcore.platforms.local.store import Record, Store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the database will be."""
    return tmp_path / "home" / "jobs.sqlite"


@pytest.fixture
def store(path: Path) -> Store:
    """Return a store that is empty."""
    return Store(path)


def add(store: Store, name: str = "job", created_at: float = 1.0) -> Record:
    """Insert a job and return it."""
    record = Record(name=name, id=f"id-{name}", release="toy 1.0", created_at=created_at)
    store.insert(record, lambda: None)
    return record


def test_what_is_inserted_is_found(store):
    """A job comes back with all that was said of it."""
    assert add(store) == store.find("job")


def test_a_list_of_an_older_version(store, path):
    """Jobs that were there before models were inspected are found, and go on."""
    before = add(store)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ALTER TABLE jobs DROP COLUMN warnings")

    assert before == store.find("job")
    assert "no" == store.update("job", warnings="no").warnings


def test_asking_makes_nothing(store, path):
    """Where there was never a job, no file appears by asking."""
    assert [] == store.all()
    assert not path.parent.exists()


def test_a_name_is_taken_once(store):
    """The second job of a name is refused, and not published."""
    add(store)
    published: list[int] = []

    with pytest.raises(JobExists, match="'job'"):
        store.insert(Record("job", "other", "", 2.0), lambda: published.append(1))

    assert [] == published
    assert "id-job" == store.find("job").id


def test_what_cannot_be_published_is_not_inserted(store):
    """Row and folder come together or not at all."""

    def publish() -> None:
        raise OSError

    with pytest.raises(OSError, match=r"^$"):
        store.insert(Record("job", "id", "", 1.0), publish)

    assert [] == store.all()


def test_an_unknown_name(store):
    """The nearest name is proposed."""
    add(store, "cartpole")

    with pytest.raises(JobNotFound, match="Did you mean 'cartpole'"):
        store.find("cartpol")


def test_newest_first(store):
    """The order is that of the times at which jobs were asked for."""
    for name, created_at in [("b", 2.0), ("c", 3.0), ("a", 1.0)]:
        add(store, name, created_at)

    assert ["c", "b", "a"] == [record.name for record in store.all()]


@pytest.mark.parametrize("state", ["Succeeded", "Failed", "Stopped"])
def test_a_final_state_stays(store, state):
    """Whoever comes too late changes nothing, and sees what is."""
    add(store)
    store.update("job", state=state, failure_reason="first")

    late = store.update("job", state="Stopping", failure_reason="second")

    assert (state, "first") == (late.state, late.failure_reason)
    assert late.final


def test_a_supervisor_registers(store):
    """A job whose supervisor listens is running."""
    add(store)

    record = store.register("job", 42)

    assert ("Running", 42) == (record.state, record.supervisor)


def test_a_stop_that_came_before_the_supervisor_is_kept(store):
    """The supervisor learns that it is to stop when it registers."""
    add(store)
    store.update("job", state="Stopping")

    assert "Stopping" == store.register("job", 42).state


def test_many_writers(store):
    """Ten threads that make the database and insert at once lose nothing."""
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda number: add(store, f"job-{number}"), range(50)))

    assert 50 == len(store.all())


def test_a_writer_that_is_killed(store, path):
    """A process killed in the middle of a transaction leaves the store as it was, and usable."""
    add(store)
    script = f"""
import os, signal
from pathlib import Path
from rlcore.platforms.local.store import Record, Store
Store(Path({str(path)!r})).insert(
    Record("killed", "id", "", 1.0), lambda: os.kill(os.getpid(), signal.SIGKILL)
)
"""
    killed = subprocess.run([sys.executable, "-c", script], check=False)

    assert -9 == killed.returncode
    assert ["job"] == [record.name for record in store.all()]
    add(store, "after")

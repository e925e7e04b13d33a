"""The process that runs one job: `python -m rlcore.platforms.local.supervisor FOLDER LOCK`.

It holds the job's lock for as long as it lives, so that everybody can see whether it does, and has
what it needs from `job.json`. A job should start at once, so nothing is imported here that takes
long: neither attrs nor a plugin, and the environments only when one has to be built.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import time
import traceback
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rlcore import storage
from rlcore.errors import BuildFailed, StorageError
from rlcore.platforms.local import artefacts, ending, processes
from rlcore.platforms.local.layout import JobFolder
from rlcore.platforms.local.logs import LogWriter
from rlcore.platforms.local.members import Tree
from rlcore.platforms.local.preparation import Preparation
from rlcore.platforms.local.run import Interrupted, Run, Signals
from rlcore.platforms.local.store import Store
from rlcore.runner import namespaces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rlcore.platforms.local.members import Member

_MIRROR_INTERVAL = 2.0  # seconds between passes over what a running script has written
_MIRROR_SHARE = 100  # and at least this many times what a pass took
_REASON_LIMIT = 4096  # characters of a failure's reason
_UNTOLD = "The process that ran the script was killed, out of memory maybe."
_TRIES = 30  # to store the final state on a disk that is full, one a second
# What of the client's environment is not the script's: its own Python and its own job, if any.
_PREFIXES = ("PYTHON", "SM_", "RLCORE_", "VIRTUAL_ENV")


class Outcome(NamedTuple):
    """How a job ended: its final state and why."""

    state: str
    reason: str | None = None


class Supervisor:
    """Runs one job from its preparation to its final state."""

    def __init__(self, folder: JobFolder) -> None:
        """Read the job; nothing is done yet."""
        self._folder = folder
        self._job: dict[str, Any] = json.loads(folder.document.read_text("utf-8"))
        self._store = Store(Path(self._job["store"]))
        self._log = LogWriter(folder.log)
        self._signals = Signals()
        self._found: dict[str, object] = {}

    def run(self) -> None:
        """Run the job and leave its final state in the store."""
        outcome = self._outcome()
        with suppress(OSError):  # the disk may be full
            self._log.stage(outcome.state)
        self._found.update(
            state=outcome.state,
            stage=outcome.state,
            failure_reason=outcome.reason,
            ended_at=time.time(),
        )
        self._settle()
        # The only large thing of a job that is a copy of what is kept elsewhere.
        shutil.rmtree(self._folder.root / "input/data", ignore_errors=True)

    def _settle(self) -> None:
        self._folder.reserve.unlink(missing_ok=True)
        for _ in range(_TRIES):
            with suppress(StorageError):  # the disk is full
                self._store.update(self._job["name"], **self._found)
                return
            time.sleep(1)

    def _outcome(self) -> Outcome:
        """Run the job; whatever goes wrong, there is an outcome that tells it."""
        try:
            return self._train()
        except Interrupted:
            return Outcome("Stopped", "stopped on request")
        except Exception as error:  # noqa: BLE001 - nobody else is there to hear of it
            return self._failure(error)

    def _failure(self, error: Exception) -> Outcome:
        if isinstance(error, OSError) and storage.is_full(error):
            error = storage.written_error(error, self._folder.path)
        with suppress(OSError):  # the disk may be full
            traceback.print_exception(error)
            self._log.tell(_news(error))
        return Outcome("Failed", f"{type(error).__name__}: {error}"[:_REASON_LIMIT])

    def _train(self) -> Outcome:
        with ExitStack() as held:
            python, checkpoints = self._prepare(held)
            mirrors = self._mirrors(checkpoints)
            run = Run(
                python,
                self._folder.root,
                self._environment(checkpoints),
                log=self._log,
                signals=self._signals,
            )
            with _mirroring(mirrors, self._log.tell):
                run.wait(self._job["max_run"], self._job["grace"], self._pass_by)
        ended = ending.read(self._folder.root)
        self._tell(ended)
        self._stage("Packing", exit_code=ended.exit_code)
        self._bring(mirrors, ended)
        return self._judge(run.reason, ended)

    def _prepare(self, held: ExitStack) -> tuple[str, Path]:
        """Make everything that the script needs; return its Python and its checkpoints' folder."""
        with self._signals.interrupting():
            record = self._store.register(self._job["name"], os.getpid())
            if record.state == "Stopping":
                raise Interrupted
            self._log.stage("Starting")
            preparation = Preparation(self._job, self._folder, self._log, self._stage)
            preparation.tree()
            checkpoints = preparation.checkpoints()
            python = preparation.python(held)
            self._stage("Training", started_at=time.time())
            return python, checkpoints

    def _pass_by(self, name: str) -> None:
        """Enter a stage that matters to who waits, and to nobody else: the disk may be full."""
        with suppress(OSError, StorageError):
            self._stage(name)

    def _stage(self, name: str, **values: object) -> None:
        self._log.stage(name)
        self._store.update(self._job["name"], stage=name, **values)

    def _environment(self, checkpoints: Path) -> dict[str, str]:
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(_PREFIXES)
        }
        inspection = self._job["inspection"]
        return {
            **inherited,
            **self._job["variables"],
            "PYTHONNOUSERSITE": "1",
            "RLCORE_CHECKPOINT_PATH": str(checkpoints),
            "RLCORE_SOURCE": str(self._folder.source),
            **({"RLCORE_DISPLAY": "1"} if self._job["display"] else {}),
            **({"RLCORE_INSPECTION": inspection} if inspection else {}),
            processes.MARK: self._job["id"],
        }

    def _mirrors(self, checkpoints: Path) -> list[artefacts.Mirror]:
        addresses = self._job["artefacts"]
        kept = artefacts.Mirror(checkpoints, addresses["checkpoints"])
        if self._job["restored_checkpoints"]:
            kept.take_as_copied()
        intermediate = self._folder.root / "output/intermediate"
        return [kept, artefacts.Mirror(intermediate, addresses["intermediate"])]

    def _tell(self, ended: ending.Ending) -> None:
        """Tell what the inspection found, and where the paths of a failure's reason lead."""
        if ended.warning:
            self._log.tell(f"warning: {ended.warning}")
            self._found["warnings"] = ended.warning
        if ended.unchecked:
            self._log.tell(ended.unchecked)
        root = str(self._folder.root)
        if ended.root not in root and ended.root in self._failure_text():
            self._log.tell(f"{ended.root} of this job is {root}.")

    def _bring(self, mirrors: list[artefacts.Mirror], ended: ending.Ending) -> None:
        """Bring everything to its place; where that fails, tell where it still is."""
        try:
            for mirror in mirrors:
                mirror.sync(settled=0)
                if mirror.is_replaced:
                    self._log.tell(f"warning: not copied, a link by now: {mirror.folder}")
            self._pack(ended.exit_code, Tree(self._folder.root, ended.root or namespaces.TREE))
        except OSError as error:
            model = self._folder.root / "model"
            is_told = isinstance(error, StorageError)
            told = error if is_told else storage.written_error(error, self._folder.path)
            msg = f"{told} The model folder is still {model}: copy it from there."
            raise type(told)(msg) from error

    def _pack(self, exit_code: int | None, tree: Tree) -> None:
        """Pack what there is; there is always a model where there was success."""
        addresses = self._job["artefacts"]
        model, output = tree.members("model"), tree.members("output/data")
        for link in tree.lost:
            self._log.tell(f"warning: left out of the archives: {link}")
        if exit_code == 0 and not model:
            self._log.tell("The script wrote nothing to SM_MODEL_DIR: model.tar.gz is empty.")
        if exit_code == 0 or model:
            self._deliver(model, addresses["model"], "model_data")
        if output:
            self._deliver(output, addresses["output"], "output_data")

    def _deliver(self, members: Iterable[Member], uri: str, field: str) -> None:
        artefacts.pack(members, uri, self._folder.path / f"{field}.tar.gz")
        self._found[field] = uri

    def _judge(self, stopped: str | None, ended: ending.Ending) -> Outcome:
        if stopped and not ended.completed:
            return Outcome("Stopped", stopped)
        if ended.exit_code == 0:
            return Outcome("Succeeded")
        return Outcome("Failed", self._failure_text()[:_REASON_LIMIT] or _UNTOLD)

    def _failure_text(self) -> str:
        failure = self._folder.root / "output/failure"
        return failure.read_text("utf-8", "replace") if failure.is_file() else ""


def _news(error: Exception) -> str:
    """Return what of an error is not in the log yet: the installer's output is."""
    text = str(error)
    return text.partition("\n")[0] if isinstance(error, BuildFailed) else text


@contextmanager
def _mirroring(mirrors: list[artefacts.Mirror], tell: Callable[[str], None]) -> Iterator[None]:
    """Keep the mirrors in step meanwhile, in a thread: an upload must not hold up the log."""
    over = threading.Event()

    def keep_in_step() -> None:
        pause = _MIRROR_INTERVAL
        told: set[str] = set()
        while not over.wait(pause):
            started = time.monotonic()
            try:
                for mirror in mirrors:
                    mirror.sync()
            except Exception as error:  # noqa: BLE001 - the last pass raises what is left
                if str(error) not in told:
                    tell(f"Not copied, will be tried again: {error}")
                    told.add(str(error))
            pause = max(_MIRROR_INTERVAL, _MIRROR_SHARE * (time.monotonic() - started))

    thread = threading.Thread(target=keep_in_step, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def main(folder: str, lock: str) -> None:
    """Leave the client behind, then run the job of *folder*; *lock* is the locked descriptor."""
    os.set_inheritable(int(lock), False)  # noqa: FBT003 - takes no keyword
    if os.fork():
        os._exit(0)
    Supervisor(JobFolder(Path(folder))).run()
    os.close(int(lock))


if __name__ == "__main__":
    main(*sys.argv[1:])

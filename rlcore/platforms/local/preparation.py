"""What is done before a job's script can start. Part of the supervisor, so light."""

from __future__ import annotations

import json
import posixpath
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlcore import storage
from rlcore.platforms.local import artefacts
from rlcore.platforms.local.locks import locked
from rlcore.runner import contract

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import ExitStack

    from rlcore.platforms.local.layout import JobFolder
    from rlcore.platforms.local.logs import LogWriter

_REQUIREMENTS = "requirements.txt"


class Preparation:
    """Makes the contract tree of a job and the environment that its script runs in."""

    def __init__(
        self,
        job: Mapping[str, Any],
        folder: JobFolder,
        log: LogWriter,
        stage: Callable[[str], object],
    ) -> None:
        """Name what is needed; *stage* is called when a slow step begins."""
        self._job = job
        self._folder = folder
        self._log = log
        self._stage = stage

    def tree(self) -> None:
        """Write the input that the script finds under `/opt/ml`; the runner makes the rest."""
        root = self._folder.root
        config = root / "input/config"
        config.mkdir(parents=True)
        for name, content in self._job["config"].items():
            (config / f"{name}.json").write_text(json.dumps(content), "utf-8")
        for name, path in self._job["channels"].items():
            artefacts.copy_writable(Path(path), root / "input/data" / name)
        if self._job["source_uri"]:
            storage.get(self._job["source_uri"], self._folder.source)

    def checkpoints(self) -> Path:
        """Make the folder of checkpoints, bring back those that are kept, and return it."""
        folder = self._checkpoint_folder()
        kept = self._job["restored_checkpoints"]
        if kept and storage.exists(kept):
            storage.get_tree(kept, folder)
        return folder

    def _checkpoint_folder(self) -> Path:
        root, wanted = str(self._folder.root), self._job["checkpoint_path"]
        folder = Path(contract.checkpoint_folder(root, wanted))
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._log.tell(f"checkpoint_local_path {wanted} cannot be made: {error.strerror}.")
            folder = Path(contract.checkpoint_folder(root, None))
            folder.mkdir(parents=True, exist_ok=True)
            self._log.tell(f"Checkpoints are in {folder}, see RLCORE_CHECKPOINT_DIR.")
        return folder

    def python(self, held: ExitStack) -> str:
        """Return the Python that runs the script, after building what is not there yet.

        Its environment is held by *held*, so that nobody prunes it meanwhile.
        """
        requirements = self._requirements()
        built = self._job["built"]
        if not requirements and built and Path(built["python"]).exists():
            held.enter_context(locked(Path(built["lock"]), shared=True))
            if Path(built["python"]).exists():  # still
                return str(built["python"])
        return self._build(requirements, held)

    def _requirements(self) -> bytes:
        """Return the user's own requirements, from the root of the source archive, if any."""
        with tarfile.open(self._folder.source) as archive:
            for member in archive:
                if posixpath.normpath(member.name) == _REQUIREMENTS and member.isreg():
                    file = archive.extractfile(member)
                    return file.read().strip() if file else b""
        return b""

    def _build(self, requirements: bytes, held: ExitStack) -> str:
        from rlcore.platforms.local.environments import Environments, hold  # noqa: PLC0415 - slow
        from rlcore.spec import Environment  # noqa: PLC0415 - slow

        environments = Environments(Path(self._job["environments"]))
        wanted = Environment(**self._job["environment"])
        built = environments.find(wanted)
        if built is None:
            self._stage("Building environment")
            built = environments.build(wanted, label=self._job["label"], log=self._log.tell)
        if requirements:
            self._stage("Installing requirements")
            file = self._folder.path / _REQUIREMENTS
            file.write_bytes(requirements)
            built = environments.layer(built, file, log=self._log.tell)
        held.enter_context(hold(built))
        return str(built.python)

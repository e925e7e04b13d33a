"""What is done before an endpoint's workers can start. Part of the front, so light."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rlserving
from rlcore import storage
from rlcore.platforms.local.locks import locked
from rlcore.runner import archive as source_archive
from rlscript import archives
from rlserving import models
from rlserving.manifest import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import ExitStack

    from rlcore.platforms.local.endpointfolder import EndpointFolder

_PACKAGES = Path(rlserving.__file__).parent
_REQUIREMENTS = "requirements.txt"
_INSIDE = str(Path(source_archive.__file__).with_name("inside.py"))


class Unpacking:
    """Unpacks a model and its inference code, and makes the environment that serves them."""

    def __init__(
        self,
        folder: EndpointFolder,
        document: Mapping[str, Any],
        *,
        stage: Callable[[str], object],
        tell: Callable[[str], None],
    ) -> None:
        """Name what is needed; *stage* is called when a slow step begins."""
        self._folder = folder
        self._document = document
        self._stage = stage
        self._tell = tell

    def run(self, held: ExitStack) -> str:
        """Do everything, and return the Python of the workers, whose environment *held* holds.

        Raises:
            ArchiveError: The model's archive is damaged or dangerous.
            UnsafeArchive: That of the code is.
            StorageError: One of them cannot be read.
            EnvironmentUnavailable: The environment cannot be built.
        """
        self._stage("Unpacking model")
        self._unpack_model()
        self._unpack_code()
        self._write_worker()
        return self._python(held)

    def prefix(self, python: str) -> list[str]:
        """Return what a worker's command begins with, after `run`.

        Code of a user's may name `/opt/ml/model`, where every container has its model.
        """
        code = self._folder.code.exists() or models.brings_code(self._folder.model)
        return [python, "-s", _INSIDE, str(self._folder.tree)] if code else []

    def _unpack_model(self) -> None:
        uri, folder = self._document["model_data"], self._folder
        folder.model.mkdir()
        folder.tree.mkdir()
        (folder.tree / "model").symlink_to(folder.model)
        if uri.startswith("file://"):
            archives.extract(storage.to_path(uri), folder.model)
            return
        storage.get(uri, folder.archive)
        try:
            archives.extract(folder.archive, folder.model)
        finally:
            folder.archive.unlink()

    def _unpack_code(self) -> None:
        if self._document["source_uri"]:
            storage.get(self._document["source_uri"], self._folder.source)
        if self._folder.source.exists():
            source_archive.extract(str(self._folder.source), self._folder.code)

    def _write_worker(self) -> None:
        """Write what the worker reads, and the package that it is in.

        A copy, so that the endpoint stays what it is when rlcore itself is upgraded.
        """
        shutil.copytree(
            _PACKAGES,
            self._folder.packages / _PACKAGES.name,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        worker = {
            "model": str(self._folder.model),
            "code": str(self._folder.code) if self._folder.code.exists() else None,
            "program": self._document["program"],
            "strict": self._document["options"].get("strict", False),
        }
        self._folder.worker_document.write_text(json.dumps(worker), "utf-8")

    def _python(self, held: ExitStack) -> str:
        requirements = self._requirements()
        built = self._document["built"]
        if requirements is None and built and Path(built["python"]).exists():
            held.enter_context(locked(Path(built["lock"]), shared=True))
            if Path(built["python"]).exists():  # still
                return str(built["python"])
        return self._build(requirements, held)

    def _requirements(self) -> Path | None:
        """Return the requirements of a user's inference code; our own exports' are for images."""
        folder = self._folder
        code = folder.code if folder.code.exists() else folder.model / "code"
        exported = (folder.model / MANIFEST).exists() and not models.brings_code(folder.model)
        path = code / _REQUIREMENTS
        own = exported and not self._document["program"]
        return path if path.is_file() and not own else None

    def _build(self, requirements: Path | None, held: ExitStack) -> str:
        from rlcore.platforms.local.environments import Environments, hold  # noqa: PLC0415 - slow
        from rlcore.spec import Environment  # noqa: PLC0415 - slow

        environments = Environments(Path(self._document["environments"]))
        wanted = Environment(**self._document["environment"])
        built = environments.find(wanted)
        if built is None:
            self._stage("Building environment")
            label = f"{self._document['label']} serving"
            built = environments.build(wanted, label=label, log=self._tell)
        if requirements:
            self._stage("Installing requirements")
            built = environments.layer(built, requirements, log=self._tell)
        held.enter_context(hold(built))
        return str(built.python)

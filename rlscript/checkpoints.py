"""Numbered checkpoints in one folder: written whole or not at all, the best and the last kept."""

import contextlib
import json
import re
import shutil
from pathlib import Path
from typing import Iterator, List, NamedTuple, Optional

# Written last into each checkpoint; a folder without it is none.
MANIFEST = "checkpoint.json"

_NAME = re.compile(r"checkpoint-\d+")


class Checkpoint(NamedTuple):
    """A complete checkpoint: where it is, at which step it was written, and its metric."""

    folder: Path
    step: int
    metric: Optional[float]


class Checkpoints:
    """The checkpoints below one folder.

    Each is a folder `checkpoint-000012000`, named by its step, with the toolkit's files and a
    `checkpoint.json` that holds the step and the metric by which the best is chosen (the greater
    the better).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> List[Checkpoint]:
        """Return every complete checkpoint in the order of its steps."""
        inside = self.folder.iterdir() if self.folder.is_dir() else iter(())
        named = [path for path in inside if _NAME.fullmatch(path.name)]
        found = [_read(path) for path in named if (path / MANIFEST).is_file()]
        return sorted(found, key=lambda checkpoint: checkpoint.step)

    def last(self) -> Optional[Checkpoint]:
        """Return the checkpoint with the most steps, or None."""
        found = self.all()
        return found[-1] if found else None

    def best(self) -> Optional[Checkpoint]:
        """Return the checkpoint with the greatest metric, the latest of equals, or None."""
        return next(iter(self.ranked()), None)

    def ranked(self) -> List[Checkpoint]:
        """Return the checkpoints that have a metric, the best first, the latest of equals first."""
        ranks = [
            (found.metric, found.step, found) for found in self.all() if found.metric is not None
        ]
        return [found for _, _, found in sorted(ranks, reverse=True)]

    @contextlib.contextmanager
    def writing(self, step: int, metric: Optional[float] = None) -> Iterator[Path]:
        """Give a folder to write a checkpoint into; it counts once the block ends without error.

        Afterwards all but the best and the last are removed. One of the same step is replaced.
        """
        final = self.folder / "checkpoint-{:09d}".format(step)
        unfinished = self.folder / ("." + final.name)
        shutil.rmtree(str(unfinished), ignore_errors=True)
        unfinished.mkdir(parents=True)
        try:
            yield unfinished
            _write_manifest(unfinished, step, metric)
            shutil.rmtree(str(final), ignore_errors=True)
            unfinished.rename(final)
        finally:
            shutil.rmtree(str(unfinished), ignore_errors=True)
        self._prune()

    def adopt(self, folder: Path) -> None:
        """Copy the checkpoints below another folder into this one."""
        for found in Checkpoints(folder).all():
            with self.writing(found.step, found.metric) as unfinished:
                # shutil.copytree takes an existing target from Python 3.8 on.
                unfinished.rmdir()
                shutil.copytree(str(found.folder), str(unfinished))

    def forget_metric(self, checkpoint: Checkpoint) -> None:
        """Let a checkpoint no longer compete for the best; it stays as long as it is the last."""
        _write_manifest(checkpoint.folder, checkpoint.step, None)

    def _prune(self) -> None:
        kept = [self.last(), self.best()]
        for found in self.all():
            if found not in kept:
                shutil.rmtree(str(found.folder))


def _read(folder: Path) -> Checkpoint:
    manifest = json.loads((folder / MANIFEST).read_text())
    return Checkpoint(folder, manifest["step"], manifest["metric"])


def _write_manifest(folder: Path, step: int, metric: Optional[float]) -> None:
    unfinished = folder / ("." + MANIFEST)
    unfinished.write_text(json.dumps({"step": step, "metric": metric}))
    unfinished.replace(folder / MANIFEST)

"""From where a run starts: its own checkpoints, those of another job, or another job's model."""

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Iterator, NamedTuple, Optional

from rlscript.archives import extract
from rlscript.checkpoints import MANIFEST as CHECKPOINT_MANIFEST
from rlscript.checkpoints import Checkpoint, Checkpoints
from rlscript.models import MANIFEST as MODEL_MANIFEST
from rlscript.paths import channel, checkpoint_dir


class StartingPoint(NamedTuple):
    """A checkpoint to go on from, or the folder of a model whose weights to take, or neither."""

    checkpoint: Optional[Checkpoint] = None
    model: Optional[Path] = None


class NothingToStartFrom(ValueError):
    """A channel was given to start from, but it holds no checkpoint or model of rlcore."""


@contextlib.contextmanager
def starting_point() -> Iterator[StartingPoint]:
    """Give the place to start from; archives stay unpacked within the block.

    In this order: the last checkpoint of the job itself (it was interrupted, or stopped and
    started again); the last one in the channel `checkpoint`, whose checkpoints become the job's
    own; a model in the channel `model`, whose weights alone are taken (a warm start, counters at
    zero). Channels may hold the files or a `.tar.gz` of them. A checkpoint has the toolkit's own
    format, often a pickle: give only such as you trust like the script itself.

    Raises:
        NothingToStartFrom: A channel is given but holds nothing of the kind.
        ArchiveError: An archive holds what must not be unpacked.
    """
    own = Checkpoints(checkpoint_dir())
    checkpoints, model = channel("checkpoint"), channel("model")
    with tempfile.TemporaryDirectory(prefix="rlcore-") as scratch:
        if checkpoints and not own.last():
            own.adopt(_locate(CHECKPOINT_MANIFEST, checkpoints, Path(scratch)).parent)
        if model and not own.last():
            yield StartingPoint(model=_locate(MODEL_MANIFEST, model, Path(scratch)))
        else:
            yield StartingPoint(checkpoint=own.last())


def _locate(manifest: str, folder: Path, scratch: Path) -> Path:
    """Return the folder in a channel that holds a manifest, unpacking the channel's archives."""
    for archive in sorted(folder.glob("*.tar.gz")):
        extract(archive, scratch)
    found = _holding(manifest, folder) or _holding(manifest, scratch)
    if not found:
        held = ", ".join(sorted(path.name for path in folder.iterdir())[:10]) or "nothing"
        msg = "the channel {} holds no {}, neither as a file nor in a .tar.gz; it holds {}"
        raise NothingToStartFrom(msg.format(folder, manifest, held))
    return found


def _holding(manifest: str, root: Path) -> Optional[Path]:
    """Return the topmost folder that holds a manifest."""
    folders = (Path(folder) for folder, _, files in os.walk(str(root)) if manifest in files)
    return next(folders, None)

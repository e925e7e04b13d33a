"""From where a run starts: its own checkpoints, those of another job, or another job's model."""

import contextlib
import difflib
import os
import tempfile
from pathlib import Path
from typing import Iterator, List, NamedTuple, Optional, Tuple

from rlscript.archives import extract
from rlscript.checkpoints import MANIFEST as CHECKPOINT_MANIFEST
from rlscript.checkpoints import Checkpoint, Checkpoints
from rlscript.models import MANIFEST as MODEL_MANIFEST
from rlscript.paths import channel, channels, checkpoint_dir
from rlscript.reporting import announce

# The channels to start from.
_CHANNELS = ("checkpoint", "model")
# A plural, a slip or a suffix is near; "code" is not near to "model".
_NEAR = 0.75


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

    One line on standard output says which it is, and one more warns of each channel whose name is
    nearly one of the two.

    Raises:
        NothingToStartFrom: A channel is given but holds nothing of the kind.
        ArchiveError: An archive holds what must not be unpacked.
    """
    for warning in near_misses(channels()):
        announce(warning)
    with tempfile.TemporaryDirectory(prefix="rlcore-") as scratch:
        place, told = _find(Path(scratch))
        announce(told)
        yield place


def require_starting_point(msg: str) -> None:
    """Check, before anything heavy starts, that there is something to start from.

    Raises:
        NothingToStartFrom: Neither channel was given, nor has the job a checkpoint of its own; with
            this message.
    """
    if not any(map(channel, _CHANNELS)) and not Checkpoints(checkpoint_dir()).last():
        raise NothingToStartFrom(msg)


def near_misses(names: List[str]) -> List[str]:
    """Return a warning for each channel that was probably meant to be one to start from."""
    wanted = [name for name in _CHANNELS if name not in names]
    others = [name for name in names if name not in _CHANNELS]
    nearest = [(name, difflib.get_close_matches(name, wanted, 1, _NEAR)) for name in others]
    msg = "warning: nothing starts from the channel {!r}; did you mean {!r}?"
    return [msg.format(name, near[0]) for name, near in nearest if near]


def _find(scratch: Path) -> Tuple[StartingPoint, str]:
    """Return the place to start from, and how to tell the reader of the log."""
    own = Checkpoints(checkpoint_dir())
    checkpoints, model = channel("checkpoint"), channel("model")
    origin = "the job's own"
    if checkpoints and not own.last():
        origin = "channel checkpoint"
        _adopt(own, checkpoints, scratch)
    last = own.last()
    if last:
        told = "goes on from the checkpoint at step {} ({})".format(last.step, origin)
        return StartingPoint(checkpoint=last), told
    if model:
        told = "starts with the weights of the model in the channel model, counters at zero"
        return StartingPoint(model=_locate(MODEL_MANIFEST, model, scratch)), told
    return StartingPoint(), "starts from scratch"


def _adopt(own: Checkpoints, folder: Path, scratch: Path) -> None:
    found = _locate(CHECKPOINT_MANIFEST, folder, scratch)
    own.adopt(found.parent)
    if not own.last():
        msg = "the channel {} is the inside of a checkpoint: give the folder that holds it, {}"
        raise NothingToStartFrom(msg.format(folder, "with its name checkpoint-<step>"))


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

"""Does the model of a job hold what was trained? Run in the job's environment after it ended well.

`python -m rlscript_coach.inspection` looks for models that `rlscript` did not publish, and compares
their tensors with those of the newest checkpoint of Coach. A widely copied way to export names
scopes that Coach 0.11.1 and later do not have, and saves weights that were never trained, without
an error. The last line on standard output is JSON: `check`, `compared`, `equal` and `message`,
which is empty where all is well or there is nothing to compare.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any, List, NamedTuple, Optional

from rlscript.models import MANIFEST, read_manifest
from rlscript.paths import checkpoint_dir
from rlscript_coach.foreign import Tensors, files


class Found(NamedTuple):
    """What a comparison came to."""

    compared: int
    equal: int
    message: str


def main() -> int:
    """Print what was found, and return the exit code."""
    roots = [checkpoint_dir()]
    if "SM_OUTPUT_DATA_DIR" in os.environ:
        roots.append(Path(os.environ["SM_OUTPUT_DATA_DIR"]) / "checkpoint")
    found = inspect(Path(os.environ["SM_MODEL_DIR"]), roots)
    sys.stdout.write(json.dumps(dict({"check": "export"}, **found._asdict())) + "\n")
    return 0


def inspect(model: Path, roots: List[Path]) -> Found:
    """Compare the models in a folder with the newest checkpoint in others.

    Args:
        model: The job's model folder.
        roots: Folders where checkpoints may be, at any depth.
    """
    reader = files()
    exports = [path for path in reader.exports(model) if not _ours(model, path)]
    checkpoints = _newest_first(reader, roots) if exports else []
    if not checkpoints:
        return Found(0, 0, "")
    newest = weights(reader.saved(checkpoints[0]))
    found: List[Found] = []
    for path in exports:
        tensors = weights(reader.exported(path, newest))
        equal = matches(tensors, newest)
        name = path.relative_to(model).as_posix()
        whole = equal == len(tensors)
        message = "" if whole else _told(name, equal, tensors, checkpoints, reader)
        found.append(Found(len(tensors), equal, message))
    messages = [each.message for each in found if each.message]
    return Found(
        sum(each.compared for each in found), sum(each.equal for each in found), " ".join(messages)
    )


def weights(tensors: Tensors) -> Tensors:
    """Return the tensors that training changes: of fractions, and with more than one number."""
    return {
        name: each for name, each in tensors.items() if each.dtype.kind == "f" and each.size > 1
    }


def matches(exported: Tensors, saved: Tensors) -> int:
    """Return how many exported tensors equal the saved one of their name, or any where none is."""
    return sum(_matches(name, tensor, saved) for name, tensor in exported.items())


def _matches(name: str, tensor: Any, saved: Tensors) -> bool:
    if name in saved:
        return _same(tensor, saved[name])
    return any(_same(tensor, other) for other in saved.values())


def _same(left: Any, right: Any) -> bool:
    return left.shape == right.shape and bool((left == right.astype(left.dtype)).all())


def _ours(model: Path, path: Path) -> bool:
    """Tell whether a file came with a policy, which was checked when it was published."""
    if not (model / MANIFEST).is_file():
        return False
    return path.relative_to(model).as_posix() in read_manifest(model)["files"]


def _newest_first(reader: Any, roots: List[Path]) -> List[Path]:
    found = {path.resolve() for root in roots if root.is_dir() for path in reader.checkpoints(root)}
    return sorted(found, key=lambda path: (path.stat().st_mtime, path.name), reverse=True)


def _told(name: str, equal: int, tensors: Tensors, checkpoints: List[Path], reader: Any) -> str:
    newest = checkpoints[0].name.replace(".index", "")
    older = _holding(tensors, checkpoints[1:], reader)
    if older is not None:
        msg = (
            "{} holds the weights of the checkpoint {}, which is not the newest, {}: export again "
            "after training, unless that one is the best."
        )
        return msg.format(name, older.name.replace(".index", ""), newest)
    msg = (
        "{} of {} exported tensors of {} equal those of the newest checkpoint, {}: the export "
        "holds {} weights. Train with rlscript_coach.train, which exports what was trained and "
        "checks it; or restore the newest checkpoint into its own meta graph, and save that."
    )
    kind = "other" if equal else "untrained"
    return msg.format(equal, len(tensors), name, newest, kind)


def _holding(tensors: Tensors, checkpoints: List[Path], reader: Any) -> Optional[Path]:
    """Return a checkpoint that holds all tensors."""
    for path in checkpoints:
        if matches(tensors, weights(reader.saved(path))) == len(tensors):
            return path
    return None


if __name__ == "__main__":
    sys.exit(main())

"""After a job: does somebody else's export hold what classic RLlib trained?

    python -m rlscript_ray.inspection

The tensors of a SavedModel in the model folder are compared with the newest of Ray's checkpoints.
One line of JSON tells how many were compared, how many are equal, and what is wrong and what to do.
Ray 2 exports no SavedModel, and what `rlscript` has published was compared before. Checkpoints are
pickles: they are the job's own, and read in its own environment.
"""

import importlib
import json
import os
import re
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

import numpy as np

from rlscript.models import MANIFEST

_NUMBER = re.compile(r"checkpoint-(\d+)")
_ROOTS = (
    "RLCORE_CHECKPOINT_DIR",
    "SM_OUTPUT_INTERMEDIATE_DIR",
    "SM_OUTPUT_DATA_DIR",
    "SM_MODEL_DIR",
)
_CHECKPOINTS = "/opt/ml/checkpoints"  # the service's, where the variable is not set
_SHOWN = 3


class Findings(NamedTuple):
    """How many exported tensors were compared and are equal, and what a person must know."""

    compared: int = 0
    equal: int = 0
    message: str = ""


class Trained(NamedTuple):
    """What a checkpoint holds: the policy's tensors, and the means of its filter, if it has one."""

    tensors: List[np.ndarray]
    means: List[np.ndarray]


def inspect(model: Path, roots: List[Path]) -> Findings:
    """Compare the SavedModel in a model folder with the newest checkpoint below some folders.

    Of several versions it is the newest, which is the one that is served.
    """
    exported = max(sorted(model.glob("**/saved_model.pb")), key=_version, default=None)
    newest = newest_checkpoint(roots)
    if exported is None or newest is None or (model / MANIFEST).exists():
        return Findings()
    # TensorFlow is imported only where there is something to read with it.
    from rlscript_ray.classic.savedmodels import read  # noqa: PLC0415

    found = read(exported.parent)
    trained = read_checkpoint(newest)
    place = exported.relative_to(model)
    unequal = [name for name in found.weights if not _held(found.weights[name], trained.tensors)]
    equal = len(found.weights) - len(unequal)
    if unequal:
        message = _other_weights(place, newest, equal, len(found.weights), unequal)
    else:
        message = _lost_filter(place, found.constants, trained)
    return Findings(len(found.weights), equal, message)


def newest_checkpoint(roots: List[Path]) -> Optional[Path]:
    """Return the newest of Ray's checkpoints below some folders, of equals the one furthest on."""
    found = [path for root in roots if root.is_dir() for path in root.glob("**/checkpoint-*")]
    whole = [path for path in found if _NUMBER.fullmatch(path.name) and path.is_file()]
    return max(whole, key=_age, default=None)


def read_checkpoint(path: Path) -> Trained:
    """Return what a checkpoint of a classic trainer holds."""
    # Ray's own knows newer protocols than old Pythons do.
    pickle = importlib.import_module("ray.cloudpickle")
    state = pickle.loads(path.read_bytes())
    inner = pickle.loads(state.get("worker") or state["evaluator"])
    tensors = [each for policy in inner["state"].values() for each in _arrays(policy)]
    filters = [each.rs.mean for each in inner["filters"].values() if hasattr(each, "rs")]
    return Trained(tensors, [np.asarray(mean) for mean in filters])


def _version(saved: Path) -> int:
    folder = saved.parent.name
    return int(folder) if folder.isdigit() else -1


def _age(path: Path) -> Any:
    number = _NUMBER.fullmatch(path.name)
    return path.stat().st_mtime, int(number.group(1)) if number else 0


def _arrays(state: Any) -> Iterator[np.ndarray]:
    """Yield the arrays of a policy's state: by name, or all in one as in Ray 0.6."""
    if isinstance(state, (np.ndarray, np.generic, float)):
        yield np.asarray(state)
        return
    inner = list(state.values()) if isinstance(state, dict) else state
    if isinstance(inner, (list, tuple)):
        for part in inner:
            yield from _arrays(part)


def _held(tensor: np.ndarray, trained: List[np.ndarray]) -> bool:
    return any(_within(tensor.reshape(-1), each.reshape(-1)) for each in trained)


def _within(part: np.ndarray, whole: np.ndarray) -> bool:
    """Tell whether numbers stand together in an array, as a weight does in Ray 0.6's."""
    if not len(part) or len(part) > len(whole):
        return False
    starts = np.flatnonzero(whole[: len(whole) - len(part) + 1] == part[0])
    return any(np.array_equal(whole[start : start + len(part)], part) for start in starts)


def _other_weights(
    place: Path, checkpoint: Path, equal: int, compared: int, unequal: List[str]
) -> str:
    msg = (
        "{} of {} exported tensors in {} equal the newest checkpoint {}: the export holds other "
        "weights than those that were trained ({}). Restore that checkpoint, then export; or let "
        "rlscript_ray.classic.train export"
    )
    shown = ", ".join(sorted(unequal)[:_SHOWN])
    rest = len(unequal) - _SHOWN
    shown += " and {} more".format(rest) if rest > 0 else ""
    return msg.format(equal, compared, place, checkpoint.name, shown)


def _lost_filter(place: Path, constants: List[np.ndarray], trained: Trained) -> str:
    lost = [
        mean
        for mean in trained.means
        if not any(_close(mean.reshape(-1), each.reshape(-1)) for each in constants)
    ]
    if not lost:
        return ""
    msg = (
        "the policy in {} was trained on observations that MeanStdFilter normalises, and the "
        "export does not normalise them: normalise what you send with the statistics in the "
        "checkpoint, or let rlscript_ray.classic.train export"
    )
    return msg.format(place)


def _close(mean: np.ndarray, constant: np.ndarray) -> bool:
    return mean.shape == constant.shape and np.allclose(mean, constant, rtol=1e-5)


def main() -> None:
    """Inspect this job's model, and print the findings as one line of JSON."""
    given: Dict[str, str] = {"RLCORE_CHECKPOINT_DIR": _CHECKPOINTS}
    given.update((name, os.environ[name]) for name in _ROOTS if name in os.environ)
    model = os.environ.get("SM_MODEL_DIR")
    roots = [Path(given[name]) for name in _ROOTS if name in given]
    found = inspect(Path(model), roots) if model else Findings()
    print(json.dumps(dict({"check": "export"}, **found._asdict())), flush=True)


if __name__ == "__main__":
    main()

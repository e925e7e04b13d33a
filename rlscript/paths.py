"""Where a job reads and writes: the container's `SM_*` variables, or folders of a bare run.

A bare `python train.py` writes under `./rlcore-output/<script>-<start>-<process>/`, a new folder
each run, so that no run continues another by accident.
"""

import os
import sys
import time
from pathlib import Path
from typing import List, Optional

# The service's default for a job's checkpoints (CheckpointConfig.LocalPath).
CONTAINER_CHECKPOINTS = "/opt/ml/checkpoints"

_CHANNEL = "SM_CHANNEL_"
_STARTED = time.strftime("%Y%m%d-%H%M%S")


def in_job() -> bool:
    """Tell whether this process runs as a training job, on any platform."""
    return "SM_MODEL_DIR" in os.environ


def job_name() -> str:
    """Return the job's name, or for a bare run the name of its output folder."""
    named = os.environ.get("RLCORE_JOB_NAME") or os.environ.get("TRAINING_JOB_NAME")
    return named or _bare_folder().name


def model_dir() -> Path:
    """Return the folder whose content becomes `model.tar.gz`; it exists."""
    return _folder("SM_MODEL_DIR", "model")


def output_data_dir() -> Path:
    """Return the folder whose content becomes `output.tar.gz`; it exists."""
    return _folder("SM_OUTPUT_DATA_DIR", "output/data")


def intermediate_dir() -> Path:
    """Return the folder that platforms copy out while the job runs; it exists."""
    return _folder("SM_OUTPUT_INTERMEDIATE_DIR", "output/intermediate")


def checkpoint_dir() -> Path:
    """Return the folder that platforms bring back when a job starts again; it exists."""
    if in_job() and "RLCORE_CHECKPOINT_DIR" not in os.environ:
        return _existing(Path(CONTAINER_CHECKPOINTS))
    return _folder("RLCORE_CHECKPOINT_DIR", "checkpoints")


def channel(name: str) -> Optional[Path]:
    """Return the folder of an input channel, or None where the job has no such channel."""
    folder = os.environ.get(_CHANNEL + name.upper())
    return Path(folder) if folder else None


def channels() -> List[str]:
    """Return the names of the job's input channels, in lower case."""
    given = [name for name in os.environ if name.startswith(_CHANNEL)]
    return sorted(name[len(_CHANNEL) :].lower() for name in given)


def _folder(variable: str, bare: str) -> Path:
    given = os.environ.get(variable)
    return _existing(Path(given) if given else _bare_folder() / bare)


def _bare_folder() -> Path:
    script = Path(sys.argv[0]).stem or "session"
    return Path.cwd() / "rlcore-output" / "{}-{}-{}".format(script, _STARTED, os.getpid())


def _existing(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder

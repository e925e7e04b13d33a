"""A Ray cluster for this process alone: small, and with nothing in the user's home.

Classic Ray listens on all of the machine's addresses, whatever it is told.
"""

import contextlib
import gc
import inspect
import logging
import os
import secrets
import shutil
import tempfile
import traceback
import warnings
from pathlib import Path
from typing import Any, Dict, Iterator, Optional

import rlscript

_MEBIBYTE = 1 << 20
# Ray takes 30 % of the machine's memory otherwise; samples of small environments need little.
_OBJECTS = 256 * _MEBIBYTE
_REDIS = 64 * _MEBIBYTE
# A Unix socket's path holds 107 bytes, of which Ray's session folder takes about 70.
_LONGEST_FOLDER = 36


@contextlib.contextmanager
def private_cluster(config: Dict[str, Any]) -> Iterator[None]:
    """Run a Ray cluster on this machine for the length of the block, and end its processes.

    Args:
        config: The trainer's config, which tells what its workers take.
    """
    import ray  # noqa: PLC0415  # not where this is only read

    quiet_logs()
    folder = _short_folder()
    try:
        ray.init(**_settings(ray.init, folder, config))
        yield
    finally:
        ray.shutdown()
        shutil.rmtree(str(folder), ignore_errors=True)


@contextlib.contextmanager
def letting_go() -> Iterator[None]:
    """Let an error that leaves the block hold nothing of Ray's any more.

    Its traceback keeps the frames, and so the handles of workers, until the interpreter ends. What
    Ray 0.6 does then fails, and is printed after the error: the last traceback of a log, which is
    taken for the reason why the job failed.
    """
    try:
        yield
    except BaseException as error:
        held: Optional[BaseException] = error
        while held is not None:
            traceback.clear_frames(held.__traceback__)
            held = held.__cause__ or held.__context__
        gc.collect()
        raise


def warn_of_many_workers(config: Dict[str, Any]) -> None:
    """Tell, before Ray starts, that more workers are asked for than the machine has CPUs."""
    there = len(os.sched_getaffinity(0))
    wanted = _workers(config)
    if wanted > there:
        msg = "warning: {} workers share the {} CPUs of this machine: each is a process that loads "
        rest = "the framework, one after another; num_workers={} would have one each"
        rlscript.announce((msg + rest).format(wanted, there, there))


def quiet_logs() -> None:
    """Keep the toolkit's advice to its developers out of the job's log; its errors stay."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_DISABLE_MEMORY_MONITOR", "1")
    for name in ("ray", "ray.rllib", "ray.tune", "tensorflow", "tf2onnx"):
        logging.getLogger(name).setLevel(logging.ERROR)
    # What it misses (rsync) is for copies to other machines.
    logging.getLogger("ray.tune.syncer").setLevel(logging.CRITICAL)
    # Of PPO's own gradients on TensorFlow.
    warnings.filterwarnings("ignore", "Converting sparse IndexedSlices")


def _settings(init: Any, folder: Path, config: Dict[str, Any]) -> Dict[str, Any]:
    """Return the arguments of `ray.init`, whose names differ from release to release."""
    wanted = {
        "num_cpus": _cpus(config),
        "num_gpus": None if config.get("num_gpus") or config.get("num_gpus_per_worker") else 0,
        "include_webui": False,
        "include_dashboard": False,
        "temp_dir": str(folder),
        "object_store_memory": _OBJECTS,
        "redis_max_memory": _REDIS,
        # What Redis asks for before it answers; the default is public.
        "redis_password": secrets.token_hex(32),
        "logging_level": logging.ERROR,
        "log_to_driver": _cpus(config) > 0,
    }
    names = inspect.signature(init).parameters
    renamed = {name if name in names else "_" + name: wanted[name] for name in wanted}
    return {name: value for name, value in renamed.items() if name in names}


def _cpus(config: Dict[str, Any]) -> int:
    """Return the CPUs that the workers take; Ray starts as many idle processes at once."""
    return int(_workers(config) * max(1, config.get("num_cpus_per_worker", 1)))


def _workers(config: Dict[str, Any]) -> int:
    return int(config.get("num_workers", 0) + config.get("evaluation_num_workers", 0))


def _short_folder() -> Path:
    usual = tempfile.gettempdir()
    where = usual if len(usual) < _LONGEST_FOLDER else "/tmp"  # noqa: S108  # mkdtemp is private
    return Path(tempfile.mkdtemp(prefix="rlcore-", dir=where))

"""A Ray cluster for this process alone: own token, loopback address, nothing in the user's home."""

import contextlib
import logging
import os
import secrets
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Dict, Iterator

import ray
from ray._raylet import AuthenticationTokenLoader
from ray.tune.trainable import trainable

# A Unix socket's path holds 107 bytes, of which Ray's session folder takes about 70.
_LONGEST_FOLDER = 36


@contextlib.contextmanager
def private_cluster(num_cpus: int) -> Iterator[None]:
    """Run a Ray cluster on this machine for the length of the block, and end all its processes.

    Args:
        num_cpus: The CPUs that Ray may hand to actors; it starts as many idle workers at once.
    """
    folder = _short_folder()
    try:
        with _variables(_environment(_write_token(folder))), _results_below(folder):
            # A cluster that this process has left may have left its token behind as well.
            AuthenticationTokenLoader.instance().reset_cache()
            _start(folder, num_cpus)
            yield
    finally:
        ray.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


def quiet_logs() -> None:
    """Keep Ray's advice to its developers out of the job's log; its errors stay."""
    for name in ("ray", "ray.rllib", "ray.tune"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _start(folder: Path, num_cpus: int) -> None:
    ray.init(
        num_cpus=num_cpus,
        include_dashboard=False,
        # Ray takes 127.0.0.1 for the address of a network interface, and not so its neighbours.
        # Other systems than Linux have no neighbours, and there Ray stays on loopback by itself.
        _node_ip_address="127.0.0.2" if sys.platform == "linux" else None,
        _temp_dir=str(folder),
        logging_level=logging.ERROR,
        log_to_driver=num_cpus > 0,
    )


def _environment(token: Path) -> Dict[str, str]:
    return {
        "RAY_AUTH_TOKEN_PATH": str(token),
        "RAY_USAGE_STATS_ENABLED": "0",
        # Small networks on few cores: a second thread costs more than it brings.
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
    }


def _short_folder() -> Path:
    usual = tempfile.gettempdir()
    where = usual if len(usual) < _LONGEST_FOLDER else "/tmp"  # noqa: S108  # mkdtemp is private
    return Path(tempfile.mkdtemp(prefix="rlcore-", dir=where))


def _write_token(folder: Path) -> Path:
    path = folder / "token"
    path.touch(mode=0o600)
    path.write_text(secrets.token_hex(32))
    return path


@contextlib.contextmanager
def _variables(values: Dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


@contextlib.contextmanager
def _results_below(folder: Path) -> Iterator[None]:
    # Each Algorithm makes a folder below ~/ray_results: a constant of Ray, without a setting.
    before = trainable.DEFAULT_STORAGE_PATH
    trainable.DEFAULT_STORAGE_PATH = str(folder / "results")
    try:
        yield
    finally:
        trainable.DEFAULT_STORAGE_PATH = before

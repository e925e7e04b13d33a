"""A project of one script, the toy toolkit, and the command line as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from model_archives import packed
from toy_toolkit import DEPLOYED, install

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCRIPT = """
import os, sys, time

time.sleep(float(os.environ.get("SM_HP_BEFORE", "0")))
for step in range(0, int(os.environ.get("SM_HP_ROUNDS", "3"))):
    print("example %d" % step)
    print("average loss = %.2f" % (1 / (step + 1)))
    sys.stdout.flush()
    time.sleep(float(os.environ.get("SM_HP_PAUSE", "0")))
sys.exit(int(os.environ.get("SM_HP_CODE", "0")))
"""
JOB_FILE = """
entry_point: train.py
toolkit: vw
toolkit_version: 8.7.0
hyperparameters: {lr: 3e-4}
"""


class Run(Protocol):
    """Runs `rlcore` with these arguments to its end."""

    def __call__(self, *arguments: str, **environment: Any) -> subprocess.CompletedProcess[str]:
        """Return what it printed and its exit code."""


def environment_with(vw_path: Path, home: Path) -> dict[str, str]:
    """Return the environment of a process that finds the toy toolkit."""
    return {**os.environ, "PYTHONPATH": str(vw_path), "RLCORE_HOME": str(home)}


def command(*arguments: str) -> list[str]:
    """Return the command line that runs `rlcore`."""
    return [sys.executable, "-m", "rlcore", *arguments]


@pytest.fixture
def environment(vw_path: Path, rlcore_home: Path) -> dict[str, str]:
    """Return the environment of processes that know the toolkit `vw`."""
    return environment_with(vw_path, rlcore_home)


@pytest.fixture
def rlcore_command() -> list[str]:
    """Return the command line that runs `rlcore`."""
    return command()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder with `train.py`, whose hyperparameters steer it, and `job.yaml`."""
    return make_project(tmp_path / "project")


def make_project(folder: Path) -> Path:
    """Fill a folder with a script and its job file."""
    folder.mkdir()
    (folder / "train.py").write_text(SCRIPT)
    (folder / "job.yaml").write_text(JOB_FILE)
    return folder


@pytest.fixture
def rlcore(project: Path, environment: dict[str, str]) -> Run:
    """Return a function that runs the command line in the project's folder."""

    def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments),
            cwd=project,
            env={**environment, **changes},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def finished_home(vw_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home in which the job `finished` has succeeded; read only."""
    home = tmp_path_factory.mktemp("finished")
    subprocess.run(
        command("train", "-f", "job.yaml", "--job-name", "finished"),
        cwd=make_project(home / "project"),
        env=environment_with(vw_path, home),
        capture_output=True,
        check=True,
        timeout=60,
    )
    return home


@pytest.fixture
def with_finished_job(finished_home: Path, environment: dict[str, str]) -> None:
    """Let `rlcore` see the home that holds the job `finished`."""
    environment["RLCORE_HOME"] = str(finished_home)


SERVE = """
import json, os


def model_fn(folder):
    with open(os.path.join(folder, "factor")) as file:
        return float(file.read())


def transform_fn(factor, body, content_type, accept):
    question = json.loads(body)
    if isinstance(question, dict):
        question = question["observation"]
        return json.dumps({"action": [factor * each for each in question]}), accept
    return json.dumps({"got": question, "content_type": content_type}), accept
"""
TRAIN = """
import os

with open(os.path.join(os.environ["SM_MODEL_DIR"], "factor"), "w") as file:
    file.write("3")
"""


@pytest.fixture(scope="session")
def toy_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment of processes that know the toolkit `toy`, whose models are served."""
    path = install(tmp_path_factory.mktemp("toy"))
    environment = environment_with(path[0], tmp_path_factory.mktemp("toy-home"))
    return {**environment, "PYTHONPATH": os.pathsep.join(map(str, path))}


@pytest.fixture(scope="session")
def toy_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a model, the code that serves it, and a training script."""
    folder = tmp_path_factory.mktemp("toy-project")
    packed(folder / "model.tar.gz", {"factor": b"2"})
    (folder / "serve.py").write_text(SERVE)
    (folder / "train.py").write_text(TRAIN)
    return folder


@pytest.fixture(scope="session")
def toy(toy_environment: dict[str, str], toy_project: Path) -> Iterator[Run]:
    """Return a function that runs the command line beside the toy model; ends its endpoints."""

    def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments),
            cwd=toy_project,
            env=toy_environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            **options,
        )

    yield run
    run("delete", "--all")


@pytest.fixture(scope="session")
def served(toy: Run) -> str:
    """Return the name of an endpoint that is in service, for tests that only ask it."""
    done = toy("deploy", *DEPLOYED, "--name", "served")
    assert 0 == done.returncode, done.stderr
    return "served"

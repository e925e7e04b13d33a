"""Tests of job files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rlcore.cli.jobfile import read_job
from rlcore.errors import ConflictingArguments, InvalidArgument, UnknownArgument

if TYPE_CHECKING:
    from pathlib import Path

YAML = """
entry_point: train.py
source_dir: src
train_instance_type: local
dependencies: [lib, /opt/shared]
hyperparameters: {lr: 3e-4}
inputs: {data: episodes, far: "s3://bucket/x"}
job_name: one
"""
TOML = """
entry_point = "train.py"
source_dir = "src"
train_instance_type = "local"
dependencies = ["lib", "/opt/shared"]
job_name = "one"
[hyperparameters]
lr = 3e-4
[inputs]
data = "episodes"
far = "s3://bucket/x"
"""


def read(folder: Path, text: str, name: str = "job.yaml") -> dict[str, Any]:
    """Return what a job file of this text holds."""
    (folder / name).write_text(text)
    return read_job(folder / name)


@pytest.mark.parametrize(("name", "text"), [("job.yaml", YAML), ("job.toml", TOML)])
def test_reads_arguments(tmp_path: Path, name: str, text: str) -> None:
    """Names are of the second generation; relative paths are read from the file's folder."""
    assert {
        "entry_point": "train.py",
        "source_dir": str(tmp_path / "src"),
        "instance_type": "local",
        "dependencies": [str(tmp_path / "lib"), "/opt/shared"],
        "hyperparameters": {"lr": 3e-4},
        "inputs": {"data": str(tmp_path / "episodes"), "far": "s3://bucket/x"},
        "job_name": "one",
    } == read(tmp_path, text, name)


def test_paths_in_a_repository_are_left_alone(tmp_path: Path) -> None:
    """They are the repository's, not those of this machine."""
    given = {"entry_point": "a.py", "dependencies": ["b"], "git_config": {"repo": "git@host:x"}}

    assert given == read(tmp_path, str(given))


def test_an_entry_point_without_folder_is_a_path(tmp_path: Path) -> None:
    """With source_dir it is relative to that, without it to the file."""
    assert {"entry_point": str(tmp_path / "a.py")} == read(tmp_path, "entry_point: a.py")


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("hyperparmeters: {}", UnknownArgument, "'hyperparmeters'. Did you mean 'hyperparameters'"),
        ("input: x", UnknownArgument, "Did you mean 'inputs'"),
        ("toolkit_version: 0.10", InvalidArgument, "toolkit_version is 0.1; it must be text"),
        ("max_run: 1h", InvalidArgument, "max_run is '1h'; it must be a whole number"),
        ("max_run: true", InvalidArgument, "max_run is True; it must be a whole number"),
        ("use_spot_instances: 1", InvalidArgument, "it must be true or false"),
        ("dependencies: lib", InvalidArgument, "it must be a list"),
        ("hyperparameters: [lr]", InvalidArgument, "it must be a mapping"),
        ("environment: {SEED: 5}", InvalidArgument, "environment.SEED is 5; it must be text"),
        ("instance_type: a\ntrain_instance_type: b", ConflictingArguments, "two names"),
        ("[1]", InvalidArgument, "holds a list"),
        ("", InvalidArgument, "holds a NoneType"),
        ("a: [", InvalidArgument, "is not valid YAML"),
    ],
)
def test_refusals(tmp_path: Path, text: str, error: type[Exception], words: str) -> None:
    """What is wrong, and what is allowed, is told before anything starts."""
    with pytest.raises(error) as raised:
        read(tmp_path, text)

    assert words in str(raised.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The file is named."""
    with pytest.raises(InvalidArgument, match=r"missing\.yaml cannot be read"):
        read_job(tmp_path / "missing.yaml")


def test_broken_toml(tmp_path: Path) -> None:
    """TOML is TOML by its suffix."""
    with pytest.raises(InvalidArgument, match="is not valid TOML"):
        read(tmp_path, "a: 1", "job.toml")

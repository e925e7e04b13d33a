"""Tests of `rlcore toolkits` and of its doctor."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run


def install(folder: Path, distribution: str, key: str, module: str) -> None:
    """Put the metadata of a distribution with one plugin into a folder."""
    metadata = folder / f"{distribution}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Name: {distribution}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[rlcore.toolkits]\n{key} = {module}\n")


@pytest.fixture
def with_broken(tmp_path: Path, environment: dict[str, str]) -> None:
    """Install a plugin that cannot be imported."""
    install(tmp_path / "site", "broken", "crash", "module_that_is_not_there")
    environment["PYTHONPATH"] += os.pathsep + str(tmp_path / "site")


@pytest.fixture
def with_double(tmp_path: Path, environment: dict[str, str]) -> None:
    """Install a second distribution that claims the key `vw`."""
    install(tmp_path / "site", "second", "vw", "rl_plugin_vw")
    environment["PYTHONPATH"] += os.pathsep + str(tmp_path / "site")


def test_piped(rlcore: Run) -> None:
    """Key, distribution and version stand between tabs."""
    process = rlcore("toolkits")

    assert (0, "") == (process.returncode, process.stderr)
    assert "vw\trl-plugin-vw\t" in process.stdout


def test_json(rlcore: Run) -> None:
    """The keys of a listing are stable."""
    listings = {each["key"]: each for each in json.loads(rlcore("toolkits", "--json").stdout)}

    listing = listings["vw"]
    assert ["key", "distribution", "version", "entry_point", "problem"] == list(listing)
    assert ("rl-plugin-vw", None) == (listing["distribution"], listing["problem"])


def test_releases_of_a_key(rlcore: Run) -> None:
    """Where a release runs, and why not elsewhere."""
    process = rlcore("toolkits", "vw")

    key, version, framework, local, image = process.stdout.rstrip("\n").split("\t")
    assert ("vw", "8.7.0", "", "Python >=3.6") == (key, version, framework, local)
    assert image.startswith("cpu vw has no image for GPUs")


def test_releases_as_json(rlcore: Run) -> None:
    """Images are of the region that is asked for."""
    process = rlcore("toolkits", "vw", "--json", "--region", "eu-west-1")

    [toolkit] = json.loads(process.stdout)
    [release] = toolkit["releases"]
    assert ("vw", "8.7.0") == (toolkit["key"], release["version"])
    assert {"available": True, "python": ">=3.6", "reason": None} == release["local"]
    assert not release["serving"]["available"]
    assert ".eu-west-1." in release["sagemaker"]["cpu"]
    assert release["sagemaker"]["gpu"] is None


def test_a_region_without_images(rlcore: Run) -> None:
    """The region's absence is the reason, not an error."""
    process = rlcore("toolkits", "vw", "--region", "mars-north-1")

    assert 0 == process.returncode
    assert "no: There are no images of this release in region 'mars-north-1'" in process.stdout


def test_unknown_key(rlcore: Run) -> None:
    """What is installed is named."""
    process = rlcore("toolkits", "vvw")

    assert 2 == process.returncode
    assert "Did you mean 'vw'?" in process.stderr


def test_healthy_doctor(rlcore: Run) -> None:
    """All plugins are loaded; none is broken."""
    process = rlcore("toolkits", "doctor")

    assert (0, "") == (process.returncode, process.stderr)
    assert "ok\tvw\trl-plugin-vw " in process.stdout


@pytest.mark.usefixtures("with_broken")
def test_doctor_finds_a_broken_plugin(rlcore: Run) -> None:
    """It is named with cause and cure, and the others are unharmed."""
    process = rlcore("toolkits", "doctor")

    assert 1 == process.returncode
    assert "broken\tcrash\tbroken 1.0\t0\t" in process.stdout
    assert "ok\tvw\t" in process.stdout
    assert "No module named 'module_that_is_not_there'" in process.stderr
    assert "pip install --upgrade broken" in process.stderr


@pytest.mark.usefixtures("with_double")
def test_doctor_finds_a_double(rlcore: Run) -> None:
    """Both distributions are named."""
    process = rlcore("toolkits", "doctor", "--json")

    reports = [each for each in json.loads(process.stdout) if each["key"] == "vw"]
    assert (1, 2) == (process.returncode, len(reports))
    assert all("rl-plugin-vw" in each["problem"] for each in reports)
    assert all("second 1.0" in each["problem"] for each in reports)


@pytest.mark.usefixtures("with_double")
def test_the_list_shows_a_double(rlcore: Run) -> None:
    """Two claims to a key show in the metadata, so nothing must be loaded to see them."""
    lines = [line for line in rlcore("toolkits").stdout.splitlines() if line.startswith("vw\t")]

    assert [True, True] == ["two distributions claim this key" in line for line in lines]


@pytest.mark.usefixtures("with_broken")
def test_releases_of_the_healthy(rlcore: Run) -> None:
    """A broken plugin is warned of, and the others are shown; asked for by name, it is an error."""
    every = rlcore("toolkits", "--releases")
    alone = rlcore("toolkits", "crash")

    assert (0, 2) == (every.returncode, alone.returncode)
    assert "\nvw\t8.7.0\t" in f"\n{every.stdout}"
    assert every.stderr.startswith("warning: The plugin 'crash'")
    assert alone.stderr.startswith("error: The plugin 'crash'")

"""Tests of `rlcore toolkits` and of its doctor."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from wrong_plugins import Wrong

from rlcore import ToolkitRegistry
from rlcore.cli.probe import examine
from rlcore.registry import TOOLKITS

if TYPE_CHECKING:
    from tests.cli.conftest import Run


MIRROR = """
import rlcore

@rlcore.hookimpl(wrapper=True)
def image_uri():
    return "mirror.example/" + (yield)
"""


def install(  # noqa: PLR0913 - what a distribution may say
    folder: Path,
    distribution: str,
    key: str,
    module: str,
    *,
    group: str = "rlcore.toolkits",
    source: str | None = None,
    version: str = "1.0",
) -> None:
    """Put the metadata of a distribution with one plugin, and its module, into a folder."""
    metadata = folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Name: {distribution}\nVersion: {version}\n")
    (metadata / "entry_points.txt").write_text(f"[{group}]\n{key} = {module}\n")
    if source is not None:
        (folder / f"{module}.py").write_text(source)


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
    assert ["key", "distribution", "version", "entry_point", "problem", "kind"] == list(listing)
    assert "toolkit" == listing["kind"]
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
    assert "broken: 'crash' of broken 1.0 (module_that_is_not_there): loading it" in process.stderr
    assert "To mend it, install broken again, or a newer version, from where" in process.stderr
    assert "uninstall it or set RLCORE_DISABLE_PLUGINS=broken." in process.stderr


@pytest.mark.usefixtures("with_double")
def test_doctor_finds_a_double(rlcore: Run) -> None:
    """Both distributions are named."""
    process = rlcore("toolkits", "doctor", "--json")

    reports = [each for each in json.loads(process.stdout) if each["key"] == "vw"]
    assert (1, 2) == (process.returncode, len(reports))
    assert all("rl-plugin-vw" in each["problem"] for each in reports)
    assert all("second 1.0" in each["problem"] for each in reports)


SOUND = Wrong(check="", says="").source
CARELESS = """
import logging, os, warnings
os.environ["A"] = "b"
os.chdir("/")
logging.basicConfig()
warnings.simplefilter("ignore")
"""
PARENTAL = """
import subprocess, time
open(MARK, "w").write(str(subprocess.Popen(["sleep", "99"]).pid))
time.sleep(0.2)
"""
# What stands at the end of a sound plugin -> its state, and what the doctor says of it.
FOUND = {
    "sound": ("", "ok", ""),
    "loud": ("print('hello')", "untidy", "it prints when it is loaded: 'hello'"),
    "sleepy": ("import time; time.sleep(1)", "slow", "its import takes 1."),
    "heavy": ("import boto3", "untidy", "its import loads boto3, botocore"),
    "careless": (
        CARELESS,
        "untidy",
        "its import changes os.environ, the working folder, warnings filters, the root logger,",
    ),
    "mute": ("import os; os._exit(3)", "broken", "loading it ended the process with exit code 3"),
    "dying": ("import os, signal; os.kill(os.getpid(), 9)", "broken", "with exit code -9"),
    "wordy": ("known_versions = 'none'", "broken", "its known_versions lacks the mark"),
    "lying": ("METRICS = ('reward',)", "broken", "'default_metrics' answered with a str instead"),
    "modern": ("rlcore_contract = 2", "broken", "this rlcore knows 1: rlcore is too old"),
    "imageless": (
        "image_uri = hookimpl(lambda release: None)",
        "broken",
        "'image_uri' answered with nothing instead of a str",
    ),
    "forgetful": (
        "release_from_image = hookimpl(lambda image_uri: [][0])",
        "broken",
        "'release_from_image' raised IndexError",
    ),
    "fickle": (
        "validate_version = hookimpl(lambda version: 1 / 0 if version == '9' else [])",
        "broken",
        "'validate_version' answered with a list",
    ),
    "refusing": (
        "known_versions = hookimpl(lambda: ('1.0', '9'))",
        "broken",
        "it lists a release that it then refuses: no 9; there are 1.0, 1.1",
    ),
    "threaded": (
        "import threading, time; threading.Thread(target=time.sleep, args=(99,)).start()",
        "untidy",
        "its import changes threads",
    ),
    "parental": (
        PARENTAL,
        "slow",
        "its import takes 0.",
    ),
    "wordless": ("import sys; sys.stdout.write('x' * 10**6 + chr(10))", "untidy", "it prints"),
}


def test_the_doctor_finds_what_a_list_cannot_see(
    rlcore: Run, tmp_path: Path, environment: dict[str, str]
) -> None:
    """Each plugin is loaded in a process of its own, and none harms another, nor the doctor."""
    site = tmp_path / "site"
    for name, (more, _, _) in FOUND.items():
        source = f"{SOUND(name)}\n{more}\n".replace("MARK", repr(str(tmp_path / "pid")))
        install(site, f"rl-plugin-{name}", name, f"doctored_{name}", source=source)
    environment["PYTHONPATH"] += os.pathsep + str(site)

    process = rlcore("toolkits", "doctor", "--json")

    reports = {each["key"]: each for each in json.loads(process.stdout)}
    assert (1, "") == (process.returncode, process.stderr)
    assert {name: state for name, (_, state, _) in FOUND.items()} == {
        name: reports[name]["state"] for name in FOUND
    }
    for name, (_, state, says) in FOUND.items():
        found = reports[name]
        assert says in " ".join([found["problem"] or "", *found["advice"]])
        assert (state == "broken") == bool(found["problem"])
        mend = f"install rl-plugin-{name} again, or a newer version, from where you have it"
        assert ([] if state == "ok" else [mend]) == found["cure"] or name == "modern"
    sound = reports["sound"]
    assert (1, [1, 1], 2, []) == (
        sound["contract"], sound["contracts_known"], sound["releases"], sound["cure"],
    )  # fmt: skip
    assert sound["seconds"] < 0.1
    assert ["in a newer checkout of rlcore: pip install --upgrade ."] == reports["modern"]["cure"]
    assert 100_000 == len(reports["wordless"]["printed"])
    assert gone(int((tmp_path / "pid").read_text()))


def test_the_doctor_tells_the_cure(rlcore: Run, with_double: None) -> None:
    """To a person, below the table."""
    del with_double

    process = rlcore("toolkits", "doctor")

    assert 1 == process.returncode
    assert "doubled\tvw\tsecond 1.0\t0\t" in process.stdout
    assert "To mend it, pip uninstall rl-plugin-vw or pip uninstall second; to leave it" in (
        process.stderr
    )


def test_what_is_switched_off(rlcore: Run, environment: dict[str, str]) -> None:
    """The doctor says why it is not there; the list does not show it, and that is no failure."""
    environment["RLCORE_DISABLE_PLUGINS"] = "rl-plugin-vw"

    listed, process = rlcore("toolkits"), rlcore("toolkits", "doctor")

    assert "vw" not in listed.stdout
    assert 0 == process.returncode
    assert "off\tvw\trl-plugin-vw " in process.stdout
    assert "RLCORE_DISABLE_PLUGINS leaves it out. To mend it, unset RLC" in process.stderr


def test_what_is_shadowed(rlcore: Run, tmp_path: Path, environment: dict[str, str]) -> None:
    """An older copy on the path is never used; the doctor shows both places."""
    install(tmp_path / "site", "rl-plugin-vw", "vw", "rl_plugin_vw", version="0.0.9")
    environment["PYTHONPATH"] += os.pathsep + str(tmp_path / "site")

    process = rlcore("toolkits", "doctor")

    assert 0 == process.returncode
    assert "ok\tvw\trl-plugin-vw 0.1.0\t" in process.stdout
    assert "shadowed\tvw\trl-plugin-vw 0.0.9\t" in process.stdout
    assert f"hides the one in {tmp_path / 'site'}" in process.stderr


def test_extensions_are_listed(rlcore: Run, tmp_path: Path, environment: dict[str, str]) -> None:
    """Below the toolkits, from metadata alone; the doctor loads them."""
    group = "rlcore.extensions"
    install(tmp_path / "site", "rl-mirror", "mirror", "mirror", group=group, source=MIRROR)
    install(tmp_path / "site", "rl-torn", "torn", "torn", group=group, source="1 / 0")
    environment["PYTHONPATH"] += os.pathsep + str(tmp_path / "site")

    listed, process = rlcore("toolkits"), rlcore("toolkits", "doctor")

    assert "vw\trl-plugin-vw\t0.1.0\ttoolkit\n" in listed.stdout
    assert "mirror\trl-mirror\t1.0\textension\n" in listed.stdout
    assert 1 == process.returncode
    assert "ok\tmirror\trl-mirror 1.0\t0\t" in process.stdout
    assert "broken\ttorn\trl-torn 1.0\t0\t" in process.stdout
    assert "broken: 'torn' of rl-torn 1.0 (torn): loading it raised ZeroDiv" in process.stderr
    assert "ok\tvw\t" in process.stdout  # Only what is torn is to be mended.


def test_a_wrapper_that_fails_is_found(
    rlcore: Run, tmp_path: Path, environment: dict[str, str]
) -> None:
    """Toolkits are asked through the extensions; what one prints, or forbids, is no fault."""
    forbids = """
import rlcore
from rlcore.errors import UnsupportedVersion

@rlcore.hookimpl(wrapper=True)
def validate_version(version):
    release = yield
    print("asked")
    raise UnsupportedVersion("not in this house")
"""
    group = "rlcore.extensions"
    site = tmp_path / "site"
    install(site, "rl-forbids", "forbids", "forbids", group=group, source=forbids)
    environment["PYTHONPATH"] += os.pathsep + str(site)

    sound = rlcore("toolkits", "doctor")
    wrong = MIRROR.replace("(yield)", "None + (yield)")
    (site / "forbids.py").write_text(wrong)
    process = rlcore("toolkits", "doctor")

    assert (0, "") == (sound.returncode, sound.stderr)
    assert 1 == process.returncode
    assert "ok\tforbids\t" in process.stdout
    assert "broken\tvw\trl-plugin-vw 0.1.0\t1\t" in process.stdout
    assert (
        "broken: 'vw' of rl-plugin-vw 0.1.0 (rl_plugin_vw): its hook 'image_uri' raised Type"
        in (process.stderr)
    )
    assert "wrapped by the extension 'forbids' of rl-forbids 1.0 (forbids), whose" in process.stderr


def test_the_doctor_tells_who_has_a_bad_key(
    rlcore: Run, tmp_path: Path, environment: dict[str, str]
) -> None:
    """Also of a distribution that has lost its name; another's key is nobody's fault."""
    for distribution, key in (("rl-plugin-cap", "Cap"), ("rl-plugin-lost", "lost")):
        install(tmp_path / "site", distribution, key, f"of_{key}", source="1 / 0")
    (tmp_path / "site/rl_plugin_lost-1.0.dist-info/METADATA").unlink()
    environment["PYTHONPATH"] += os.pathsep + str(tmp_path / "site")

    listed, process = rlcore("toolkits"), rlcore("toolkits", "doctor")

    assert (0, 1) == (listed.returncode, process.returncode)
    assert "lost\tunknown distribution\t?\n" in listed.stdout.replace("\t\n", "\n")
    assert "broken: 'Cap' of rl-plugin-cap 1.0 (of_Cap): its key must be" in process.stderr
    assert "broken: 'lost' of unknown distribution ? (of_lost): loading it" in process.stderr
    assert "install its distribution again" in process.stderr


def test_an_interruption_ends_the_doctor(tmp_path: Path, environment: dict[str, str]) -> None:
    """Ctrl-C does not reach a session of its own; what is being loaded is ended all the same."""
    mark = tmp_path / "pid"
    stuck = f"import os\nopen({str(mark)!r}, 'w').write(str(os.getpid()))\nwhile True: pass"
    install(tmp_path / "site", "rl-plugin-stuck", "stuck", "doctored_stuck", source=stuck)
    environment["PYTHONPATH"] += os.pathsep + str(tmp_path / "site")
    doctor = subprocess.Popen(
        [sys.executable, "-m", "rlcore", "toolkits", "doctor"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not (mark.is_file() and mark.read_text()):
        assert doctor.poll() is None
        time.sleep(0.05)

    doctor.send_signal(signal.SIGINT)

    doctor.wait(timeout=30)
    assert gone(int(mark.read_text()))


def gone(pid: int) -> bool:
    """Tell whether a process has ended, be it that nobody has asked for its end yet."""
    status = Path(f"/proc/{pid}/status")
    return not status.is_file() or "\nState:\tZ" in status.read_text()


def test_a_plugin_that_never_ends_loading(tmp_path: Path, monkeypatch: Any) -> None:
    """Patience ends, and the process with it."""
    install(tmp_path, "rl-plugin-stuck", "stuck", "doctored_stuck", source="while True: pass")
    monkeypatch.syspath_prepend(tmp_path)
    [listing] = [each for each in ToolkitRegistry().available() if each.key == "stuck"]

    found = examine(listing, TOOLKITS, patience=1.5)

    assert "loading it did not end within 1.5 seconds" in str(found.problem)


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

"""Environments on this machine: real uv, real interpreters, wheels made by hand."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rlcore.errors import BuildFailed, DiskFull, EnvironmentUnavailable, InterpreterNotFound
from rlcore.platforms.local.environments import Built, Environments, hold
from rlcore.platforms.local.locks import locked
from rlcore.spec import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator

LABEL = "vw 8.7.0"
ANY_PYTHON = ">=3.10"
EMPTY = Environment(python=ANY_PYTHON, requirements=())
INSTALLED = "Installed 1 package"
TINY = Environment(python=ANY_PYTHON, requirements=("tiny==1.0",))
OLD_PYTHONS = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
BUILD_TINY = f"""
import os, signal, sys
from pathlib import Path
from rlcore.platforms.local.environments import Environments
from rlcore.spec import Environment

def log(line):
    print(line, flush=True)
    if len(sys.argv) > 2 and line.startswith(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

environment = Environment(python={ANY_PYTHON!r}, requirements=("tiny==1.0",))
print(Environments(Path(sys.argv[1])).build(environment, label="vw", log=log).python)
"""


def write_wheel(
    folder: Path, name: str, version: str = "1.0", *, requires: tuple[str, ...] = ()
) -> Path:
    """Write a pure wheel with one module, and a script `<name>-say` that prints its version."""
    information = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files = {
        f"{name}.py": f"VERSION = {version!r}\n\n\ndef say():\n    print(VERSION)\n",
        f"{information}/METADATA": metadata + "".join(f"Requires-Dist: {r}\n" for r in requires),
        f"{information}/WHEEL": (
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
        f"{information}/entry_points.txt": f"[console_scripts]\n{name}-say = {name}:say\n",
    }
    files[f"{information}/RECORD"] = "".join(f"{path},,\n" for path in files)
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return wheel


@pytest.fixture
def environments(tmp_path: Path) -> Environments:
    """Return the environments of an empty folder."""
    return Environments(tmp_path / "environments")


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of wheels that pip's configuration names; the index is not asked."""
    folder = tmp_path / "wheels"
    write_wheel(folder, "tiny")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return folder


def silent(line: str) -> None:
    """Take a line of progress and drop it."""


def output(*command: str | Path) -> str:
    """Return what a program prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def files(folder: Path) -> dict[str, tuple[int, int]]:
    """Return inode and time of change of every file below the folder."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_ino, path.lstat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.name != "environment.json" and path.suffix != ".pyc" and not path.is_dir()
    }


def test_environment_that_was_not_built_is_not_found(environments: Environments) -> None:
    """Asking builds nothing, not even the folder."""
    assert environments.find(EMPTY) is None
    assert [] == environments.all()


def test_built_environment_is_found_and_runs(environments: Environments) -> None:
    """What `build` returns is what `find` finds: an isolated Python of the machine."""
    built = environments.build(EMPTY, label=LABEL, log=silent)
    assert built == environments.find(EMPTY)
    assert [built] == environments.all()
    assert LABEL == built.label
    assert built.version == output(
        built.python, "-c", "import platform; print(platform.python_version())"
    )
    assert str(built.path) == output(built.python, "-c", "import sys; print(sys.prefix)")
    assert built.size > 0


def test_second_build_builds_nothing(environments: Environments) -> None:
    """What is cached is returned without a word."""
    built = environments.build(EMPTY, label=LABEL, log=silent)
    lines: list[str] = []
    assert built == environments.build(EMPTY, label="another label", log=lines.append)
    assert [] == lines


def test_finding_takes_no_time(environments: Environments) -> None:
    """It is on the way of every job's start: less than 1 ms, at the best of ten."""
    environments.build(EMPTY, label=LABEL, log=silent)

    def seconds() -> float:
        start = time.perf_counter()
        environments.find(EMPTY)
        return time.perf_counter() - start

    assert 0.001 > min(seconds() for _ in range(10))


def test_requirements_come_from_the_registry(environments: Environments) -> None:
    """A pinned distribution of the machine's index is importable in the environment."""
    environment = Environment(python=ANY_PYTHON, requirements=("six==1.17.0",))
    built = environments.build(environment, label=LABEL, log=silent)
    assert "1.17.0" == output(built.python, "-c", "import six; print(six.__version__)")


@pytest.mark.usefixtures("wheels")
def test_pip_configuration_is_passed_on(environments: Environments) -> None:
    """A wheel that only pip's `find-links` offers is installed; its script outlives the rename."""
    lines: list[str] = []
    built = environments.build(TINY, label=LABEL, log=lines.append)
    assert "1.0" == output(built.path / "bin" / "tiny-say")
    assert 1 == sum(line.startswith(INSTALLED) for line in lines)


@pytest.mark.usefixtures("wheels")
def test_lock_is_installed_as_it_stands(environments: Environments, wheels: Path) -> None:
    """What a locked distribution asks for beyond the lock is not installed."""
    write_wheel(wheels, "greedy", requires=("nowhere-to-be-found",))
    environment = Environment(python=ANY_PYTHON, requirements=("greedy==1.0",))
    built = environments.build(environment, label=LABEL, log=silent)
    assert "1.0" == output(built.path / "bin" / "greedy-say")


def hashed(wheel: Path) -> str:
    """Return the pin of a wheel with its hash."""
    name, version, *_ = wheel.name.split("-")
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"


def test_lock_of_hashes_is_installed(
    environments: Environments, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that are what the lock says; PyTorch's own index is not asked for another build."""
    monkeypatch.delenv("PIP_NO_INDEX")
    torch = write_wheel(wheels, "torch", "0.0.7", requires=("nowhere-to-be-found",))
    pins = (hashed(write_wheel(wheels, "tiny")), hashed(torch))
    environment = Environment(python=ANY_PYTHON, requirements=pins)
    built = environments.build(environment, label=LABEL, log=silent)
    assert "1.0" == output(built.path / "bin" / "tiny-say")
    assert "0.0.7" == output(built.path / "bin" / "torch-say")


@pytest.mark.parametrize("others", [(), ("other==1.0",)])
def test_lock_whose_hash_does_not_match_is_refused(
    environments: Environments, wheels: Path, others: tuple[str, ...]
) -> None:
    """A file that is not the locked one is named, also where other pins have no hash."""
    write_wheel(wheels, "other")
    pins = (f"tiny==1.0 --hash=sha256:{'0' * 64}", *others)
    environment = Environment(python=ANY_PYTHON, requirements=pins)
    with pytest.raises(BuildFailed, match="vw 8.7.0 failed: .*Hash mismatch for `tiny==1.0`"):
        environments.build(environment, label=LABEL, log=silent)
    assert environments.find(environment) is None


@pytest.mark.usefixtures("wheels")
def test_ten_processes_build_once(environments: Environments, tmp_path: Path) -> None:
    """All get the same environment, and one of them alone has run the installer."""
    command = [sys.executable, "-c", BUILD_TINY, str(tmp_path / "environments")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(10)]
    outputs = [process.communicate(timeout=50)[0].splitlines() for process in processes]
    built = environments.find(TINY)
    assert built is not None
    assert {str(built.python)} == {lines[-1] for lines in outputs}
    assert 1 == sum(line.startswith(INSTALLED) for lines in outputs for line in lines)


@pytest.fixture
def killed_build(wheels: Path, tmp_path: Path) -> Path:  # noqa: ARG001 - pip finds `tiny`
    """Kill a build while uv installs, and return the half-built folder once uv has ended."""
    root = tmp_path / "environments"
    command = [sys.executable, "-c", BUILD_TINY, str(root), "Resolved"]
    assert -signal.SIGKILL == subprocess.run(command, capture_output=True, check=False).returncode
    [partial] = root.glob("*.partial")
    with locked(partial.with_suffix(".lock")):  # uv has inherited it
        pass
    return partial


def test_killed_build_is_never_used(environments: Environments, killed_build: Path) -> None:
    """It is neither found nor listed, and the next build starts afresh."""
    assert environments.find(TINY) is None
    assert [] == environments.all()
    (killed_build / "left-over").touch()
    built = environments.build(TINY, label=LABEL, log=silent)
    assert not killed_build.exists()
    assert not (built.path / "left-over").exists()
    assert "1.0" == output(built.path / "bin" / "tiny-say")


def test_prune_removes_a_killed_build(environments: Environments, killed_build: Path) -> None:
    """Whatever its age; it does not count as an environment that was removed."""
    assert [] == environments.prune()
    assert not killed_build.exists()


def test_prune_leaves_a_build_in_progress(environments: Environments, killed_build: Path) -> None:
    """A half-built folder whose lock is held is somebody's work."""
    with locked(killed_build.with_suffix(".lock")):
        environments.prune(older_than=0)
    assert killed_build.exists()


@pytest.mark.usefixtures("wheels")
def test_failed_build_tells_the_last_lines(environments: Environments, tmp_path: Path) -> None:
    """The message names the release and ends as uv's output does; nothing is left behind."""
    environment = Environment(python=ANY_PYTHON, requirements=("nowhere-to-be-found==1.0",))
    lines: list[str] = []
    with pytest.raises(BuildFailed) as raised:
        environments.build(environment, label=LABEL, log=lines.append)
    message = str(raised.value)
    assert message.startswith("Building the environment of vw 8.7.0 failed: Because nowhere-to")
    assert message.endswith(lines[-1])
    assert "nowhere-to-be-found" in message
    assert [".lock"] == [path.suffix for path in (tmp_path / "environments").iterdir()]


def test_missing_interpreter_is_named(environments: Environments) -> None:
    """The message has the release, what it needs, what was looked at, and the way out."""
    environment = Environment(python=">=2.4,<2.5", requirements=())
    with pytest.raises(InterpreterNotFound) as raised:
        environments.build(environment, label=LABEL, log=silent)
    message = str(raised.value)
    assert message.startswith("vw 8.7.0 needs Python >=2.4,<2.5, and this machine has none")
    assert str(Path(sys.executable).resolve().parent) in message
    assert "pyenv install 2.4" in message
    assert [] == environments.all()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of 256 kB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    if mount is None or unmount is None:
        pytest.skip("no mount on this machine")
    options = ["-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    mounted = subprocess.run([mount, *options], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount a small file system")
    yield folder
    subprocess.run([unmount, str(folder)], check=True)


def test_full_disk_is_named(small_disk: Path) -> None:
    """Whatever runs out of room, the message says where and how much is left; nothing is left."""
    (small_disk / "filler").write_bytes(b"x" * 240_000)
    environments = Environments(small_disk / "environments")
    with pytest.raises(DiskFull, match=r"bytes are free in .*small/environments.*env prune"):
        environments.build(EMPTY, label=LABEL, log=silent)
    assert [] == environments.all()
    assert [] == list(small_disk.glob("environments/*.partial"))


def layered(
    environments: Environments, base: Built, tmp_path: Path, text: str, name: str = "job"
) -> Built:
    """Return the layer of a requirements file with that text, in a folder of that name."""
    requirements = tmp_path / name / "requirements.txt"
    requirements.parent.mkdir(exist_ok=True)
    requirements.write_text(text, "utf-8")
    return environments.layer(base, requirements, log=silent)


@pytest.fixture
def base(environments: Environments, wheels: Path) -> Built:
    """Return an environment with `tiny` in it, while a newer `tiny` and others are on offer."""
    built = environments.build(TINY, label=LABEL, log=silent)
    write_wheel(wheels, "tiny", "2.0")
    write_wheel(wheels, "extra", requires=("tiny", "other"))
    write_wheel(wheels, "other")
    return built


def test_layer_adds_what_the_base_lacks(
    environments: Environments, base: Built, tmp_path: Path
) -> None:
    """The base's distributions stay the very files they were, and the base knows of nothing."""
    before = files(base.path)
    layer = layered(environments, base, tmp_path, "extra\n")
    assert before == files(base.path)
    assert base == environments.find(TINY)
    assert "1.0 1.0 1.0" == output(
        layer.python,
        "-c",
        "import tiny, extra, other as o; print(tiny.VERSION, extra.VERSION, o.VERSION)",
    )
    [tiny] = base.path.glob("lib/*/site-packages/tiny.py")
    assert tiny.stat().st_ino == (layer.path / tiny.relative_to(base.path)).stat().st_ino
    assert "vw 8.7.0 with requirements.txt" == layer.label
    assert base.version == layer.version


def test_layer_is_cached_by_content(
    environments: Environments, base: Built, tmp_path: Path
) -> None:
    """The same requirements in another folder are the same layer; others are another."""
    first = layered(environments, base, tmp_path, "extra\n", "one")
    assert first == layered(environments, base, tmp_path, "extra\n", "two")
    assert first != layered(environments, base, tmp_path, "other\n", "two")


def test_layer_of_files_belongs_to_their_folder(
    environments: Environments, base: Built, tmp_path: Path
) -> None:
    """Requirements that name files are read relative to their own folder, and cached for it."""
    for name, version in (("one", "1.0"), ("two", "2.0")):
        write_wheel(tmp_path / name / "own", "local", version)
        (tmp_path / name / "more.txt").write_text(f"./own/local-{version}-py3-none-any.whl\n")
    versions = [
        output(layer.path / "bin" / "local-say")
        for layer in (
            layered(environments, base, tmp_path, "-r more.txt\n", name) for name in ("one", "two")
        )
    ]
    assert ["1.0", "2.0"] == versions


def test_contradiction_to_the_base_is_explained(
    environments: Environments, base: Built, tmp_path: Path
) -> None:
    """The installer says which two requirements exclude each other."""
    with pytest.raises(BuildFailed, match=r"tiny==2.0 and\s+tiny==1.0"):
        layered(environments, base, tmp_path, "tiny==2.0\n")
    assert [base] == environments.all()


def test_layer_without_requirements_is_the_base(
    environments: Environments, base: Built, tmp_path: Path
) -> None:
    """A file of comments adds nothing and fails nothing."""
    layer = layered(environments, base, tmp_path, "# nothing yet\n")
    assert "1.0" == output(layer.path / "bin" / "tiny-say")


def test_hash_that_does_not_match_is_refused(
    environments: Environments, base: Built, tmp_path: Path
) -> None:
    """Hashes of a requirements file are checked."""
    with pytest.raises(BuildFailed, match="(?i)hash"):
        layered(environments, base, tmp_path, f"other==1.0 --hash=sha256:{'0' * 64}\n")


def test_layer_over_the_oldest_python(
    environments: Environments, wheels: Path, tmp_path: Path
) -> None:
    """Python 3.6 has layers too."""
    if not list(OLD_PYTHONS.glob("3.6.*")):
        pytest.skip("no Python 3.6 under pyenv")
    write_wheel(wheels, "other")
    environment = Environment(python="==3.6.*", requirements=("tiny==1.0",))
    base = environments.build(environment, label=LABEL, log=silent)
    layer = layered(environments, base, tmp_path, "other\n")
    code = "import sys, tiny, other; print(sys.version_info[1], tiny.VERSION, other.VERSION)"
    assert "6 1.0 1.0" == output(layer.python, "-c", code)


def test_prune_removes_what_was_not_used(environments: Environments) -> None:
    """Age counts from the last use, and the last use is the last find."""
    built = environments.build(EMPTY, label=LABEL, log=silent)
    os.utime(built.path / "environment.json", (1.0, 1.0))
    environments.find(EMPTY)
    assert [] == environments.prune(older_than=1000)
    later = time.time() + 2000
    assert [built] == environments.prune(older_than=1000, clock=lambda: later)
    assert environments.find(EMPTY) is None
    assert not built.path.exists()


def test_prune_leaves_what_is_held(environments: Environments) -> None:
    """An environment in use stays, whatever its age; afterwards it goes."""
    built = environments.build(EMPTY, label=LABEL, log=silent)
    with hold(built):
        assert [] == environments.prune(older_than=0)
        assert built == environments.find(EMPTY)
    assert [built] == environments.prune(older_than=0)


def test_environment_cannot_be_held_once_pruned(environments: Environments) -> None:
    """Whoever found it a moment too early hears that it is gone."""
    built = environments.build(EMPTY, label=LABEL, log=silent)
    environments.prune(older_than=0)
    with pytest.raises(EnvironmentUnavailable, match="removed just now"), hold(built):
        pass


def test_environment_without_its_interpreter_is_built_again(environments: Environments) -> None:
    """An uninstalled Python leaves an environment that cannot run: not found, and pruned."""
    built = environments.build(EMPTY, label=LABEL, log=silent)
    for _ in range(2):
        built.python.unlink()
        built.python.symlink_to("/nowhere/python")
        assert environments.find(EMPTY) is None
        assert environments.build(EMPTY, label=LABEL, log=silent) == environments.find(EMPTY)
    built.python.unlink()
    environments.prune()
    assert not built.path.exists()

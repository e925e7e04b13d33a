"""The place where environments are played: a release's Python, our code, the user's modules."""

from __future__ import annotations

import io
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from rlcore.errors import InvalidArgument, PluginError, SourceError
from rlcore.evaluation import check_environment
from rlcore.evaluation.workshop import workshop
from rlcore.spec import Environment, ToolkitRelease, Unavailable

PYTHON = f"=={sys.version_info.major}.{sys.version_info.minor}.*"
RELEASE = ToolkitRelease(
    toolkit="toy",
    version="1.0",
    training=Environment(python=PYTHON, requirements=()),
    serving=Unavailable(reason="Nothing serves it."),
    script_packages=("rlscript_ray",),
)
GAME = """
class Game:
    observation_space = action_space = None

    def reset(self, seed=None):
        return 0, {}

    def step(self, action):
        return 0, 1.0, True, False, {}
"""


def wheel(folder: Path, name: str, module: str) -> Path:
    """Write a wheel with one module."""
    path, information = folder / f"{name}-1.0-py3-none-any.whl", f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": module,
        f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{information}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{information}/RECORD"] = "".join(f"{file},,\n" for file in files)
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    return path


def test_the_users_requirements(tmp_path: Path) -> None:
    """What `requirements.txt` names is there beside the release's own, built and told of once."""
    (tmp_path / "requirements.txt").write_text(f"./{wheel(tmp_path, 'tinygame', GAME).name}\n")
    told: list[str] = []

    for log in (told.append, pytest.fail):
        report = check_environment("tinygame:Game", release=RELEASE, source=tmp_path, log=log)

    assert ("toy 1.0", "Game") == (report.where, report.findings[0].detail)
    assert any("tinygame==1.0" in line for line in told)


def test_our_packages(tmp_path: Path) -> None:
    """Copies of ours and the toolkit's are beside each other, gone with the workshop."""
    with workshop(RELEASE, tmp_path, log=lambda _: None) as place:
        names = {path.name for path in place.code.iterdir()}
        assert place.source == tmp_path.resolve()
        assert place.python.exists()

    assert {"rlscript", "rlserving", "rlscript_ray"} == names
    assert not place.folder.exists()


def test_hostile_archive(tmp_path: Path) -> None:
    """An archive that would write elsewhere is refused."""
    path = tmp_path / "source.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("../evil.py"), io.BytesIO())

    with pytest.raises(SourceError, match="leads out of the archive"):
        check_environment("evil:make", python=Path(sys.executable), source=path)


def test_what_is_missing(tmp_path: Path) -> None:
    """A source that is not there, no release, a package that is not installed."""
    with pytest.raises(SourceError, match="There is no source"):
        check_environment("a:b", python=Path(sys.executable), source=tmp_path / "nowhere")
    with pytest.raises(InvalidArgument, match="Which toolkit's environment is it"):
        check_environment("a:b")
    lost = ToolkitRelease(
        toolkit="toy",
        version="1",
        training=RELEASE.training,
        serving=RELEASE.serving,
        script_packages=("rlscript_lost",),
    )
    with pytest.raises(PluginError, match="'rlscript_lost' is not installed"):
        check_environment("a:b", release=lost)

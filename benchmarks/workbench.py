"""Where things are measured: environments for us and for the peers, outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import attrs

CHECKOUT = Path(__file__).parents[1]
DISTRIBUTIONS = (".", "plugins/ray", "plugins/coach_tf", "tests/distributions/rl-plugin-vw")
PEERS = {
    "TorchX": ("torchx==0.7.0",),
    "SDK v2": ("sagemaker<3",),
    "llm": ("llm==0.36",),
    "bare ASGI": ("uvicorn==0.54.0", "httptools", "uvloop", "onnxruntime==1.31.1"),
    "Ray Serve": ("ray[serve]==2.60.0", "onnxruntime==1.31.1"),
    "MLflow": ("mlflow==3.17.2", "onnx==1.23.2", "onnxruntime==1.31.1"),
}


@attrs.frozen(kw_only=True)
class Workbench:
    """Everything that a measurement needs.

    Attributes:
        bin: Folder of our environment's commands.
        peers: The same of each peer; one that could not be installed is not there.
        environ: Environment variables of every measured process.
        folder: An empty folder for whatever is generated.
        repeats: How many times each command runs.
    """

    bin: Path
    peers: Mapping[str, Path]
    environ: Mapping[str, str]
    folder: Path
    repeats: int

    @property
    def quick(self) -> bool:
        """Whether this run only shows that the measurements work."""
        return self.repeats == 1


def workbench(folder: Path, *, quick: bool) -> Workbench:
    """Install us and the peers, or with *quick* only what is measured, without dependencies."""
    cache = Path(os.environ.get("RLCORE_BENCH_CACHE", "~/.cache/rlcore-bench")).expanduser()
    environ = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    environ["RLCORE_HOME"] = str(folder / "home")
    if quick:
        target = folder / "plugins"
        _pip(Path(sys.executable), "--no-deps", "--no-build-isolation", "--target", target,
             CHECKOUT / DISTRIBUTIONS[-1])  # fmt: skip
        environ["PYTHONPATH"] = str(target)
        own, peers = Path(sys.executable).parent, {}
    else:
        own = _ours(cache, folder / "wheels")
        peers = _peers(cache)
    return Workbench(
        bin=own, peers=peers, environ=environ, folder=folder, repeats=1 if quick else 7
    )


def build_wheels(target: Path) -> list[Path]:
    """Build the wheels of core and of the plugins that are measured, core's first."""
    for distribution in DISTRIBUTIONS:
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
        subprocess.run(command, cwd=CHECKOUT / distribution, check=True, capture_output=True)
    return sorted(target.glob("*.whl"), key=lambda wheel: not wheel.name.startswith("rlcore-"))


def install_size_target(target: Path, *requirements: str) -> Path:
    """Install requirements and their dependencies into a fresh folder, and return the folder."""
    _pip(Path(sys.executable), "--target", target, *requirements)
    return target


def _ours(cache: Path, wheels: Path) -> Path:
    """Install the built wheels: an editable install has costs that a user's has not."""
    core, *plugins = build_wheels(wheels)
    folder = cache / "rlcore"
    python = folder / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    _pip(python, f"{core}[local]", *plugins)
    _pip(python, "--force-reinstall", "--no-deps", core, *plugins)
    return python.parent


def _peers(cache: Path) -> dict[str, Path]:
    found = {name: _peer(cache / name.replace(" ", "-"), pins) for name, pins in PEERS.items()}
    return {name: path for name, path in found.items() if path}


def _peer(folder: Path, requirements: tuple[str, ...]) -> Path | None:
    done, named = folder / "installed", " ".join(requirements)
    if not (done.exists() and done.read_text("utf-8") == named):
        print(f"Installing {named} into {folder} ...")
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        try:
            _pip(folder / "bin/python", *requirements)
        except subprocess.CalledProcessError:
            print(f"{named} cannot be installed here; its column stays empty.")
            return None
        done.write_text(named, encoding="utf-8")
    return folder / "bin"


def _pip(python: Path, *arguments: str | Path) -> None:
    command = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *arguments]
    subprocess.run([str(part) for part in command], check=True)

"""Which build of PyTorch an environment gets."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from rlcore.platforms.local.accelerators import backend_options, cpu_wheel_tags, pinned_torch

if TYPE_CHECKING:
    from pathlib import Path

MACHINE = os.uname().machine


@pytest.mark.parametrize(
    ("requirements", "version"),
    [
        ([], None),
        (["torchvision==0.28.0", "pytorch==1.0"], None),
        (["torch>=2"], None),
        (["numpy==2.0", "torch==2.13.0"], "2.13.0"),
        (["torch == 2.13.0 ; python_version > '3'"], "2.13.0"),
        (["torch==2.13.0+cpu"], "2.13.0"),
        (["torch==1.8.1 --hash=sha256:12"], None),
    ],
)
def test_pinned_torch(requirements: list[str], version: str | None) -> None:
    """The pin, without a local version; a hash leaves no choice of its build."""
    assert version == pinned_torch(requirements)


def test_wheels_without_cuda_are_found(tmp_path: Path) -> None:
    """Of that version, without CUDA, for this machine; pages and missing folders offer none."""
    for name in (
        f"torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_{MACHINE}.whl",
        f"torch-2.13.0+cpu-cp312-cp312-linux_{MACHINE}.whl",
        f"torch-2.13.0-cp310-cp310-manylinux_2_28_{MACHINE}.whl",
        f"torch-2.12.0+cpu-cp310-cp310-manylinux_2_28_{MACHINE}.whl",
        f"torch-2.13.0+cu130-cp313-cp313-manylinux_2_28_{MACHINE}.whl",
        "torch-2.13.0+cpu-cp313-cp313-win_other.whl",
        "torch-nonsense.whl",
    ):
        (tmp_path / name).touch()
    places = ["https://example.org/wheels", str(tmp_path / "missing"), str(tmp_path)]
    assert {"cp311", "cp312"} == cpu_wheel_tags("2.13.0", places)


@pytest.mark.parametrize(
    ("gpu", "cpu_wheel", "options"),
    [
        (False, True, []),
        (False, False, ["--torch-backend", "cpu"]),
        (True, False, ["--torch-backend", "auto"]),
        (True, True, ["--torch-backend", "auto"]),
    ],
)
def test_backend(
    monkeypatch: pytest.MonkeyPatch, *, gpu: bool, cpu_wheel: bool, options: list[str]
) -> None:
    """CUDA where there is a GPU, and nowhere else; uv's own variable decides before us."""
    monkeypatch.delenv("UV_TORCH_BACKEND", raising=False)
    assert options == backend_options(gpu=gpu, cpu_wheel=cpu_wheel)
    monkeypatch.setenv("UV_TORCH_BACKEND", "cu130")
    assert [] == backend_options(gpu=gpu, cpu_wheel=cpu_wheel)

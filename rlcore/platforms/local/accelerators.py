"""This machine's GPU: asked for by instance type, and decisive for the build of PyTorch.

Where there is none, nobody downloads CUDA.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from rlcore.errors import PlatformError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

_PINNED = re.compile(r"\s*torch\s*==\s*([^\s;,+]+)", re.IGNORECASE)
INSTANCE_TYPES = ("local", "local_gpu")
DEVICES = ("/dev/nvidia0", "/dev/dxg")  # the second one under WSL


def has_gpu() -> bool:
    """Return whether this machine shows a GPU that CUDA could use."""
    return any(map(os.path.exists, DEVICES))


def check_instance_type(given: str | None) -> None:
    """Raise `PlatformError` for an instance type that is not one of this machine's."""
    if given not in {None, *INSTANCE_TYPES}:
        elsewhere = f" On SageMaker it is 'ml.{given}'." if "." in str(given) else ""
        msg = (
            f"The local platform has no instance type {given!r}. Allowed are"
            f" {' and '.join(INSTANCE_TYPES)}, or none.{did_you_mean(str(given), INSTANCE_TYPES)}"
            f"{elsewhere}"
        )
        raise PlatformError(msg)
    if given == "local_gpu" and not has_gpu():
        msg = (
            "instance_type 'local_gpu' needs a GPU, and this machine shows none"
            f" ({' or '.join(DEVICES)}). Use 'local' to work on the processor."
        )
        raise PlatformError(msg)


def pinned_torch(requirements: Iterable[str]) -> str | None:
    """Return the version of PyTorch that the requirements pin and leave the build of open.

    Else None: where hashes stand behind the pin, the lock has chosen the build.
    """
    matches = filter(None, map(_PINNED.match, requirements))
    return next((match[1] for match in matches if "--hash=" not in match.string), None)


def cpu_wheel_tags(version: str, places: Iterable[str]) -> frozenset[str]:
    """Return the interpreters, e.g. `cp311`, for which a folder offers that PyTorch without CUDA.

    Args:
        version: PyTorch's version, without a local one.
        places: What `find-links` names; those that are no folders are not asked.
    """
    from packaging.utils import (  # noqa: PLC0415 - finding an environment must stay light
        InvalidWheelFilename,
        parse_wheel_filename,
    )

    tags = set()
    for wheel in (path for place in places for path in Path(place).glob("torch-*.whl")):
        try:
            _, offered, _, wheel_tags = parse_wheel_filename(wheel.name)
        except InvalidWheelFilename:
            continue
        if offered.public == version and offered.local == "cpu":
            machine = os.uname().machine
            tags |= {tag.interpreter for tag in wheel_tags if tag.platform.endswith(machine)}
    return frozenset(tags)


def backend_options(*, gpu: bool, cpu_wheel: bool) -> list[str]:
    """Return uv's options for PyTorch and its relatives; anything else is not concerned.

    Args:
        gpu: Whether the machine has a GPU.
        cpu_wheel: Whether `find-links` offers the wanted PyTorch without CUDA.
    """
    if os.environ.get("UV_TORCH_BACKEND") or (cpu_wheel and not gpu):
        return []
    return ["--torch-backend", "auto" if gpu else "cpu"]

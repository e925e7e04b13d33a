"""Archives of models, made for a test."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_BOX = {"type": "Box", "shape": [4], "dtype": "float32", "low": None, "high": None}
MANIFEST = json.dumps(
    {
        "format": 1,
        "toolkit": "ray.pytorch",
        "release": "2.60.0",
        "files": {"p.onnx": "0" * 64},
        "policies": {
            "default": {
                "graph": "p.onnx",
                "observation": _BOX,
                "action": {"type": "Discrete", "n": 2},
                "inputs": [{"name": "observation"}],
                "outputs": [{"name": "action"}],
            }
        },
    }
).encode()
"""A manifest of one policy, whose graph nobody loads."""


def packed(path: Path, files: Mapping[str, bytes]) -> Path:
    """Write an archive that holds *files*, and return its path."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path

"""The model folder: at every moment either the model before or the new one, never a mixture.

A kill can come at any time, and the platform packs whatever is there. Files are therefore named by
their content, and `policy.json`, which names them, is replaced in one step once they are complete.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Dict, Set

MANIFEST = "policy.json"


def publish_model(folder: Path, manifest: Dict[str, Any], files: Dict[str, bytes]) -> None:
    """Make this policy the model in the folder, in place of the one that is there.

    Args:
        folder: The model folder; files that `policy.json` does not name are left alone.
        manifest: The policy's manifest, which refers to the files by these names; `files`, their
            SHA-256 digests, is added.
        files: Content by name. A name must change with its content, as `named` makes it.
    """
    before = _names(folder)
    for name, content in files.items():
        _write(folder / name, content)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    text = json.dumps(dict(manifest, files=digests), indent=2) + "\n"
    _write(folder / MANIFEST, text.encode())
    for name in before - set(files):
        (folder / name).unlink()


def named(stem: str, suffix: str, content: bytes) -> str:
    """Return a file name that carries the content's digest."""
    return "{}-{}{}".format(stem, hashlib.sha256(content).hexdigest()[:12], suffix)


def read_manifest(folder: Path) -> Dict[str, Any]:
    """Return the manifest of the policy in a folder."""
    return dict(json.loads((folder / MANIFEST).read_text()))


def read_model(folder: Path) -> Dict[str, bytes]:
    """Return the content of the files that the folder's `policy.json` names."""
    return {name: (folder / name).read_bytes() for name in sorted(_names(folder))}


def _names(folder: Path) -> Set[str]:
    return set(read_manifest(folder)["files"]) if (folder / MANIFEST).exists() else set()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.parent / ("." + path.name)
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)

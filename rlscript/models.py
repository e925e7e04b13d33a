"""The model folder: at every moment either the model before or the new one, never a mixture.

A kill can come at any time, and the platform packs whatever is there. Files are therefore named by
their content, and `policy.json`, which names them, is replaced in one step once they are complete.
The inference code alone keeps its names: where another version of it is there, the model goes
without for a moment.
"""

import hashlib
import importlib.util
import json
import os
from pathlib import Path
from typing import Any, Dict, List, Set

MANIFEST = "policy.json"
# Where containers look for the code that serves a model, and what they call there.
CODE = "code"
ENTRY = "code/inference.py"
REQUIREMENTS = "code/requirements.txt"
# What images for PyTorch have not got.
_REQUIRED = b"onnxruntime>=1.17,<2\n"
_SERVING = "rlserving"


class InferenceCodeMissing(ImportError):
    """The package that answers for a model travels with the script, and is not there."""


def publish_model(folder: Path, manifest: Dict[str, Any], files: Dict[str, bytes]) -> None:
    """Make this policy the model in the folder, in place of the one that is there.

    Args:
        folder: The model folder; files that `policy.json` does not name are left alone, among them
            a `code/inference.py` or a `code/requirements.txt` of the user's own.
        manifest: The policy's manifest, which refers to the files by these names; `files`, their
            SHA-256 digests, is added.
        files: Content by name. A name must change with its content, as `named` makes it, unless
            the model is whole without the file.
    """
    before = _names(folder)
    own = {
        name
        for name in (ENTRY, REQUIREMENTS)
        if name in files and name not in before and _differs(folder / name, files[name])
    }
    if ENTRY in own:
        own.add(REQUIREMENTS)  # ours are not for code of the user's
    ours = {name: content for name, content in files.items() if name not in own}
    stale = [name for name, content in ours.items() if _differs(folder / name, content)]
    if stale:
        _withdraw(folder, stale)
    for name, content in ours.items():
        if not (folder / name).exists():
            _write(folder / name, content)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in ours.items()}
    _write_manifest(folder, dict(manifest, files=digests))
    for name in before - set(files):
        (folder / name).unlink()


def inference_code() -> Dict[str, bytes]:
    """Return the code by which containers serve a model's policies, for its folder.

    It is `code/inference.py` with the package `rlserving` beside it, which answers for policies
    that are described by `policy.json` as ONNX graphs, and `code/requirements.txt`, which images
    for inference install when they start.

    Raises:
        InferenceCodeMissing: `rlserving` cannot be imported here.
    """
    found = importlib.util.find_spec(_SERVING)
    if found is None or not found.origin:
        msg = "there is no package {!r} beside this one: put both into the folder of the script"
        raise InferenceCodeMissing(msg.format(_SERVING))
    modules = {path.name: path for path in sorted(Path(found.origin).parent.glob("*.py"))}
    place = "{}/{}/".format(CODE, _SERVING)
    code = {place + name: path.read_bytes() for name, path in modules.items()}
    code[REQUIREMENTS] = _REQUIRED
    # Last, since whoever finds it takes the rest to be there.
    code[ENTRY] = modules["inference.py"].read_bytes()
    return code


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


def _withdraw(folder: Path, names: List[str]) -> None:
    """Take files of other versions out of the model that is there, which is whole without them."""
    if (folder / MANIFEST).exists():
        manifest = read_manifest(folder)
        kept = {name: digest for name, digest in manifest["files"].items() if name not in names}
        _write_manifest(folder, dict(manifest, files=kept))
    # The last first: without `inference.py` none of the code is asked for.
    for name in reversed(names):
        (folder / name).unlink()


def _differs(path: Path, content: bytes) -> bool:
    return path.exists() and path.read_bytes() != content


def _write_manifest(folder: Path, manifest: Dict[str, Any]) -> None:
    _write(folder / MANIFEST, (json.dumps(manifest, indent=2) + "\n").encode())


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.parent / ("." + path.name)
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)

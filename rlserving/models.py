"""What a model folder is: policies of ours, a user's code, or a TensorFlow SavedModel."""

from pathlib import Path
from typing import Any, Dict, Optional

from . import manifest

PROGRAM = "inference.py"
_CODE = "code"
_SAVED = "saved_model.pb"
_NEITHER = (
    "the model has neither {} (an export of rlcore's), nor code/{} (inference code), nor a"
    " TensorFlow SavedModel ({}): give inference code, as entry_point; there are {}"
)


class UnknownModel(ValueError):
    """A folder that holds nothing that can be served."""


def open_model(document: Dict[str, Any]) -> Any:
    """Return the model that a worker's document describes.

    It has `names`, those of its policies; `batches`, which says whether it takes several requests
    at once; and `respond(requests)`, which raises nothing for what a request may hold.

    Args:
        document: The folder of the model (`model`); folder and file of the user's inference code
            (`code`, `program`), null where there is none; whether policies of ours refuse
            observations outside their bounds (`strict`).

    Raises:
        UnknownModel: The folder holds nothing that can be served.
        ManifestError: The policy's manifest, or a file that it names, is damaged.
        InvalidHandlers: The user's code lacks a function, or has functions that exclude each other.
    """
    folder = Path(document["model"])
    strict = bool(document.get("strict"))
    if document.get("program"):
        code = Path(document.get("code") or folder / _CODE)
        return _handlers(code, document["program"], folder, strict=strict)
    if brings_code(folder):
        return _handlers(folder / _CODE, PROGRAM, folder, strict=strict)
    if (folder / manifest.MANIFEST).is_file():
        from .policies import load  # noqa: PLC0415 - needs numpy

        return load(str(folder), strict)
    saved = saved_model(folder)
    if saved is None:
        names = ", ".join(sorted(each.name for each in folder.iterdir())) or "no files"
        raise UnknownModel(_NEITHER.format(manifest.MANIFEST, PROGRAM, _SAVED, names))
    from .savedmodel import SavedModel  # noqa: PLC0415 - needs numpy

    return SavedModel(saved)


def brings_code(folder: Path) -> bool:
    """Tell whether a model holds inference code of a user's; what came with a policy is ours.

    Raises:
        ManifestError: The policy's manifest is damaged.
    """
    if not (folder / _CODE / PROGRAM).is_file():
        return False
    ours = (folder / manifest.MANIFEST).is_file()
    return not ours or f"{_CODE}/{PROGRAM}" not in manifest.described(folder).files


def saved_model(folder: Path) -> Optional[Path]:
    """Return the SavedModel in a folder: of several versions, the newest."""
    found = [path.parent for path in folder.glob("**/" + _SAVED)]
    return max(found, key=_version, default=None)


def _version(path: Path) -> int:
    return int(path.name) if path.name.isdigit() else -1


def _handlers(code: Path, program: str, model: Path, *, strict: bool) -> Any:
    from .handlers import Handlers, import_program  # noqa: PLC0415 - only where there is such code

    return Handlers(import_program(code, program), model, strict=strict)

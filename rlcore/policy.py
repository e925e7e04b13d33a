"""The manifest of a model's archive, `policy.json`, read without unpacking the archive."""

from __future__ import annotations

import json
import os
import tarfile
import tempfile
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from rlcore import storage
from rlcore.errors import InvalidArgument, InvalidModel, did_you_mean
from rlscript import archives
from rlserving.manifest import MANIFEST, ManifestError, parse

if TYPE_CHECKING:
    from rlserving.manifest import Manifest

LONGEST_MANIFEST = 64 << 20


def address(model_data: str | os.PathLike[str]) -> str:
    """Return the address of a model's archive; a path becomes the `file://` address.

    Raises:
        InvalidModel: There is no such file, or it is a folder.
        InvalidArgument: It is neither a path nor an address that can be read.
    """
    text = os.fspath(model_data)
    if text.startswith("s3://"):
        return text
    if "://" in text and not text.startswith("file://"):
        msg = f"{text!r} is not the address of a model. Give a path, or file:// or s3://."
        raise InvalidArgument(msg)
    path = storage.to_path(text) if text.startswith("file://") else Path(text).expanduser()
    if path.is_dir():
        msg = f"{path} is a folder. Pack it: tar -czf model.tar.gz -C {path} ."
        raise InvalidModel(msg)
    if not path.is_file():
        siblings = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
        msg = f"There is no model {path}.{did_you_mean(path.name, siblings)}"
        raise InvalidModel(msg)
    return path.resolve().as_uri()


def manifest_of(model_data: str) -> Manifest | None:
    """Return the manifest of the archive at an address, None where it holds none.

    The files that the manifest names are not looked at: whatever serves them compares them.

    Raises:
        InvalidModel: It is no archive, a dangerous one, or its manifest is wrong.
        StorageError: It cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="rlcore-") as folder:
        path = storage.fetched(model_data, Path(folder))
        try:
            text = _read(path)
        except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
            reason = str(error).partition("\n")[0].rstrip(":")
            msg = f"{model_data} is not an archive of a model: {reason}"
            raise InvalidModel(msg) from error
    if text is None:
        return None
    try:
        return parse(json.loads(text))
    except (ManifestError, ValueError, RecursionError) as error:
        msg = f"{model_data} has a manifest that cannot be used: {error}"
        raise InvalidModel(msg) from error


def _read(path: Path) -> bytes | None:
    total = 0
    with archives.reading(path) as archive:
        for count, member in enumerate(archive):
            if str(PurePosixPath(member.name)) == MANIFEST:
                return _content(archive, member)
            total += member.size
            if count >= archives.MAXIMUM_MEMBERS or total > archives.MAXIMUM_BYTES:
                msg = "it holds more members or bytes than any model"
                raise tarfile.TarError(msg)
    return None


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member) if member.isfile() else None
    if file is None or member.size > LONGEST_MANIFEST:
        msg = f"its {MANIFEST} is no file, or longer than {LONGEST_MANIFEST} bytes"
        raise tarfile.TarError(msg)
    return file.read()

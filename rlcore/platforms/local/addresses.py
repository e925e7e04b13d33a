"""Where a job's artefacts go, as a person gives it: an address, or a path of this machine."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from rlcore.errors import InvalidArgument

_FILE = "file://"


def folder_uri(given: str, argument: str) -> str:
    """Return the address of the folder that *argument* names; looks, and writes nothing.

    Args:
        given: An `s3://` or `file://` address, or a path, which may be relative or begin with `~`.
        argument: Name of the argument, as the errors call it.

    Raises:
        InvalidArgument: It is no address of a folder; the message has the nearest that is.
    """
    if given.startswith("s3://"):
        return _s3_uri(given, argument)
    path = _addressed(given, argument) if given.startswith(_FILE) else _path(given, argument)
    _refuse_file_in_the_way(path, argument)
    return path.as_uri()


def _s3_uri(given: str, argument: str) -> str:
    if urlsplit(given).netloc:
        return given
    msg = f"{argument} {given!r} names no bucket. Write it as s3://BUCKET/FOLDER."
    raise InvalidArgument(msg)


def _addressed(given: str, argument: str) -> Path:
    """Return the path of a `file://` address."""
    parts = urlsplit(given)
    text = unquote(given[len(_FILE) :])
    if parts.path and parts.netloc in {"", "localhost"} and not (parts.query or parts.fragment):
        return Path(unquote(parts.path))
    if text.startswith("/"):
        wrong = "has a '?' or a '#', which ends the path of an address"
        raise InvalidArgument(_refusal(given, argument, wrong, Path(text)))
    wrong = f"has no full path after file://, where {parts.netloc!r} is the name of a machine"
    raise InvalidArgument(_refusal(given, argument, wrong, _meant(text)))


def _meant(text: str) -> Path:
    """Return the path meant by one whose first slash was forgotten, or that is relative."""
    first = Path("/", text).parts[1:2]
    forgotten = bool(first) and Path("/", *first).exists()
    return Path("/", text) if forgotten else _expanded(text)


def _path(given: str, argument: str) -> Path:
    scheme, colon, rest = given.partition(":")
    near = scheme.lower() in {"file", "s3"}
    if given and not (colon and near) and "://" not in given:
        return _expanded(given)
    rest = rest.lstrip("/") if near else "path/of/a/folder"
    nearest = f"s3://{rest}" if scheme.lower() == "s3" else Path("/", rest).as_uri()
    msg = (
        f"{argument} {given!r} is neither a path nor an address that the local platform knows."
        f" Allowed are paths, file:// and s3://, e.g. {nearest!r}."
    )
    raise InvalidArgument(msg)


def _expanded(path: str) -> Path:
    with suppress(RuntimeError):  # `~name` of a user who is not there is a folder of that name
        return Path(path).expanduser().resolve()
    return Path(path).resolve()


def _refusal(given: str, argument: str, wrong: str, meant: Path) -> str:
    return f"{argument} {given!r} {wrong}. Did you mean {meant.as_uri()!r}?"


def _refuse_file_in_the_way(folder: Path, argument: str) -> None:
    """Refuse a folder that cannot be made since it, or one above it, is a file."""
    with suppress(PermissionError):  # where one may not look, the start of the job tells
        for place in (folder, *folder.parents):
            if place.is_dir():
                return
            if place.exists():
                msg = f"{argument} {folder} cannot be a folder: {place} is a file. Name another."
                raise InvalidArgument(msg)

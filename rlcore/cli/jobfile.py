"""Job files: the arguments of an estimator and of its `fit`, in YAML or TOML."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rlcore import arguments
from rlcore.cli.notation import parse_yaml
from rlcore.errors import InvalidArgument, UnknownArgument, did_you_mean
from rlcore.kinds import Kind

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FIT = ("inputs", "job_name", "experiment_config")
"""Arguments of `fit`, which a job file may hold beside those of the estimator."""

_ANY_TYPE = {"inputs", "experiment_config"}
_PATHS = {"source_dir", "dependencies", "model_uri", "inputs"}
_TYPES: dict[Kind, tuple[type | tuple[type, ...], str]] = {
    Kind.TEXT: (str, "text; put it in quotes"),
    Kind.INTEGER: (int, "a whole number"),
    Kind.FLAG: (bool, "true or false"),
    Kind.LIST: (list, "a list"),
    Kind.MAPPING: (Mapping, "a mapping of names to values"),
}


def read_job(path: Path) -> dict[str, Any]:
    """Return the arguments in a job file, under their second generation's names.

    Relative paths in it are read from the file's folder, wherever the command is called.

    Raises:
        InvalidArgument: It cannot be read or parsed, or a value is of a wrong type.
        UnknownArgument: A key that is no argument; `ConflictingArguments` for two names of one.
    """
    document = _document(path)
    if not isinstance(document, Mapping):
        msg = f"{path} holds a {type(document).__name__}; it must map arguments to values."
        raise InvalidArgument(msg)
    _check_keys(document, path)
    of_fit = {key: value for key, value in document.items() if key in FIT}
    rest = {key: value for key, value in document.items() if key not in FIT}
    given = {**arguments.fold(rest), **of_fit}
    _check_types(given, path)
    paths = _PATHS if "source_dir" in given else {*_PATHS, "entry_point"}
    if given.get("git_config"):
        paths -= {"source_dir", "dependencies", "entry_point"}  # in the repository
    return {
        key: _anchored(value, path.parent) if key in paths else value
        for key, value in given.items()
    }


def _document(path: Path) -> Any:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"The job file {path} cannot be read: {error}"
        raise InvalidArgument(msg) from error
    if path.suffix != ".toml":
        return parse_yaml(text, str(path))
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        msg = f"{path} is not valid TOML: {error}"
        raise InvalidArgument(msg) from error


def _check_keys(document: Mapping[Any, Any], path: Path) -> None:
    names = {name for each in arguments.ARGUMENTS for name in (each.name, each.old_name) if name}
    for key in document:
        if key not in {*names, *FIT}:
            nearest = did_you_mean(str(key), sorted({*names, *FIT}))
            msg = (
                f"{path}: there is no argument {key!r}.{nearest} The keys are the arguments of"
                f" RLEstimator, {', '.join(FIT)}."
            )
            raise UnknownArgument(msg)


def _check_types(given: Mapping[str, Any], path: Path) -> None:
    """Refuse what the notation made of a value that was meant otherwise, as of version 0.10."""
    for name, value in given.items():
        is_pairs = name == "tags" and isinstance(value, list)  # the service's Key and Value
        if name not in _ANY_TYPE and not is_pairs:
            argument = arguments.BY_NAME.get(name)
            _check_type(name, value, argument.kind if argument else Kind.TEXT, path)
    for mapping in ("environment", "tags"):
        if isinstance(given.get(mapping), Mapping):
            for name, value in given[mapping].items():
                _check_type(f"{mapping}.{name}", value, Kind.TEXT, path)


def _check_type(name: str, value: Any, wanted: Kind, path: Path) -> None:
    types, words = _TYPES.get(wanted, (object, ""))
    is_boolean = isinstance(value, bool) and wanted is Kind.INTEGER  # to Python, True is an int
    if value is not None and (is_boolean or not isinstance(value, types)):
        msg = f"{path}: {name} is {value!r}; it must be {words}."
        raise InvalidArgument(msg)


def _anchored(value: Any, folder: Path) -> Any:
    """Return paths, alone or in a list or mapping, with the relative ones read from *folder*."""
    if isinstance(value, Mapping):
        return {name: _anchored(each, folder) for name, each in value.items()}
    if isinstance(value, list):
        return [_anchored(each, folder) for each in value]
    is_path = isinstance(value, str) and "://" not in value
    return str(folder / Path(value).expanduser()) if is_path else value

"""The inputs of a training job: strings, folders, dictionaries or the original's objects."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rlcore.errors import ConflictingArguments, InvalidArgument
from rlcore.spec import Channel

DEFAULT_CHANNEL = "training"
MODEL_TYPE = "application/x-sagemaker-model"
"""Content type of the channel that brings a model."""

MOST_CHANNELS = 20
_NAME = re.compile(r"[A-Za-z0-9.\-_]{1,64}")


def channels(inputs: Any) -> tuple[Channel, ...]:
    """Return the channels that *inputs* means, in the order given.

    A string, a path, a `Channel` or an object with a `.config` (the SDK's `s3_input`,
    `TrainingInput` and `FileSystemInput`) alone is the channel `training`; a mapping names one
    channel a key; a list holds `Channel` records.

    Raises:
        InvalidArgument: Inputs of another type, an address that is none, or a bad channel name.
        ConflictingArguments: Two channels of one name.
    """
    if inputs is None:
        return ()
    if isinstance(inputs, Mapping):
        found = [_channel(str(name), value) for name, value in inputs.items()]
    elif isinstance(inputs, (list, tuple)):
        found = [_listed(value) for value in inputs]
    else:
        found = [_channel(DEFAULT_CHANNEL, inputs)]
    return check(found)


def check(found: list[Channel]) -> tuple[Channel, ...]:
    """Return the channels if their names are valid, few enough and each is there once."""
    names = [channel.name for channel in found]
    for name in names:
        if not _NAME.fullmatch(name):
            msg = (
                f"{name!r} is not a channel name. Allowed are 1 to 64 letters, digits, '.', '-'"
                " and '_'."
            )
            raise InvalidArgument(msg)
        if names.count(name) > 1:
            msg = f"Duplicate channel {name} not allowed. Give each channel a name of its own."
            raise ConflictingArguments(msg)
    if len(names) > MOST_CHANNELS:
        msg = f"{len(names)} channels were given; at most {MOST_CHANNELS} are allowed."
        raise InvalidArgument(msg)
    return tuple(found)


def _listed(value: Any) -> Channel:
    if isinstance(value, Channel):
        return value
    msg = f"Cannot format input {value!r}. A list of inputs holds Channel records."
    raise InvalidArgument(msg)


def _channel(name: str, value: Any) -> Channel:
    if isinstance(value, Channel):
        return value
    if isinstance(value, (str, os.PathLike)):
        return Channel(name=name, uri=_uri(os.fspath(value)))
    config = getattr(value, "config", None)
    if isinstance(config, Mapping):
        return _from_config(name, config)
    msg = (
        f"Cannot format input {value!r}. Expecting a string, a path, a Channel, an object with a"
        " .config, or a dictionary of those."
    )
    raise InvalidArgument(msg)


def _from_config(name: str, config: Mapping[str, Any]) -> Channel:
    try:
        location = config.get("DataSource", {}).get("S3DataSource", {})
        uri = location.get("S3Uri", "")
    except AttributeError as error:
        msg = f"The input {name!r} has a .config that is no Channel of the service: {config!r}."
        raise InvalidArgument(msg) from error
    return Channel(
        name=name,
        uri=uri,
        content_type=config.get("ContentType"),
        input_mode=config.get("InputMode"),
        source=config,
    )


def _uri(text: str) -> str:
    if text.startswith(("s3://", "file://")):
        return text
    folder = Path(text).expanduser()
    if text and "://" not in text and folder.exists():
        return folder.resolve().as_uri()
    msg = (
        f'URI input {text} must be a valid S3 or FILE URI: must start with "s3://" or "file://",'
        " or be a folder or file that exists."
    )
    raise InvalidArgument(msg)

"""Inputs in every form that users give them in."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from rlcore import inputs
from rlcore.errors import ConflictingArguments, InvalidArgument
from rlcore.spec import Channel

if TYPE_CHECKING:
    from pathlib import Path

S3 = Channel(name="training", uri="s3://bucket/data")
CONFIG = {
    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/data"}},
    "ContentType": "text/csv",
    "InputMode": "Pipe",
}


@pytest.mark.parametrize(
    ("given", "channels"),
    [
        (None, ()),
        ("s3://bucket/data", (S3,)),
        (S3, (S3,)),
        ([S3], (S3,)),
        (
            {"checkpoint": "s3://b/c", "model": "file:///m"},
            (Channel(name="checkpoint", uri="s3://b/c"), Channel(name="model", uri="file:///m")),
        ),
        (
            SimpleNamespace(config=CONFIG),
            (
                Channel(
                    name="training",
                    uri="s3://bucket/data",
                    content_type="text/csv",
                    input_mode="Pipe",
                    source=CONFIG,
                ),
            ),
        ),
    ],
)
def test_every_form_means_channels(given: Any, channels: tuple[Channel, ...]) -> None:
    """Strings, records, lists, mappings and the SDK's objects."""
    assert channels == inputs.channels(given)


def test_a_folder_is_a_file_address(tmp_path: Path) -> None:
    """A plain folder needs no scheme, spaces or not."""
    folder = tmp_path / "my data"
    folder.mkdir()

    (channel,) = inputs.channels(folder)

    assert folder.as_uri() == channel.uri
    assert inputs.channels(str(folder)) == inputs.channels(folder)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ("nowhere/at/all", InvalidArgument, "URI input nowhere/at/all must be a valid S3 or FILE"),
        ("http://x/y", InvalidArgument, "must be a valid S3 or FILE URI"),
        (3, InvalidArgument, "Cannot format input 3"),
        ("", InvalidArgument, "must be a valid S3 or FILE URI"),
        (SimpleNamespace(config={"DataSource": "x"}), InvalidArgument, "no Channel of the service"),
        (["s3://b"], InvalidArgument, "Cannot format input 's3://b'"),
        ({"a/b": "s3://b"}, InvalidArgument, "'a/b' is not a channel name"),
        ([S3, S3], ConflictingArguments, "Duplicate channel training not allowed"),
        ({str(n): "s3://b" for n in range(21)}, InvalidArgument, "21 channels.*20"),
    ],
)
def test_bad_inputs_are_refused(given: Any, error: type[Exception], words: str) -> None:
    """The original's words where it had any."""
    with pytest.raises(error, match=words):
        inputs.channels(given)

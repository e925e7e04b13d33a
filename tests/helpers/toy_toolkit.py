"""A toolkit whose models are served by the user's own code, in an environment without packages."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rlcore import Environment, FrameworkModel, MetricDefinition, ToolkitRelease, hookimpl
from rlcore.errors import UnsupportedVersion

if TYPE_CHECKING:
    from rlcore import Model

HELPERS = Path(__file__).parent
DEPLOYED = (
    *("model.tar.gz", "--toolkit", "toy", "--toolkit-version", "1.0"),
    *("--entry-point", "serve.py", "--source-dir", "."),
)
"""What `rlcore deploy` needs to know of a model of this toolkit."""
# Like the interpreter that runs the tests, which is sure to be there.
_ENVIRONMENT = Environment(
    python=f"=={sys.version_info.major}.{sys.version_info.minor}.*", requirements=()
)
_RELEASE = ToolkitRelease(toolkit="toy", version="1.0", training=_ENVIRONMENT, serving=_ENVIRONMENT)


def install(folder: Path) -> list[Path]:
    """Write what makes the toolkit known, and return the folders to put on the path."""
    metadata = folder / "rl_plugin_toy-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: rl-plugin-toy\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[rlcore.toolkits]\ntoy = toy_toolkit\n")
    return [folder, HELPERS]


@hookimpl
def known_versions() -> tuple[str, ...]:
    """List the only release."""
    return (_RELEASE.version,)


@hookimpl
def validate_version(version: str) -> ToolkitRelease:
    """Return the only release."""
    if version != _RELEASE.version:
        msg = f"toy {version!r} is unknown; there is {_RELEASE.version}."
        raise UnsupportedVersion(msg)
    return _RELEASE


@hookimpl
def image_uri() -> str:
    """Name an image that nobody has."""
    return "host/toy:1.0"


@hookimpl
def default_metrics() -> tuple[MetricDefinition, ...]:
    """Match nothing in particular."""
    return (MetricDefinition(name="reward", regex="reward=(.*)"),)


@hookimpl
def model_class() -> type[Model]:
    """Models of this toolkit are nothing special."""
    return FrameworkModel

"""The contract of a toolkit plugin.

A plugin is a module (or object) named by an entry point of the group `rlcore.toolkits`, whose name
is the key `toolkit.framework`. It marks its functions with `rlcore.hookimpl`. Every argument is
passed by keyword; None is no answer, but for `release_from_image`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from rlcore.model import Model
    from rlcore.spec import MetricDefinition, ToolkitRelease

PROJECT = "rlcore"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec(firstresult=True)
def known_versions() -> tuple[str, ...]:  # type: ignore[empty-body]
    """List every version that `validate_version` accepts, oldest first, as users write them."""


@hookspec(firstresult=True)
def validate_version(version: str) -> ToolkitRelease:  # type: ignore[empty-body]
    """Parse a version into its release; raise `UnsupportedVersion` for one that is unknown."""


@hookspec(firstresult=True)
def image_uri(release: ToolkitRelease, region: str, instance_type: str) -> str:  # type: ignore[empty-body]
    """Name the training image; asked by platforms that have images, never by `local`."""


@hookspec(firstresult=True)
def default_metrics(release: ToolkitRelease) -> tuple[MetricDefinition, ...]:  # type: ignore[empty-body]
    """Return the metric definitions that fit what the release prints."""


@hookspec(firstresult=True)
def model_class(release: ToolkitRelease) -> type[Model]:  # type: ignore[empty-body]
    """Return the class that models of this release are made of."""


@hookspec(firstresult=True)
def release_from_image(image_uri: str) -> ToolkitRelease | None:
    """Read a release back from the address of one of its images; None for a foreign image."""

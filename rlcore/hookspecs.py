"""The contract of a toolkit plugin.

A plugin is a module (or object) named by an entry point of the group `rlcore.toolkits`, whose name
is the key `toolkit.framework`. It marks its functions with `rlcore.hookimpl`. Every argument is
passed by keyword; None is no answer, but for `release_from_image`.

A plugin says which version of this contract it was written for: `rlcore_contract = 1` in the module
(or as the object's attribute). One that says nothing was written for the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from rlcore.model import Model
    from rlcore.spec import MetricDefinition, ToolkitRelease

PROJECT = "rlcore"
CONTRACT = 1  # Rises when a plugin must change; what is only added does not count.
OLDEST_CONTRACT = 1  # Plugins that were written for it, or for a later one, work.
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

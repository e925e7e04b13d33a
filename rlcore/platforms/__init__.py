"""Platforms: found by entry point, chosen by name, by instance, or by the instance type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlcore.errors import UnknownPlatform, did_you_mean

if TYPE_CHECKING:
    from rlcore.platforms.base import Platform

GROUP = "rlcore.platforms"


def resolve(platform: str | Platform | None, instance_type: str | None = None) -> Platform:
    """Return the platform that is meant.

    An instance is itself. Without a name, an instance type `ml.*` means `sagemaker`, anything else
    means `local`.

    Raises:
        UnknownPlatform: No installed platform has the name, or it is neither name nor instance.
    """
    if platform is not None and not isinstance(platform, str):
        return _instance(platform)
    name = platform or ("sagemaker" if (instance_type or "").startswith("ml.") else "local")
    from importlib import metadata  # noqa: PLC0415 - a supervisor, too, imports this package

    points = {point.name: point for point in metadata.entry_points(group=GROUP)}
    if name not in points:
        why = "" if platform else f" The instance type {instance_type!r} asks for it."
        msg = (
            f"No platform {name!r} is installed.{did_you_mean(name, points)}"
            f" Installed: {', '.join(sorted(points)) or 'none'}.{why}"
        )
        raise UnknownPlatform(msg)
    found: Platform = points[name].load()()
    return found


def _instance(platform: Platform) -> Platform:
    if isinstance(platform, type) or not hasattr(platform, "plan"):
        msg = f"platform must be a name or an instance of a platform; {platform!r} was given."
        raise UnknownPlatform(msg)
    return platform

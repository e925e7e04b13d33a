"""Platforms: found by entry point, chosen by name, by instance, or by the instance type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlcore.errors import PlatformError, UnknownPlatform, did_you_mean
from rlcore.platforms.base import HostingPlatform

if TYPE_CHECKING:
    from rlcore.platforms.base import Hosting, Platform

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


def resolve_hosting(platform: str | Platform | None, instance_type: str | None = None) -> Hosting:
    """Return the hosting of the platform that `resolve` finds.

    Raises:
        PlatformError: The platform trains, but serves no models.
    """
    place = resolve(platform, instance_type)
    if not isinstance(place, HostingPlatform):
        msg = f'The platform {place.name!r} serves no models. Deploy to another: platform="local".'
        raise PlatformError(msg)
    return place.hosting


def _instance(platform: Platform) -> Platform:
    if isinstance(platform, type) or not hasattr(platform, "plan"):
        msg = f"platform must be a name or an instance of a platform; {platform!r} was given."
        raise UnknownPlatform(msg)
    return platform

"""Platforms: found by entry point, chosen by name, by instance, or by the instance type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rlcore.errors import (
    JobNotFound,
    MissingArgument,
    PlatformError,
    UnknownPlatform,
    did_you_mean,
)
from rlcore.platforms.base import HostingPlatform

if TYPE_CHECKING:
    from rlcore.platforms.base import Hosting, Platform

GROUP = "rlcore.platforms"
_LOCAL, _SAGEMAKER = "local", "sagemaker"


def resolve(
    platform: str | Platform | None, instance_type: str | None = None, **given: Any
) -> Platform:
    """Return the platform that is meant.

    An instance is itself. Without a name, an instance type `ml.*` means `sagemaker`, anything else
    means `local`.

    Args:
        platform: Its name, an instance, or None.
        instance_type: What decides where there is no name.
        **given: What a platform that is made here may be told, such as `session`; those that it
            does not take, and None, are left out.

    Raises:
        UnknownPlatform: No installed platform has the name, or it is neither name nor instance.
    """
    if platform is not None and not isinstance(platform, str):
        return _instance(platform)
    name = platform or (_SAGEMAKER if (instance_type or "").startswith("ml.") else _LOCAL)
    from importlib import metadata  # noqa: PLC0415 - a supervisor, too, imports this package

    points = {point.name: point for point in metadata.entry_points(group=GROUP)}
    if name not in points:
        why = "" if platform else f" The instance type {instance_type!r} asks for it."
        msg = (
            f"No platform {name!r} is installed.{did_you_mean(name, points)}"
            f" Installed: {', '.join(sorted(points)) or 'none'}.{why}"
        )
        raise UnknownPlatform(msg)
    cls = points[name].load()
    found: Platform = cls(**_taken(cls, given))
    return found


def holding(name: str, platform: Any = None, **given: Any) -> Platform:
    """Return the platform that knows a job: the one that is given, or the first that does.

    Without one this machine is asked, then SageMaker.

    Args:
        name: The job's name.
        platform: A platform's name, an instance, a session of AWS, which means SageMaker, or None.
        **given: See `resolve`; a session means SageMaker, too.

    Raises:
        JobNotFound: None of them knows it.
    """
    if hasattr(platform, "boto_session") or hasattr(platform, "region_name"):
        given["session"], platform = platform, None
    if platform is None and given.get("session") is not None:
        platform = _SAGEMAKER
    if platform is not None:
        return resolve(platform, **given)
    here = resolve(_LOCAL)
    try:
        here.describe(name)
    except JobNotFound as error:
        return _elsewhere(name, error, given)
    return here


def _elsewhere(name: str, unknown: JobNotFound, given: dict[str, Any]) -> Platform:
    """Return SageMaker if it knows the job; otherwise raise, with both answers."""
    try:
        there = resolve(_SAGEMAKER, **given)
        there.describe(name)
    except MissingArgument:  # no region: who uses AWS has one
        raise unknown from None
    except JobNotFound as error:
        msg = f"{unknown} On SageMaker: {error}"
        raise JobNotFound(msg) from error
    return there


def resolve_hosting(
    platform: str | Platform | None, instance_type: str | None = None, **given: Any
) -> Hosting:
    """Return the hosting of the platform that `resolve` finds, with the same arguments.

    Raises:
        PlatformError: The platform trains, but serves no models.
    """
    place = resolve(platform, instance_type, **given)
    if not isinstance(place, HostingPlatform):
        msg = f'The platform {place.name!r} serves no models. Deploy to another: platform="local".'
        raise PlatformError(msg)
    return place.hosting


def _taken(cls: Any, given: dict[str, Any]) -> dict[str, Any]:
    there = {name: value for name, value in given.items() if value is not None}
    if not there:
        return {}
    import inspect  # noqa: PLC0415 - most are told nothing

    known = inspect.signature(cls).parameters
    return {name: value for name, value in there.items() if name in known}


def _instance(platform: Platform) -> Platform:
    if isinstance(platform, type) or not hasattr(platform, "plan"):
        msg = f"platform must be a name or an instance of a platform; {platform!r} was given."
        raise UnknownPlatform(msg)
    return platform

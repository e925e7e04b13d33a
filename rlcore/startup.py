"""Bringing a model into service: where, under which name, and waiting until it is."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, TextIO

import attrs

from rlcore import arguments, hostingarguments, jobnames, platforms
from rlcore.endpoints import Deployment, EndpointState, ModelRequest
from rlcore.errors import EndpointExists, EndpointFailed, InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rlcore.endpoints import Container, EndpointStatus
    from rlcore.hostingarguments import Given
    from rlcore.platforms.base import Hosting, Platform
    from rlcore.source import Bundle

_LOCAL = "local"
_ON_THIS_MACHINE = {"local", "local_gpu"}
_ENDS = {EndpointState.IN_SERVICE, EndpointState.FAILED}
_SHORTEST, _LONGEST = 0.02, 5.0
"""Seconds between two looks; an endpoint that takes long is asked less often."""

_SHARE = 0.05


def arguments_of(given: Mapping[str, Any]) -> Given:
    """Return the arguments of an endpoint, for a model that is made already.

    Raises:
        UnknownArgument: One that neither generation knows.
        InvalidArgument: A value that is not allowed, or an argument of the model.
    """
    found, rest = hostingarguments.of_endpoint(given)
    if rest:
        names = ", ".join(rest)
        msg = f"{names}: the model is made already. Give it to create_model or from_archive."
        raise InvalidArgument(msg)
    return found


def hosting(given: Given, own: str | Platform | None, session: Any = None) -> Hosting:
    """Return where to deploy.

    A platform that is given comes first, then the one that the instance type asks for, then *own*,
    the platform that trained the model.

    Args:
        given: The caller's arguments.
        own: Name or instance of a platform, or None.
        session: What a platform that is made here is told.

    Raises:
        UnknownPlatform: There is no such platform.
        PlatformError: It serves no models.
    """
    place, instance_type = given["platform"], given["instance_type"]
    if place is None:
        place = place_of(instance_type, own)
    return platforms.resolve_hosting(place, instance_type, session=session)


def place_of(instance_type: str | None, own: str | Platform | None) -> str | Platform | None:
    """Return the platform that an instance type asks for; *own* where it leaves that open."""
    is_local = getattr(own, "name", own) == _LOCAL
    if instance_type in _ON_THIS_MACHINE:
        return own if is_local else _LOCAL
    of_the_service = (instance_type or "").startswith("ml.")
    return None if is_local and of_the_service else own


def start(
    hosting: Hosting,
    request: ModelRequest,
    bundle: Bundle | None,
    given: Given,
    container: Callable[..., Container] | None = None,
) -> str:
    """Start an endpoint and return its name, before it is in service.

    Without a name of its own it has the model's, as in the original, or one that is made from the
    time where another endpoint has that.

    Raises:
        EndpointExists: There is an endpoint of the name that was given.
        NotDeployable: The model's release has no way to be served there.
    """
    names = [request.name] if request.name else []

    def deploy() -> str:
        name = given["endpoint_name"] or (names.pop() if names else _made_name(request))
        deployment = _deployment(name, request, given)
        return hosting.deploy(attrs.evolve(deployment, container=container), bundle)

    return deploy() if given["endpoint_name"] else jobnames.until_free(deploy, EndpointExists)


def _made_name(request: ModelRequest) -> str:
    base = request.name or jobnames.base_of(request.release, request.image_uri)
    return jobnames.unique(base, time.time())


def _deployment(name: str, request: ModelRequest, given: Given) -> Deployment:
    return Deployment(
        name=jobnames.check(name, "the name of an endpoint"),
        model=request,
        instance_type=given["instance_type"] or _LOCAL,
        instance_count=given["initial_instance_count"] or 1,
        tags=arguments.tags(given["tags"]),
        options=given.options,
    )


def wait_until_in_service(
    hosting: Hosting,
    name: str,
    *,
    stream: TextIO | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> EndpointStatus:
    """Wait for an endpoint, writing each stage as it begins, and return its status.

    Ctrl-C ends the waiting, not the endpoint, and says how to come back.

    Args:
        hosting: Where the endpoint is.
        name: Its name.
        stream: Where the stages are written; standard error by default.
        clock: Seconds from any moment on.
        sleep: Waits so many seconds.

    Raises:
        EndpointFailed: The endpoint could not be brought into service.
    """
    out = stream or sys.stderr
    begun = clock()
    stage = ""
    try:
        while (status := hosting.describe(name)).state not in _ENDS:
            if status.stage != stage:
                stage = status.stage
                print(f"{name}: {stage}", file=out, flush=True)
            sleep(min(_LONGEST, _SHORTEST + _SHARE * (clock() - begun)))
    except KeyboardInterrupt:
        out.write(_farewell(name, hosting.name))
        raise
    if status.state is EndpointState.FAILED:
        raise failed(status, hosting.name)
    where = f" at {status.url}" if status.url else ""
    print(f"{name}: in service{where}", file=out, flush=True)
    return status


def failed(status: EndpointStatus, platform: str = _LOCAL) -> EndpointFailed:
    """Return the error for an endpoint that failed on a platform, in the original's words."""
    reason = status.failure_reason or "(No reason provided)"
    msg = (
        f"Error hosting endpoint {status.name}: Failed. Reason: {reason}\n"
        f"It stays listed until it is deleted: rlcore delete {status.name}{_option(platform)}"
    )
    return EndpointFailed(msg, endpoint_name=status.name)


def _farewell(name: str, platform: str) -> str:
    option = _option(platform)
    place = f', platform="{platform}"' if option else ""
    return (
        f"\nNo longer waiting; {name} goes on.\n"
        f"  look:       rlcore endpoints{option}\n"
        f'  use it:     Predictor("{name}"{place})\n'
        f"  delete it:  rlcore delete {name}{option}\n"
    )


def _option(platform: str) -> str:
    """Return what the command line is told of a platform that is not its default."""
    return "" if platform == _LOCAL else f" --platform {platform}"

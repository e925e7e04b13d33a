"""Jobs and endpoints of the fake that run for real, in processes of this machine."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from rlcore.platforms.local.home import home
from rlcore.platforms.local.platform import LocalPlatform
from rlcore.testing.objects import Objects
from rlcore.testing.realendpoints import RealEndpoints
from rlcore.testing.realjobs import RealJob, Workshop
from rlcore.testing.service import Service

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack

    import boto3


def service(
    place: tuple[Callable[[], float], str, str],
    platform: LocalPlatform | None,
    session: Callable[[], boto3.Session],
    ending: ExitStack,
) -> Service:
    """Return a service whose jobs and endpoints run for real.

    Args:
        place: Clock, region and account.
        platform: What runs them; by default the platform `local`, with a home of its own and the
            environments of the user.
        session: Makes a session for the fake's own calls.
        ending: What ends them all.
    """
    folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="rlcore-fake-")))
    platform = platform or LocalPlatform(home=folder / "home", environments=home() / "environments")
    objects = Objects(lambda: session().client("s3"))
    workshop = Workshop(platform=platform, objects=objects, folder=folder)
    found = Service(
        *place,
        make_job=functools.partial(RealJob, workshop=workshop),
        endpoints=functools.partial(RealEndpoints, workshop=workshop),
    )
    ending.callback(_end, found)
    return found


def _end(found: Service) -> None:
    """End all that runs."""
    found.endpoints.close()
    for job in found.jobs.by_name.values():
        job.close()

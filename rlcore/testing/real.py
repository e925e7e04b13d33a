"""Jobs and endpoints of the fake that run for real, in processes of this machine."""

from __future__ import annotations

import functools
import tempfile
from contextlib import ExitStack
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

    import boto3

    from rlcore.testing.endpoints import Endpoints, Things
    from rlcore.testing.jobs import Job


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
    platform = platform or LocalPlatform(
        home=folder / "home", environments=home() / "environments"
    )
    objects = Objects(lambda: session().client("s3"))
    workshop = Workshop(platform=platform, objects=objects, folder=folder)
    make_job = functools.partial(RealJob, workshop=workshop)
    made: list[RealEndpoints] = []

    def endpoints(
        configurations: Things,
        arn: Callable[[str, str], str],
        clock: Callable[[], float],
        account: str,
        models: Things,
    ) -> Endpoints:
        made.append(
            RealEndpoints(models, configurations, arn, clock, account, workshop=workshop)
        )
        return made[-1]

    found = Service(*place, make_job=make_job, endpoints=endpoints)
    ending.callback(_end, found.jobs.by_name)
    ending.callback(made[0].close)
    return found


def _end(jobs: dict[str, Job]) -> None:
    """Stop every job, and wait until nothing of it runs any more."""
    running = [job for job in jobs.values() if isinstance(job, RealJob)]
    for job in running:
        job.stop()
    for job in running:
        job.join()

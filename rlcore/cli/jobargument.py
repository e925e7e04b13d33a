"""The argument of commands that are about one job."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from rlcore.training import TrainingJob

platform_option = click.option(
    "--platform", help="Platform of the job.  [default: local, then sagemaker]"
)


def job_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add NAME, `--last` and `--platform`; the command gets the job that they mean."""

    @functools.wraps(command)
    def with_job(*, name: str | None, last: bool, platform: str | None, **options: Any) -> Any:
        if (name is None) != last:
            msg = "Give the NAME of a job, or --last for the newest; `rlcore jobs` lists them."
            raise click.UsageError(msg)
        return command(job=find_job(name, platform), **options)

    with_name = click.argument("name", required=False)(with_job)
    with_last = click.option("--last", is_flag=True, help="The newest job.")(with_name)
    return platform_option(with_last)


def find_job(name: str | None, platform: str | None) -> TrainingJob:
    """Return the job of a name, or the newest one for None; raise `JobNotFound`."""
    from rlcore import platforms  # noqa: PLC0415 - help needs no platform
    from rlcore.errors import JobNotFound  # noqa: PLC0415
    from rlcore.training import TrainingJob  # noqa: PLC0415

    place = platforms.holding(name, platform) if name else platforms.resolve(platform)
    if name is None:
        name = next((status.name for status in place.jobs()), None)
    if name is None:
        msg = f"There is no job yet on the platform {place.name}."
        raise JobNotFound(msg)
    return TrainingJob(place, place.recover(name))

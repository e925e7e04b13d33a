"""`rlcore logs`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from rlcore.cli.jobargument import job_argument

if TYPE_CHECKING:
    from rlcore.spec import LogEvent
    from rlcore.training import TrainingJob

_ONLY_HOST = "algo-1"
_EPILOG = """\b
Example:
  rlcore logs -f ray-pytorch-2026-11-22-10-15-00-123
  rlcore logs --last --timestamps | grep reward
"""


@click.command(epilog=_EPILOG)
@job_argument
@click.option("-f", "--follow", is_flag=True, help="Go on until the job has ended.")
@click.option("-t", "--timestamps", is_flag=True, help="Begin each line with its time.")
def logs(*, job: TrainingJob, follow: bool, timestamps: bool) -> None:
    """Show a job's log.

    Lines of the platform itself, such as the stages of the job, begin with [rlcore].
    """
    for event in job.logs(follow=follow):
        stamp = f"{_iso(event.timestamp)} " if timestamps else ""
        click.echo(f"{stamp}{_line(event)}")


def _line(event: LogEvent) -> str:
    from rlcore.display.text import plain  # noqa: PLC0415 - help needs no display

    text = plain(event.message)
    return text if event.host == _ONLY_HOST else click.style(f"[{event.host}] {text}", dim=True)


def _iso(timestamp: float) -> str:
    """Return local time with its offset from UTC."""
    return datetime.fromtimestamp(timestamp).astimezone().isoformat(timespec="milliseconds")

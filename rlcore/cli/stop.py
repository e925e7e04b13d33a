"""`rlcore stop`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rlcore.cli.jobargument import job_argument

if TYPE_CHECKING:
    from rlcore.training import TrainingJob

_EPILOG = """\b
Example:
  rlcore stop ray-pytorch-2026-11-22-10-15-00-123
  rlcore stop --last --wait
"""


@click.command(epilog=_EPILOG)
@job_argument
@click.option("--wait", is_flag=True, help="Return when the job has ended.")
def stop(*, job: TrainingJob, wait: bool) -> None:
    """Stop a job; what it saved is kept.

    The script gets SIGTERM, and SIGKILL after a while. A job that has ended stays as it is.
    """
    before = job.status().state
    if before.final:
        click.echo(f"{job.name} has ended already: {before.value}", err=True)
        return
    job.stop()
    for _ in job.logs(follow=wait):
        pass  # The log of a followed job ends with the job.
    state = job.status().state
    click.echo(f"{job.name}: {state.value}")
    if not state.final:
        text = "Its model can be deployed once it has ended: rlcore stop --wait {} returns then."
        click.echo(text.format(job.name), err=True)

"""`rlcore curve`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rlcore.cli.jobargument import job_argument
from rlcore.cli.output import json_option, print_json

if TYPE_CHECKING:
    from rlcore.metrics import LearningCurve
    from rlcore.spec import JobStatus
    from rlcore.training import TrainingJob

_EPILOG = """\b
Example:
  rlcore curve --last
  rlcore curve ray-pytorch-2026-11-22-10-15-00-123 --goal 475 --png curve.png
"""


@click.command(epilog=_EPILOG)
@job_argument
@click.option("--png", type=click.Path(path_type=Path, dir_okay=False), help="Draw it into FILE.")
@click.option("--goal", type=float, help="Value to draw a line at.")
@json_option
def curve(*, job: TrainingJob, png: Path | None, goal: float | None, as_json: bool) -> None:
    """Show a job's learning curve.

    A terminal gets a chart. A pipe gets lines of metric, step, value and seconds since the epoch,
    separated by tabs. With --json: job_name, and points with name, value, step and time.
    """
    points = job.curve()
    if png:
        click.echo(_draw(job, points, png, goal), err=as_json)
    if as_json:
        print_json({"job_name": job.name, "points": points.to_rows()})
    elif not len(points):
        click.echo(_why_empty(job.status()), err=True)
    elif not png:
        _print(points, goal)


def _draw(job: TrainingJob, points: LearningCurve, png: Path, goal: float | None) -> Path:
    from rlcore.display import plot_png  # noqa: PLC0415 - help needs no display
    from rlcore.errors import InvalidArgument  # noqa: PLC0415 - likewise

    if not len(points):
        raise InvalidArgument(_why_empty(job.status()))
    return plot_png(points, png, title=job.name, goal=goal)


def _why_empty(status: JobStatus) -> str:
    if status.state.final:
        return "No points: no metric has matched a line of the log."
    stage = f", stage {status.stage}" if status.stage else ""
    return f"No points yet: {status.name} is {status.state.value}{stage}."


def _print(points: LearningCurve, goal: float | None) -> None:
    from rlcore.display import curve_text  # noqa: PLC0415 - likewise

    if sys.stdout.isatty():
        width, height = shutil.get_terminal_size()
        click.echo(curve_text(points, min(width, 120), min(height - 2, 24), goal))
    else:
        for point in points:
            step = "" if point.step is None else f"{point.step:.15g}"
            click.echo(f"{point.name}\t{step}\t{point.value!r}\t{point.time:.3f}")

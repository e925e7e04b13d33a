"""`rlcore jobs`."""

from __future__ import annotations

import shutil
import sys
import time
from itertools import islice
from typing import TYPE_CHECKING

import click

from rlcore.cli.output import age, json_option, print_json, print_table, status_record

if TYPE_CHECKING:
    from rlcore.spec import JobStatus

_COLUMNS = ("name", "state", "stage", "age", "took", "release")
_EPILOG = """\b
Example:
  rlcore jobs
  rlcore jobs --json | jq -r '.[] | select(.state == "Running") | .name'
"""


@click.command(epilog=_EPILOG)
@click.option("--platform", help="Platform of the jobs.  [default: local]")
@click.option("-n", "--limit", type=click.IntRange(1), help="Show that many at most.")
@json_option
def jobs(*, platform: str | None, limit: int | None, as_json: bool) -> None:
    """List training jobs, newest first.

    In a pipe: name, state, stage, age, duration, release and why it failed, separated by tabs; on
    a terminal the reasons stand below the table. With --json: a list of objects with name, state,
    stage, failure_reason, exit_code, created_at, started_at, ended_at, model_data, output_data,
    release, training_seconds, billable_seconds and warnings; times are seconds since the
    epoch.
    """
    from rlcore import platforms  # noqa: PLC0415 - help needs no platform

    found = list(islice(platforms.resolve(platform).jobs(), limit))
    if as_json:
        print_json([status_record(status) for status in found])
    else:
        _print(found)


def _print(found: list[JobStatus]) -> None:
    from rlcore.display.text import reason_text, shortened  # noqa: PLC0415 - likewise

    now = time.time()
    rows = [_row(status, now) for status in found]
    reasons = [reason_text(status) for status in found]
    if not sys.stdout.isatty():
        rows = [(*row, reason) for row, reason in zip(rows, reasons, strict=True)]
    print_table(_COLUMNS, rows, nothing="No jobs yet.", fold=False)
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        for status, reason in zip(found, reasons, strict=True):
            if reason:
                click.echo(shortened(f"{status.name}: {reason}", width))


def _row(status: JobStatus, now: float) -> tuple[str, ...]:
    from rlcore.display.figure import duration  # noqa: PLC0415

    return (
        status.name,
        status.state.value,
        "" if status.state.final else status.stage,
        age(now - status.created_at),
        duration((status.ended_at or now) - status.created_at),
        status.release,
    )

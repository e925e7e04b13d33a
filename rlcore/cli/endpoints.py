"""`rlcore endpoints`."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING

import click

from rlcore.cli.endpointargument import hosting_option
from rlcore.cli.output import age, json_option, print_json, print_table, status_record
from rlcore.endpoints import EndpointState

if TYPE_CHECKING:
    from rlcore.endpoints import EndpointStatus
    from rlcore.platforms.base import Hosting

_COLUMNS = ("name", "state", "age", "requests", "URL", "release")
_EPILOG = """\b
Example:
  rlcore endpoints
  rlcore endpoints --json | jq -r '.[] | select(.state == "Failed") | .name'
"""


@click.command(epilog=_EPILOG)
@hosting_option
@json_option
def endpoints(*, hosting: Hosting, as_json: bool) -> None:
    """List endpoints, newest first.

    In a pipe: name, state, age, requests answered, URL, release and why it failed, separated by
    tabs; on a terminal the reasons stand below the table. With --json: a list of objects with
    name, state, stage, failure_reason, created_at, url, model_data, release, policies, requests,
    outside (observations beyond their bounds) and restarts; times are seconds since the epoch.
    """
    found = list(hosting.endpoints())
    if as_json:
        print_json([status_record(status) for status in found])
    else:
        _print(found)


def _print(found: list[EndpointStatus]) -> None:
    from rlcore.display.text import shortened  # noqa: PLC0415 - help needs no display

    now = time.time()
    rows = [_row(status, now) for status in found]
    if not sys.stdout.isatty():
        rows = [(*row, _reason(status)) for row, status in zip(rows, found, strict=True)]
    print_table(_COLUMNS, rows, nothing="No endpoints yet.", fold=False)
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        for status in found:
            if _reason(status):
                click.echo(shortened(f"{status.name}: {_reason(status)}", width))


def _reason(status: EndpointStatus) -> str:
    """Return why an endpoint failed, in one line."""
    return " ".join((status.failure_reason or "").split())


def _state(status: EndpointStatus) -> str:
    """Return the state, with the stage of an endpoint that is being created."""
    creating = status.state is EndpointState.CREATING and status.stage
    return f"{status.state.value}: {status.stage}" if creating else status.state.value


def _row(status: EndpointStatus, now: float) -> tuple[str, ...]:
    return (
        status.name,
        _state(status),
        age(now - status.created_at),
        str(status.requests),
        status.url or "",
        status.release,
    )

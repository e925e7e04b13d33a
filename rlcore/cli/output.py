"""What commands print: tables for people, tab-separated lines in a pipe, JSON for programs."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rlcore.endpoints import EndpointStatus
    from rlcore.spec import JobStatus
    from rlcore.toolkit import Listing

_COLOURS = {
    "Succeeded": "green", "Failed": "red", "Stopped": "yellow", "Stopping": "yellow",
    "Running": "cyan", "ok": "green", "broken": "red", "doubled": "red",
    "untidy": "yellow", "slow": "yellow", "shadowed": "yellow", "off": "yellow",
    "InService": "green", "Creating": "cyan", "OutOfService": "yellow",
}  # fmt: skip

_GAP = 2
"""Blanks between two columns."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program.")


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, nothing: str, fold: bool = True
) -> None:
    """Print rows: under their columns on a terminal, else separated by tabs, without a header.

    Args:
        columns: Titles.
        rows: The cells.
        nothing: What to tell a person when there are no rows.
        fold: Whether a narrow terminal folds the last column, or cuts it off.
    """
    rows = list(rows)
    if not rows:
        click.echo(nothing, err=True)
    elif sys.stdout.isatty():
        _print_rich(columns, rows, fold=fold)
    else:
        for row in rows:
            click.echo("\t".join(row))


def print_json(value: Any) -> None:
    """Print *value*; read-only mappings are written as objects."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=dict))


def status_record(status: JobStatus | EndpointStatus) -> dict[str, Any]:
    """Return a job or an endpoint as `--json` shows it. Times are seconds since the epoch."""
    import attrs  # noqa: PLC0415 - the list of toolkits prints without it

    return {**attrs.asdict(status), "state": status.state.value}


def listing_record(listing: Listing) -> dict[str, Any]:
    """Return a plugin as `--json` shows it."""
    return {
        "key": listing.key,
        "distribution": listing.distribution,
        "version": listing.version,
        "entry_point": listing.entry_point,
        "problem": listing.problem,
    }


def age(seconds: float) -> str:
    """Return the largest unit that fits, e.g. `3 h`."""
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    return next((f"{seconds // size:.0f} {unit}" for unit, size in units if seconds >= size), "0 s")


def _print_rich(columns: Sequence[str], rows: Sequence[Sequence[str]], *, fold: bool) -> None:
    from rich.console import Console  # noqa: PLC0415 - slow, and only for a terminal
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    room = console.width
    for column, *cells in zip(columns[:-1], *(row[:-1] for row in rows), strict=True):
        width = max(map(len, (column, *cells)))
        room -= width + _GAP
        table.add_column(column, no_wrap=True, width=width)
    # Left to itself, Rich cuts all columns a little rather than the last one much.
    table.add_column(
        columns[-1],
        no_wrap=not fold,
        overflow="fold" if fold else "ellipsis",
        max_width=max(room, len(columns[-1])),
    )
    for row in rows:
        table.add_row(*(Text(cell, _COLOURS.get(cell, "")) for cell in row))
    console.print(table)

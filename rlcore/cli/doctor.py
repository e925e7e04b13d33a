"""`rlcore toolkits doctor`: load every plugin and ask it everything that needs no job."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from rlcore.cli import FAILED
from rlcore.cli.output import listing_record, print_json, print_table
from rlcore.errors import RLCoreError

if TYPE_CHECKING:
    from rlcore.registry import ToolkitRegistry
    from rlcore.toolkit import Listing

_COLUMNS = ("state", "key", "distribution", "releases", "seconds")


def doctor(registry: ToolkitRegistry, *, as_json: bool) -> int:
    """Report on each plugin, and return the exit code: 1 if one is broken."""
    reports = [_report(registry, listing) for listing in registry.available()]
    broken = [report for report in reports if report["problem"]]
    if as_json:
        print_json(reports)
    else:
        print_table(_COLUMNS, map(_row, reports), nothing="No toolkits are installed.")
        for problem in dict.fromkeys(report["problem"] for report in broken):
            click.echo(f"\nbroken: {problem}", err=True)
    return FAILED if broken else 0


def _report(registry: ToolkitRegistry, listing: Listing) -> dict[str, Any]:
    start = time.perf_counter()
    problem, releases = None, 0
    try:
        toolkit = registry.toolkit(listing.key)
        for version in toolkit.known_versions():
            release = toolkit.release(version)
            toolkit.default_metrics(release)
            toolkit.model_class(release)
            releases += 1
    except RLCoreError as error:
        problem = str(error)
    seconds = round(time.perf_counter() - start, 4)
    record = listing_record(listing)
    return {**record, "problem": problem, "releases": releases, "seconds": seconds}


def _row(report: dict[str, Any]) -> tuple[str, ...]:
    return (
        "broken" if report["problem"] else "ok",
        report["key"],
        f"{report['distribution']} {report['version']}",
        str(report["releases"]),
        f"{report['seconds']:.3f}",
    )

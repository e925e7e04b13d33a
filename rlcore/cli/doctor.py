"""`rlcore toolkits doctor`: each plugin in a process of its own, asked all that needs no job."""

from __future__ import annotations

import functools
import os
import shutil
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from typing import TYPE_CHECKING, Any

import click

from rlcore.cli import FAILED
from rlcore.cli.output import listing_record, print_json, print_table
from rlcore.cli.probe import Examination, examine
from rlcore.hookspecs import CONTRACT, OLDEST_CONTRACT
from rlcore.registry import EXTENSIONS, TOOLKITS, ToolkitRegistry, distribution
from rlcore.toolkit import DISABLE, Listing, cures, switch_off

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_COLUMNS = ("state", "key", "distribution", "releases", "seconds", "contract", "kind")
_KINDS = {TOOLKITS: "toolkit", EXTENSIONS: "extension"}
_SLOW = 0.1
_BAD = {"broken", "doubled"}


def doctor(registry: ToolkitRegistry, *, as_json: bool) -> int:
    """Report on each plugin, and return the exit code: 1 if one is broken."""
    installed = _listings(registry)
    reports = _reports(registry)
    every = _listings(ToolkitRegistry(environ={}))
    off = [(listing, group) for listing, group in every if (listing, group) not in installed]
    problem = f"{DISABLE} leaves it out"
    reports += [_record(*pair, "off", Examination(problem=problem)) for pair in off]
    reports += _shadowed()
    if as_json:
        print_json(reports)
    else:
        _print(reports)
    return FAILED if any(report["state"] in _BAD for report in reports) else 0


def _listings(registry: ToolkitRegistry) -> list[tuple[Listing, str]]:
    toolkits = [(listing, TOOLKITS) for listing in registry.available()]
    return toolkits + [(listing, EXTENSIONS) for listing in registry.extensions()]


def _reports(registry: ToolkitRegistry) -> list[dict[str, Any]]:
    """Examine extensions, and then toolkits, each alone and through the sound extensions."""
    interrupted = threading.Event()
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        try:
            wrappers, sound = registry.extensions(), []
            look = functools.partial(examine, interrupted=interrupted)
            around = list(workers.map(lambda each: _report(each, EXTENSIONS, look), wrappers))
            pairs = zip(wrappers, around, strict=True)
            sound = [each for each, report in pairs if report["state"] not in _BAD]
            look = functools.partial(look, extensions=sound)
            toolkits = registry.available()
            return [*workers.map(lambda each: _report(each, TOOLKITS, look), toolkits), *around]
        finally:
            interrupted.set()  # Ctrl-C does not reach the processes: each has a session of its own.


def _report(listing: Listing, group: str, look: Callable[..., Examination]) -> dict[str, Any]:
    if listing.problem:
        state = "doubled" if listing.cure else "broken"
        return _record(listing, group, state, Examination(problem=listing.problem))
    found = look(listing, group)
    slow = found.seconds > _SLOW
    untidy = len(_advice(found)) > slow
    state = "broken" if found.problem else "untidy" if untidy else "slow" if slow else "ok"
    return _record(listing, group, state, found)


def _advice(found: Examination) -> list[str]:
    """Say what the import did that it should not, and what the plugin's author can do."""
    advice = []
    if found.seconds > _SLOW:
        took = f"its import takes {found.seconds:.2f} s"
        advice.append(f"{took}: what is slow belongs inside its functions")
    if found.imported:
        names = ", ".join(found.imported)
        advice.append(f"its import loads {names}: import them where they are used, if at all")
    if found.changed:
        advice.append(f"its import changes {', '.join(found.changed)}, which are not its own")
    if found.printed:
        advice.append(f"it prints when it is loaded: {found.printed.splitlines()[0]!r}")
    return advice


def _record(listing: Listing, group: str, state: str, found: Examination) -> dict[str, Any]:
    known = {"off": (f"unset {DISABLE}",), "ok": ()}
    cure = known[state] if state in known else found.cure or cures(listing)
    return {
        "state": state,
        "kind": _KINDS[group],
        **listing_record(listing),
        "problem": found.problem,
        "advice": _advice(found),
        "cure": list(cure),
        "contract": found.contract,
        "contracts_known": [OLDEST_CONTRACT, CONTRACT],
        "releases": found.releases,
        "seconds": round(found.seconds, 4),
        "printed": found.printed,
    }


def _shadowed() -> Iterator[dict[str, Any]]:
    """Find what is installed a second time, in a place that comes later, and so is never used."""
    first: dict[str, metadata.Distribution] = {}
    for each in metadata.distributions():
        for point in [point for point in each.entry_points if point.group in _KINDS]:
            name, version = distribution(each)
            used = first.setdefault(name, each)
            if used is not each and _place(used) != _place(each):
                listing = Listing(
                    key=point.name,
                    distribution=name,
                    version=version,
                    entry_point=point.value,
                    cure=(f"pip uninstall {name}",),
                )
                (there, hiding), (here, _) = _place(used), _place(each)
                problem = f"{hiding} in {there} hides the one in {here}"
                yield _record(listing, point.group, "shadowed", Examination(problem=problem))


def _place(found: metadata.Distribution) -> tuple[str, str]:
    return os.path.realpath(str(found.locate_file(""))), distribution(found)[1]


def _print(reports: list[dict[str, Any]]) -> None:
    print_table(_COLUMNS, map(_row, reports), nothing="No toolkits are installed.")
    known = " to ".join(dict.fromkeys(map(str, (OLDEST_CONTRACT, CONTRACT))))
    if sys.stdout.isatty():
        click.echo(f"This rlcore works with plugins of contract {known}.")
    for report in reports:
        _tell(f"{report['state']}: {_complaint(report)}" if _complaint(report) else "")


def _complaint(report: dict[str, Any]) -> str:
    """Return what is wrong with a plugin and what mends it, empty for a sound one."""
    told = [*filter(None, [report["problem"]]), *report["advice"]]
    if not told:
        return ""
    who = f"{report['key']!r} of {report['distribution']} {report['version']}"
    what = "; ".join(each.removesuffix(".") for each in told)
    mend = f"To mend it, {' or '.join(report['cure'])}"
    if report["state"] in _BAD:
        off = switch_off(report["distribution"])
        mend = f"{mend}; to leave it out, uninstall it or set {off}"
    return f"{who} ({report['entry_point']}): {what}. {mend}."


def _tell(text: str) -> None:
    if text:
        width = shutil.get_terminal_size().columns if sys.stderr.isatty() else sys.maxsize
        click.echo("\n" + click.wrap_text(text, width, subsequent_indent="    "), err=True)


def _row(report: dict[str, Any]) -> tuple[str, ...]:
    return (
        report["state"],
        report["key"],
        f"{report['distribution']} {report['version']}",
        str(report["releases"]),
        f"{report['seconds']:.3f}",
        str(report["contract"] or "-"),
        report["kind"],
    )

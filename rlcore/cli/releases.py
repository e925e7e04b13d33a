"""The releases of a toolkit: where each runs, and why not elsewhere."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Any

import click

from rlcore.cli.output import print_table
from rlcore.errors import PluginError, RLCoreError
from rlcore.spec import Environment, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from rlcore.spec import ToolkitRelease
    from rlcore.toolkit import Toolkit

_INSTANCE_TYPES = {"cpu": "ml.c5.xlarge", "gpu": "ml.g4dn.xlarge"}
_COLUMNS = ("toolkit", "version", "framework", "local", "SageMaker image")


def release_records(toolkit: Toolkit, region: str) -> list[dict[str, Any]]:
    """Return the releases of a toolkit as `--json` shows them, oldest first."""
    releases = [toolkit.release(version) for version in toolkit.known_versions()]
    return [_record(toolkit, release, region) for release in releases]


def _record(toolkit: Toolkit, release: ToolkitRelease, region: str) -> dict[str, Any]:
    return {
        "version": release.version,
        "framework": release.framework,
        "framework_version": release.framework_version,
        "local": _environment(release.training),
        "serving": _environment(release.serving),
        "sagemaker": _images(toolkit, release, region),
    }


def _environment(environment: Environment | Unavailable) -> dict[str, Any]:
    if isinstance(environment, Unavailable):
        return {"available": False, "python": None, "reason": environment.reason}
    return {"available": True, "python": environment.python, "reason": None}


def _images(toolkit: Toolkit, release: ToolkitRelease, region: str) -> dict[str, Any]:
    found: dict[str, Any] = {"available": False, "cpu": None, "gpu": None, "reason": None}
    for processor, instance_type in _INSTANCE_TYPES.items():
        try:
            found[processor] = toolkit.image_uri(release, region, instance_type)
        except PluginError:
            raise
        except RLCoreError as error:
            found["reason"] = found["reason"] or str(error)
        else:
            found["available"] = True
    return found


def print_releases(found: dict[str, list[dict[str, Any]]]) -> None:
    """Print releases by key; on a terminal the reasons, which many share, stand below as notes."""
    notes: dict[str, str] = {}
    people = sys.stdout.isatty()

    def because(reason: str | None) -> str:
        if not reason or not people:
            return reason or ""
        return notes.setdefault(reason, f"[{len(notes) + 1}]")

    rows = [
        (
            key,
            record["version"],
            _words(record["framework"], record["framework_version"]),
            _where_local(record["local"], because),
            _where_image(record["sagemaker"], because),
        )
        for key, records in found.items()
        for record in records
    ]
    print_table(_COLUMNS, rows, nothing="No releases.")
    for reason, number in notes.items():
        width = shutil.get_terminal_size().columns
        click.echo(click.wrap_text(f"{number} {reason}", width, subsequent_indent="    "))


def _where_local(local: dict[str, Any], because: Callable[[str | None], str]) -> str:
    return f"Python {local['python']}" if local["available"] else _no(because(local["reason"]))


def _where_image(images: dict[str, Any], because: Callable[[str | None], str]) -> str:
    processors = ", ".join(name for name in _INSTANCE_TYPES if images[name])
    if not processors:
        return _no(because(images["reason"]))
    return _words(processors, because(images["reason"]))


def _no(reason: str) -> str:
    return f"no {reason}" if reason.startswith("[") else f"no: {reason}"


def _words(*words: str | None) -> str:
    return " ".join(filter(None, words))

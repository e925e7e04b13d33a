"""`rlcore toolkits`: from metadata alone, unless releases are asked for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from rlcore.cli.output import json_option, listing_record, print_json, print_table
from rlcore.errors import PluginError
from rlcore.warning import warn

if TYPE_CHECKING:
    from rlcore.registry import ToolkitRegistry

_REGION = "us-west-2"
_EPILOG = """\b
Example:
  rlcore toolkits
  rlcore toolkits ray.pytorch
  rlcore toolkits --releases --json | jq '.[].releases[] | select(.local.available)'
  rlcore toolkits doctor
"""


@click.command(epilog=_EPILOG)
@click.argument("key", required=False, metavar="[KEY | doctor]")
@click.option("--releases", is_flag=True, help="Show the releases of every toolkit.")
@click.option("--region", help=f"Region of the images.  [default: AWS_REGION or {_REGION}]")
@json_option
def toolkits(*, key: str | None, releases: bool, region: str | None, as_json: bool) -> int:
    """List toolkits, their releases and where each runs.

    Alone, it lists what is installed: key, distribution, version; extensions too. With KEY, a
    toolkit such as ray or one of its keys such as ray.pytorch, the releases: where each runs, and
    why not elsewhere.
    With doctor, it loads every plugin in a process of its own, says what is wrong and what mends
    it, and exits 1 if one is broken.
    """
    from rlcore.registry import default_registry  # noqa: PLC0415 - help needs no registry

    registry = default_registry()
    if key == "doctor":
        from rlcore.cli.doctor import doctor  # noqa: PLC0415 - it loads every plugin

        return doctor(registry, as_json=as_json)
    if key or releases:
        where = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        _show_releases(registry, key, where or _REGION, as_json=as_json)
    else:
        _show_installed(registry, as_json=as_json)
    return 0


def _show_installed(registry: ToolkitRegistry, *, as_json: bool) -> None:
    installed, extensions = registry.available(), registry.extensions()
    kinds = ["toolkit"] * len(installed) + ["extension"] * len(extensions)
    listings = (*installed, *extensions)
    if as_json:
        records = zip(map(listing_record, listings), kinds, strict=True)
        print_json([{**record, "kind": kind} for record, kind in records])
        return
    columns = {
        "key": [each.key for each in listings],
        "distribution": [each.distribution for each in listings],
        "version": [each.version for each in listings],
        "kind": kinds if extensions else [],
        "problem": [each.problem or "" for each in listings],
    }
    shown = {name: cells for name, cells in columns.items() if any(cells)}
    nothing = "No toolkits are installed. Each comes with a distribution of its own."
    print_table(list(shown), list(zip(*shown.values(), strict=True)), nothing=nothing)


def _show_releases(
    registry: ToolkitRegistry, key: str | None, region: str, *, as_json: bool
) -> None:
    from rlcore.cli.releases import print_releases, release_records  # noqa: PLC0415

    found: dict[str, list[dict[str, Any]]] = {}
    for name in registry.keys(key) or (key or "",):
        try:
            found[name] = release_records(registry.toolkit(name), region)
        except PluginError as error:
            if key:
                raise
            warn(str(error))
    if as_json:
        print_json([{"key": name, "releases": records} for name, records in found.items()])
    else:
        print_releases(found)

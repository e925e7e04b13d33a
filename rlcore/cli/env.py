"""`rlcore env`: the Python environments in which toolkits run on this machine."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from rlcore.cli.output import json_option, print_json, print_table

if TYPE_CHECKING:
    from rlcore.platforms.local.environments import Built, Environments
    from rlcore.spec import Environment, ToolkitRelease

_COLUMNS = ("release", "Python", "size", "its own", "built", "last used", "folder")
_DAY = 86400.0
_LIST_EPILOG = """\b
Example:
  rlcore env list
  rlcore env list --json | jq 'map(.size) | add'
"""
_BUILD_EPILOG = """\b
Example:
  rlcore env build ray.pytorch 2.60.0
"""
_PRUNE_EPILOG = """\b
Example:
  rlcore env prune --older-than 7
  rlcore env prune --all
"""


@click.group(epilog=_LIST_EPILOG)
def env() -> None:
    """List, build and remove environments of toolkits.

    The first job of a release builds its environment; later ones find it.
    """


@env.command("list", epilog=_LIST_EPILOG)
@json_option
def list_(*, as_json: bool) -> None:
    """List what is built, the last used first.

    A source's requirements.txt makes a layer, which shares the files of the release's environment:
    what it adds is its own. With --json: release, python, size in bytes, created_at and used_at in
    seconds since the epoch, path, and own_size in bytes.
    """
    built = _environments().all()
    own = _own_sizes(built)
    if as_json:
        print_json([{**_record(each), "own_size": own[each.digest]} for each in built])
    else:
        rows = [_row(each, own[each.digest]) for each in built]
        print_table(_COLUMNS, rows, nothing="No environments are built.")


@env.command(epilog=_BUILD_EPILOG, short_help="Build the environment of a release.")
@click.argument("key")
@click.argument("version")
@click.option("--serving", is_flag=True, help="The environment that serves policies instead.")
@json_option
def build(*, key: str, version: str, serving: bool, as_json: bool) -> None:
    """Build the environment of the release VERSION of the toolkit KEY, such as ray.pytorch.

    One that is there already is left as it is.
    """
    from rlcore.registry import default_registry  # noqa: PLC0415 - help needs no registry

    release = default_registry().toolkit(key).release(version)
    environment = _environment(release, serving=serving)
    label = f"{release} serving" if serving else str(release)
    built = _environments().build(environment, label=label, log=_tell)
    if as_json:
        print_json(_record(built))
    else:
        click.echo(built.path)


@env.command(epilog=_PRUNE_EPILOG, short_help="Remove environments that were not used lately.")
@click.option(
    "--older-than",
    "days",
    type=click.FloatRange(0),
    default=30.0,
    metavar="DAYS",
    help="Remove what was not used for so long.",
    show_default=True,
)
@click.option("--all", "everything", is_flag=True, help="Remove all that no job uses now.")
@json_option
def prune(*, days: float, everything: bool, as_json: bool) -> None:
    """Remove environments that were not used for a while, and builds that were broken off."""
    environments = _environments()
    records = {each.digest: _record(each) for each in environments.all()}
    removed = environments.prune(older_than=0.0 if everything else days * _DAY)
    gone = [records[each.digest] for each in removed if each.digest in records]
    if as_json:
        print_json(gone)
        return
    for record in gone:
        click.echo(f"removed {record['release']} ({_size(record['size'])})")
    if not gone:
        click.echo("Nothing to remove.", err=True)


def _environments() -> Environments:
    from rlcore.platforms.local.environments import Environments  # noqa: PLC0415
    from rlcore.platforms.local.home import home  # noqa: PLC0415

    return Environments(home() / "environments")


def _environment(release: ToolkitRelease, *, serving: bool) -> Environment:
    from rlcore.errors import ReleaseUnavailable  # noqa: PLC0415
    from rlcore.spec import Unavailable  # noqa: PLC0415

    environment = release.serving if serving else release.training
    if isinstance(environment, Unavailable):
        what = "serve policies" if serving else "run"
        msg = f"{release} cannot {what} on this machine: {environment.reason}"
        raise ReleaseUnavailable(msg)
    return environment


def _tell(line: str) -> None:
    click.echo(line, err=True)


def _record(built: Built) -> dict[str, Any]:
    """Return an environment as `--json` shows it: sizes in bytes, times in seconds."""
    return {
        "release": built.label,
        "python": built.version,
        "size": built.size,
        "created_at": built.created_at,
        "used_at": built.used_at,
        "path": str(built.path),
    }


def _own_sizes(built: list[Built]) -> dict[str, int]:
    """Return the bytes that each adds to those built before it, by digest."""
    seen: set[int] = set()
    own = {}
    for each in sorted(built, key=lambda one: one.created_at):
        files = {file.st_ino: file.st_size for file in each.files() if file.st_ino not in seen}
        seen.update(files)
        own[each.digest] = sum(files.values())
    return own


def _row(built: Built, own: int) -> tuple[str, ...]:
    return (
        built.label,
        built.version,
        _size(built.size),
        _size(own),
        _date(built.created_at),
        _date(built.used_at),
        str(built.path),
    )


def _date(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp).astimezone().strftime("%Y-%m-%d %H:%M")


def _size(number: int) -> str:
    return f"{number / 1e6:,.0f} MB"

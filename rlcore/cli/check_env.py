"""`rlcore check-env`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rlcore.cli.evaluate import env_kwargs_option, python_option, source_option, tell
from rlcore.cli.options import OptionsCommand
from rlcore.cli.output import json_option, print_json
from rlcore.names import toolkit_key

if TYPE_CHECKING:
    from packaging.version import Version

    from rlcore.spec import ToolkitRelease

_EPILOG = """\b
Example:
  rlcore check-env CartPole-v1
  rlcore check-env maze:make --source-dir src --env-kwargs '{size: 9}'
  rlcore check-env maze:make --source-dir src --toolkit ray --framework pytorch
  rlcore check-env maze:make --source-dir src --toolkit ray.pytorch --toolkit-version 2.60.0
"""

_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red", "note": "cyan"}


@click.command("check-env", cls=OptionsCommand, epilog=_EPILOG)
@click.argument("env")
@click.option("--toolkit", metavar="KEY", help="The toolkit, or its key: TOOLKIT.FRAMEWORK.")
@click.option("--toolkit-version", help="Version of that toolkit; the newest by default.")
@click.option("--framework", help="Framework of that toolkit, where its key names none.")
@source_option
@env_kwargs_option
@click.option(
    "--steps", type=click.IntRange(1), default=10000, show_default=True, help="Random steps."
)
@python_option
@json_option
def check_env(
    *,
    env: str,
    toolkit: str | None,
    toolkit_version: str | None,
    framework: str | None,
    as_json: bool,
    **options: Any,
) -> int:
    """Look at an environment before training in it.

    ENV is a Gymnasium id or module:factory. It is made in the environment of the toolkit's
    release: the only toolkit that runs here, or the one that is named. The exit code is 1 where
    there is a problem.

    With --json: env, env_kwargs, where, ok, findings with topic, verdict and detail, and
    steps_per_second.
    """
    from rlcore.evaluation import check_environment  # noqa: PLC0415 - help needs no evaluation

    if framework and not toolkit:
        msg = "--framework goes with --toolkit."
        raise click.UsageError(msg)
    # The key may name the framework already.
    key = toolkit and toolkit_key(toolkit.removesuffix(f".{framework}"), framework)
    release = None if options["python"] else _release(key, toolkit_version)
    options["source"] = options.pop("source_dir") or _here(env)
    report = check_environment(env, release=release, **options, log=tell)
    if as_json:
        print_json(report.to_dict())
    else:
        click.echo("\n".join(map(_coloured, str(report).splitlines())))
    return 0 if report.ok else 1


def _here(env: str) -> str | None:
    """Return the folder that we are in, where it holds the environment's module."""
    module = env.partition(":")[0].partition(".")[0]
    there = ":" in env and (Path(module).is_dir() or Path(f"{module}.py").is_file())
    return "." if there else None


def _coloured(line: str) -> str:
    verdict = line.partition(" ")[0]
    if verdict not in _COLOURS or not sys.stdout.isatty():
        return line
    return click.style(verdict, _COLOURS[verdict]) + line.removeprefix(verdict)


def _release(toolkit: str | None, version: str | None) -> ToolkitRelease:
    """Return the release that is named, or the newest that runs here of the only toolkit."""
    from rlcore.errors import MissingArgument  # noqa: PLC0415 - help needs no registry
    from rlcore.registry import default_registry  # noqa: PLC0415

    registry = default_registry()
    if toolkit and version:
        return registry.toolkit(toolkit).release(version)
    if version:
        msg = "--toolkit-version goes with --toolkit."
        raise click.UsageError(msg)
    keys = [toolkit] if toolkit else registry.keys()
    found = {key: release for key in keys if (release := _newest(key))}
    if len({release.toolkit for release in found.values()}) != 1:
        which = f"{toolkit!r} has no release that runs" if toolkit else "Several, or none, run"
        msg = (
            f"Which toolkit is it for? {which} on this machine: {', '.join(found) or 'none'}. Name"
            " it: --toolkit KEY --toolkit-version VERSION. `rlcore toolkits --releases` lists them."
        )
        raise MissingArgument(msg)
    # Of one toolkit on several frameworks, the newest of all.
    return max(found.values(), key=_order)


def _order(release: ToolkitRelease) -> Version:
    """Return what orders releases; one whose version is in no order comes first."""
    from packaging import version  # noqa: PLC0415 - likewise

    try:
        return version.Version(release.version)
    except version.InvalidVersion:
        return version.Version("0")


def _newest(key: str) -> ToolkitRelease | None:
    from rlcore.errors import PluginError  # noqa: PLC0415 - likewise
    from rlcore.registry import default_registry  # noqa: PLC0415
    from rlcore.spec import Unavailable  # noqa: PLC0415

    try:
        toolkit = default_registry().toolkit(key)
        releases = [toolkit.release(version) for version in toolkit.known_versions()]
    except PluginError:  # the doctor tells of it
        return None
    runs = [each for each in releases if not isinstance(each.training, Unavailable)]
    return runs[-1] if runs else None

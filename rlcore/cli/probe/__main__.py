"""Load one plugin in this process, and tell what that did. Run by path, as the parent does.

Standard input names the plugin and the places where modules are found; the answer goes to standard
output. Whatever the plugin prints goes to standard error.
"""

from __future__ import annotations

import contextlib
import json
import locale
import logging
import os
import random
import signal
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from rlcore.toolkit import Toolkit

_OURS = {"rlcore", "rlscript", "rlserving"}


def main() -> None:
    """Read the question, answer it."""
    question = json.load(sys.stdin)
    with os.fdopen(os.dup(1), "w") as answer:
        os.dup2(2, 1)
        sys.path[:] = question["path"]
        json.dump(_examine(question), answer)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # Threads that the plugin left behind are not waited for.


def _examine(question: dict[str, Any]) -> dict[str, Any]:
    from rlcore.registry import EXTENSIONS, TOOLKITS  # noqa: PLC0415 - not before the path is right

    _import_core()
    point = _point(question["group"], **question["plugin"])
    found = _import(point)
    if question["group"] != TOOLKITS:
        return {**found, **_ask_extension(point)}
    extensions = [_point(EXTENSIONS, **each) for each in question["extensions"]]
    return {**found, **_ask_toolkit(point, extensions)}


def _import_core() -> None:
    """Import what every plugin may use, so that a plugin is charged for its own alone."""
    import rlcore  # noqa: PLC0415
    from rlcore import hookspecs, releases  # noqa: PLC0415

    del hookspecs, releases
    for name in rlcore.__all__:
        getattr(rlcore, name)


def _point(group: str, *, key: str, distribution: str, entry_point: str) -> EntryPoint:
    from importlib import metadata  # noqa: PLC0415

    from rlcore import registry  # noqa: PLC0415

    return next(
        point
        for point in metadata.entry_points(group=group, name=key)
        if (point.value, registry.distribution(point.dist)[0]) == (entry_point, distribution)
    )


def _import(point: EntryPoint) -> dict[str, Any]:
    modules, before = set(sys.modules), _global_state()
    wall, processor = time.perf_counter(), time.process_time()
    with contextlib.suppress(BaseException):  # The registry tells of it, when it is asked.
        point.load()
    processor, wall = time.process_time() - processor, time.perf_counter() - wall
    after = _global_state()
    return {
        "processor_seconds": processor,
        "seconds": wall,
        "changed": [name for name, value in before.items() if after[name] != value],
        "imported": sorted(_foreign(set(sys.modules) - modules, point)),
    }


def _foreign(modules: set[str], point: EntryPoint) -> set[str]:
    files = (point.dist.files if point.dist else None) or ()
    own = {point.module.partition(".")[0], *(file.parts[0] for file in files)}
    tops = {name.partition(".")[0] for name in modules if name[0] != "_"}
    return tops - own - _OURS - sys.stdlib_module_names


def _global_state() -> dict[str, Any]:
    """Return what an import must leave as it is, by the name that a person knows it by."""
    return {
        "os.environ": dict(os.environ),
        "the working folder": Path.cwd(),
        "sys.path": list(sys.path),
        "warnings filters": list(warnings.filters),
        "the root logger": (logging.root.level, list(logging.root.handlers)),
        "signal handlers": [signal.getsignal(number) for number in sorted(signal.valid_signals())],
        "the locale": locale.setlocale(locale.LC_ALL),
        "the state of random": random.getstate(),
        "sys.excepthook": sys.excepthook,
        "threads": threading.active_count(),
    }


def _ask_extension(point: EntryPoint) -> dict[str, Any]:
    from rlcore.registry import ToolkitRegistry  # noqa: PLC0415
    from rlcore.toolkit import UnusablePlugin  # noqa: PLC0415

    registry = ToolkitRegistry([point], environ={})
    (listing,) = registry.extensions()
    try:
        return {"problem": None, "contract": registry.load_extension(listing)}
    except UnusablePlugin as error:
        return {"problem": error.problem, "cure": error.cure}


def _ask_toolkit(point: EntryPoint, extensions: list[EntryPoint]) -> dict[str, Any]:
    """Ask a toolkit alone, and then, if it is sound, through the extensions."""
    from rlcore.errors import RLCoreError  # noqa: PLC0415
    from rlcore.registry import ToolkitRegistry  # noqa: PLC0415
    from rlcore.toolkit import UnusablePlugin  # noqa: PLC0415

    found: dict[str, Any] = {"problem": None, "contract": None, "releases": 0}
    try:
        toolkit = ToolkitRegistry([point], environ={}).toolkit(point.name)
        found["contract"] = toolkit.contract
        for version in toolkit.known_versions():
            _ask_release(toolkit, version)
            found["releases"] += 1
        if extensions:
            _ask_through(ToolkitRegistry([point, *extensions], environ={}).toolkit(point.name))
    except UnusablePlugin as error:
        found.update(problem=error.problem, cure=error.cure)
    except RLCoreError as error:
        found["problem"] = f"it lists a release that it then refuses: {error}"
    return found


def _ask_release(toolkit: Toolkit, version: str) -> None:
    from rlcore.errors import InvalidArgument  # noqa: PLC0415

    release = toolkit.release(version)
    toolkit.default_metrics(release)
    toolkit.model_class(release)
    toolkit.release_from_image("python:3.12")
    with contextlib.suppress(InvalidArgument):  # It has no image, or none there.
        toolkit.image_uri(release, "us-west-2", "ml.c5.xlarge")


def _ask_through(toolkit: Toolkit) -> None:
    """Ask a toolkit through the extensions around it, which may forbid what they like."""
    from rlcore.errors import PluginError, RLCoreError  # noqa: PLC0415

    _silence()
    for version in toolkit.known_versions():
        try:
            _ask_release(toolkit, version)
        except PluginError:
            raise
        except RLCoreError:
            continue


def _silence() -> None:
    """Drop what is printed from here on: it is not the toolkit's."""
    sys.stdout.flush()
    sys.stderr.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


if __name__ == "__main__":
    main()

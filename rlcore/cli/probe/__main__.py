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

    from rlcore.registry import ToolkitRegistry

_OURS = {"rlcore", "rlscript", "rlserving"}


def main() -> None:
    """Read the question, answer it."""
    question = json.load(sys.stdin)
    with os.fdopen(os.dup(1), "w") as answer:
        os.dup2(2, 1)
        sys.path[:] = question["path"]
        json.dump(_examine(question), answer)


def _examine(question: dict[str, str]) -> dict[str, Any]:
    from rlcore.registry import ToolkitRegistry  # noqa: PLC0415 - not before the path is right

    _import_core()
    point = _point(question)
    found = _import(point)
    asked = _ask(ToolkitRegistry([point], environ={}), question["group"])
    return {**found, **asked}


def _import_core() -> None:
    """Import what every plugin may use, so that a plugin is charged for its own alone."""
    import rlcore  # noqa: PLC0415
    from rlcore import hookspecs, releases  # noqa: PLC0415

    del hookspecs, releases
    for name in rlcore.__all__:
        getattr(rlcore, name)


def _point(question: dict[str, str]) -> EntryPoint:
    from importlib import metadata  # noqa: PLC0415

    found = metadata.entry_points(group=question["group"], name=question["key"])
    return next(
        point
        for point in found
        if point.value == question["entry_point"]
        and (point.dist is None or point.dist.metadata["Name"] == question["distribution"])
    )


def _import(point: EntryPoint) -> dict[str, Any]:
    modules, before = set(sys.modules), _global_state()
    wall, processor = time.perf_counter(), time.process_time()
    with contextlib.suppress(Exception, SystemExit):  # The registry tells of it, when it is asked.
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


def _ask(registry: ToolkitRegistry, group: str) -> dict[str, Any]:
    from rlcore.errors import RLCoreError  # noqa: PLC0415
    from rlcore.registry import TOOLKITS  # noqa: PLC0415

    found: dict[str, Any] = {"problem": None, "contract": None, "releases": 0}
    try:
        if group != TOOLKITS:
            (listing,) = registry.extensions()
            return {**found, "contract": registry.load_extension(listing)}
        (key,) = registry.keys()
        toolkit = registry.toolkit(key)
        found["contract"] = toolkit.contract
        for version in toolkit.known_versions():
            release = toolkit.release(version)
            toolkit.default_metrics(release)
            toolkit.model_class(release)
            found["releases"] += 1
    except RLCoreError as error:
        found["problem"] = str(error)
    return found


if __name__ == "__main__":
    main()

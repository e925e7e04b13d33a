"""Walks the path of a stranger who has a toolkit, and tells what it cost.

`python stranger.py FOLDER KEY`: an environment is made in the folder and rlcore installed into it,
`rlcore new toolkit KEY` makes a package, which is installed and runs its own suite. What each step
took is printed as JSON, CPU seconds of every process that was started, also of those that detach.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlcore.platforms.local.installer import find_uv, pip_settings, uv_options, uv_variables
from rlcore.runner.script import become_subreaper

if TYPE_CHECKING:
    from collections.abc import Iterable

CHECKOUT = Path(__file__).parents[2]


def main(folder: Path, key: str) -> int:
    """Take each step, and print what was taken; return the suite's exit code."""
    become_subreaper()
    bin_folder = folder / "environment/bin"
    settings = pip_settings()
    environ = {**_without_python(uv_variables(settings, os.environ)), "RLCORE_HOME": str(folder)}
    uv, package = find_uv(), f"rl-plugin-{key.partition('.')[0]}"
    python = str(bin_folder / "python")
    options = ("--quiet", "--python", python, *uv_options(settings))
    core = f"rlcore[local] @ {CHECKOUT.as_uri()}"
    # What was built of a folder before, uv would take again.
    refresh = ("--refresh-package", "rlcore", "--refresh-package", package)
    steps: dict[str, tuple[str | Path, ...]] = {
        "environment": (uv, "venv", "--quiet", "--python", sys.executable, folder / "environment"),
        "rlcore": (uv, "pip", "install", *options, *refresh, core),
        "new": (bin_folder / "rlcore", "new", "toolkit", key),
        "install": (uv, "pip", "install", *options, *refresh, f"./{package}[test]"),
        "suite": (bin_folder / "pytest", "-v", "-p", "no:cacheprovider", package),
    }
    walked: dict[str, dict[str, Any]] = {}
    for name, command in steps.items():
        walked[name] = _step(command, folder, environ)
        if walked[name]["code"]:
            break
    sys.stdout.write(json.dumps(walked))
    return int(walked[name]["code"])


def _without_python(environ: dict[str, str]) -> dict[str, str]:
    """Return the variables but for those that would lead to the packages of whoever runs this."""
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith(("PYTHON", "PYTEST", "VIRTUAL_ENV"))
    }


def _step(command: Iterable[str | Path], folder: Path, environ: dict[str, str]) -> dict[str, Any]:
    before, started = _cpu(), time.perf_counter()
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=environ,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wall = time.perf_counter() - started
    _wait_for_the_detached()
    cpu = round(_cpu() - before, 2)
    return {"cpu": cpu, "wall": round(wall, 2), "code": done.returncode, "output": done.stdout}


def _wait_for_the_detached() -> None:
    """Wait for supervisors and endpoints, which are ours since we are their reaper."""
    try:
        while True:
            os.wait()
    except ChildProcessError:
        return


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), sys.argv[2]))

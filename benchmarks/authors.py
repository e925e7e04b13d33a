"""What a toolkit's author waits for: from `rlcore new toolkit` to a suite that is green."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks.report import Result
from benchmarks.workbench import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.workbench import Workbench

PATH = CHECKOUT / "tests/helpers/stranger.py"


def results(bench: Workbench) -> Iterator[Result]:
    """Walk the path as its test does: environment, rlcore, the new package, its whole suite.

    A quick run leaves it to that test.
    """
    if bench.quick:
        return
    folder = bench.folder / "stranger"
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, PATH, folder, "acme"], check=True, capture_output=True, text=True
    )
    steps = json.loads(done.stdout)
    yield Result(
        what="a new toolkit made, installed, trained and its suite green",
        unit="s",
        ours=sum(step["cpu"] for step in steps.values()),
        bar=60,
        others={"the suite alone": steps["suite"]["cpu"]},
    )

"""What the local platform adds to a script: time around it, and CPU while it runs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.measure import cost
from benchmarks.report import Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.workbench import Workbench

FIT = """
import json, statistics, sys, time
from rlcore import RLEstimator

def fit():
    estimator = RLEstimator({script!r}, toolkit="vw", toolkit_version="8.7.0")
    started = time.perf_counter()
    estimator.fit(logs=False)
    return time.perf_counter() - started

fit()
print("seconds", json.dumps(statistics.median(fit() for _ in range({repeats}))))
"""
BUSY = """
import time
end = time.monotonic() + {seconds}
step = 0
while time.monotonic() < end:
    pause = time.monotonic() + 0.1
    while time.monotonic() < pause:
        sum(range(1000))
    step += 100
    print("rlcore step=%d time=%.1f return_mean=%.1f" % (step, step / 1000, step), flush=True)
"""
TORCHX = ("run", "-s", "local_cwd", "utils.echo")


def results(bench: Workbench) -> Iterator[Result]:
    """Measure a job that does nothing, and one that is always busy."""
    yield _nothing(bench)
    yield _busy(bench, 4 if bench.quick else 30)


def _nothing(bench: Workbench) -> Result:
    script = bench.folder / "nothing.py"
    script.write_text("", encoding="utf-8")
    output = _client(bench, FIT.format(script=str(script), repeats=bench.repeats))
    torchx = None
    if "TorchX" in bench.peers:
        command = [str(bench.peers["TorchX"] / "torchx"), *TORCHX]
        torchx = cost(command, bench.environ, bench.repeats).wall
    return Result(
        what="no-op local job, environment cached, `fit()` to its return",
        unit="s, wall",
        ours=json.loads(output.rpartition("seconds ")[2]),
        bar=0.4,
        others={"TorchX, whole command, no isolation": torchx},
    )


def _client(bench: Workbench, code: str) -> str:
    done = subprocess.run(
        [bench.bin / "python", "-c", code],
        env=dict(bench.environ),
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def _busy(bench: Workbench, seconds: int) -> Result:
    script = bench.folder / "busy.py"
    script.write_text(BUSY.format(seconds=seconds), encoding="utf-8")
    code = (
        "from rlcore import RLEstimator;"
        f"RLEstimator({str(script)!r}, toolkit='vw', toolkit_version='8.7.0').fit()"
    )
    share = share_of_the_others(bench, code, after=seconds * 0.3, during=seconds * 0.4)
    return Result(
        what="CPU of client and supervisor while training, of the script's",
        unit="%",
        ours=share,
        bar=2,
    )


def share_of_the_others(bench: Workbench, code: str, *, after: float, during: float) -> float:
    """Return what all processes of a client's job but the script's spend, in percent of its own.

    The script is the busiest process. What it has started is its own, too.

    Args:
        bench: Where it runs.
        code: The client's program.
        after: Seconds from its start that do not count: until the script is busy.
        during: Seconds that do.
    """
    # Variables of rlcore's own do not reach the script: the mark must not look like one.
    mark = f"BENCHMARK_RUN={uuid.uuid4()}"
    with subprocess.Popen(
        [bench.bin / "python", "-c", code],
        env={**bench.environ, **dict([mark.split("=")])},
        stdout=subprocess.DEVNULL,
    ) as client:
        time.sleep(after)
        first = _processes(mark)
        time.sleep(during)
        second = _processes(mark)
    if client.returncode:
        sys.exit("The job failed.")
    spent = {pid: second[pid].ticks - first[pid].ticks for pid in first if pid in second}
    script = max(spent, key=lambda pid: spent[pid])
    others = [ticks for pid, ticks in spent.items() if not _is_below(pid, script, second)]
    return 100 * sum(others) / spent[script]


class _Process(NamedTuple):
    parent: int
    ticks: int


def _is_below(pid: int, ancestor: int, processes: dict[int, _Process]) -> bool:
    while pid in processes and pid != ancestor:
        pid = processes[pid].parent
    return pid == ancestor


def _processes(mark: str) -> dict[int, _Process]:
    """Return every process that inherited the mark, with its CPU time in ticks."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in folder.joinpath("environ").read_bytes():
                fields = folder.joinpath("stat").read_text("utf-8").rpartition(")")[2].split()
                found[int(folder.name)] = _Process(
                    int(fields[1]), int(fields[11]) + int(fields[12])
                )
        except OSError:
            continue  # It ended in between, or is somebody else's.
    return found

"""Coach on TensorFlow, from nothing to an action: its environment, its training, its deployment."""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from typing import TYPE_CHECKING

from benchmarks.jobs import share_of_the_others
from benchmarks.report import Result
from benchmarks.workbench import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.workbench import Workbench

RELEASE = ("coach.tensorflow", "0.11.1")
ESTIMATOR = """
from rlcore import RLEstimator
estimator = RLEstimator(
    "train.py", source_dir={example!r}, toolkit="coach", toolkit_version="0.11.1",
    framework="tensorflow",
)
"""
EXAMPLE = """
import json, time
started = time.perf_counter()
estimator.fit(logs=False)
trained = time.perf_counter()
predictor = estimator.deploy(1, "local")
predictor.act([0.01, -0.02, 0.03, 0.04])
deployed = time.perf_counter()
mean = estimator.evaluate(episodes=100, predictor=predictor).return_mean
predictor.delete_endpoint()
print("result", json.dumps([deployed - started, trained - started, mean]))
"""


def results(bench: Workbench) -> Iterator[Result]:
    """Measure the example as users run it; a quick run builds the environment once, no more."""
    yield _environment(bench)
    if not bench.quick:
        yield _example(bench)
        yield _share(bench)


def _environment(bench: Workbench) -> Result:
    """Build the environment anew, in homes of their own, from uv's cache."""
    if not bench.quick:
        _build(bench, "cold")  # fills the cache
    builds = 1 if bench.quick else 3
    return Result(
        what="environment of Coach 0.11.1, from uv's cache",
        unit="s, wall",
        ours=statistics.median(_build(bench, f"warm-{number}") for number in range(builds)),
        bar=5,
    )


def _build(bench: Workbench, home: str) -> float:
    started = time.perf_counter()
    subprocess.run(
        [bench.bin / "python", "-m", "rlcore", "env", "build", *RELEASE],
        env={**bench.environ, "RLCORE_HOME": str(bench.folder / home)},
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - started


def _example(bench: Workbench) -> Result:
    output = subprocess.run(
        [bench.bin / "python", "-c", _estimator() + EXAMPLE],
        env=dict(bench.environ),
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    whole, training, mean = json.loads(output.rpartition("result ")[2])
    return Result(
        what="Coach's CartPole example, environment cached: trained, deployed, first action",
        unit="s, wall",
        ours=whole,
        bar=90,
        others={"the training alone": training, "its return, of 200": mean},
    )


def _share(bench: Workbench) -> Result:
    return Result(
        what="CPU of client and supervisor while Coach trains, of the script's",
        unit="%",
        ours=share_of_the_others(bench, _estimator() + "estimator.fit()", after=9, during=9),
        bar=2,
        reason="some 20 ticks of 10 ms in nine seconds, which varies from run to run",
    )


def _estimator() -> str:
    return ESTIMATOR.format(example=str(CHECKOUT / "examples/coach_tensorflow"))

"""The benchmarks run. What they measure, and on what peers, is left to `make bench`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]


def test_every_measurement_works(tmp_path: Path) -> None:
    """A quick run measures each row once and writes the table."""
    report = tmp_path / "results.md"

    subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--output", report],
        cwd=CHECKOUT,
        check=True,
        stdout=subprocess.DEVNULL,
    )

    rows = [line for line in report.read_text("utf-8").splitlines() if line.startswith("| ")]
    measured = [row for row in rows if "**" in row]
    assert 21 == len(measured)


def test_an_unknown_group_is_refused() -> None:
    """A wrong name is answered with the ones that there are."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "startupp"],
        cwd=CHECKOUT,
        check=False,
        capture_output=True,
        text=True,
    )

    assert 2 == done.returncode
    assert "no group startupp; there are startup, throughput" in done.stderr

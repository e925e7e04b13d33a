"""Measure, and write the results."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks import authors, coach, endpoint, jobs, report, sagemaker, size, startup, throughput
from benchmarks.workbench import CHECKOUT, workbench

GROUPS = {
    "startup": startup,
    "throughput": throughput,
    "jobs": jobs,
    "endpoint": endpoint,
    "sagemaker": sagemaker,
    "coach": coach,
    "authors": authors,
    "size": size,
}


def main() -> None:
    """Run the groups that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=", ".join(GROUPS))
    parser.add_argument("--quick", action="store_true", help="each once, without peers")
    parser.add_argument("--output", type=Path, default=CHECKOUT / "benchmarks/results.md")
    arguments = parser.parse_args()
    unknown = set(arguments.groups) - set(GROUPS)
    if unknown:
        parser.error(f"no group {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    with tempfile.TemporaryDirectory(prefix="rlcore-bench-") as folder:
        bench = workbench(Path(folder), quick=arguments.quick)
        rows = []
        for name in arguments.groups or GROUPS:
            for row in GROUPS[name].results(bench):
                print(row, flush=True)
                rows.append(row)
    report.write(rows, arguments.output)


if __name__ == "__main__":
    main()

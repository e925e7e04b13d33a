"""How fast lines are read and sources are packed, in CPU seconds of this process."""

from __future__ import annotations

import io
import shutil
import sysconfig
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import cpu_seconds
from benchmarks.report import Result
from rlcore import MetricDefinition
from rlcore.metrics import MetricParser
from rlcore.source import bundle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.workbench import Workbench

CHATTER = "(RolloutWorker pid=2817) 2026-01-01 12:00:00,000 INFO sampler.py:412 -- batch {} of 4000"
REPORT = "rlcore step={} time=12.3 " + " ".join(f"metric_{index}=0.5" for index in range(10))
DEFINITIONS = [
    MetricDefinition(name=f"metric_{index}", regex=rf"rlcore .*\bmetric_{index}=([-+.0-9e]+)")
    for index in range(10)
]


def results(bench: Workbench) -> Iterator[Result]:
    """Measure the log lines of a training and the packing of a source folder."""
    yield _log_lines(200 if bench.quick else 200_000, bench.repeats)
    yield _source_bundle(bench.folder, 5 if bench.quick else 400, bench.repeats)


def _log_lines(number: int, repeats: int) -> Result:
    """One line in fifty is a report: a script that tells each of its metrics twice a second."""
    lines = [(REPORT if index % 50 == 0 else CHATTER).format(index) for index in range(number)]

    def ours() -> None:
        parser = MetricParser(DEFINITIONS)
        for line in lines:
            parser.feed(line, 0.0)

    def limit() -> None:
        for line in lines:
            _is_report(line)

    return Result(
        what="log lines through ten definitions",
        unit="lines/s",
        ours=number / cpu_seconds(ours, repeats),
        bar=500_000,
        higher_is_better=True,
        others={"a loop that calls one function a line": number / cpu_seconds(limit, repeats)},
    )


def _is_report(line: str) -> bool:
    return "rlcore step=" in line


def _source_bundle(folder: Path, files: int, repeats: int) -> Result:
    source = _copy_source(folder / "source", files)
    target = folder / "source.tar.gz"

    def ours() -> None:
        bundle("train.py", source_dir=source).write(target)

    default = cpu_seconds(lambda: _tarfile(source, 9), repeats)
    fast = cpu_seconds(lambda: _tarfile(source, 1), repeats)
    return Result(
        what="source bundle, CPU against `tarfile`'s default",
        unit="ratio",
        ours=cpu_seconds(ours, repeats) / default,
        bar=0.25,
        others={"tarfile, zlib level 1": fast / default},
    )


def _tarfile(source: Path, level: int) -> None:
    with tarfile.open(fileobj=io.BytesIO(), mode="w:gz", compresslevel=level) as archive:
        archive.add(source, arcname=".")


def _copy_source(folder: Path, files: int) -> Path:
    """Copy modules of the standard library: source code as people write it, there everywhere."""
    folder.mkdir()
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))[:files]:
        shutil.copyfile(path, folder / path.name)
    folder.joinpath("train.py").write_text("", encoding="utf-8")
    return folder

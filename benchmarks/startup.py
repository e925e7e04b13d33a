"""What a command costs before it does anything: CPU seconds of fresh processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.measure import cost
from benchmarks.report import Result

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.workbench import Workbench

ESTIMATOR = (
    "import sys; from rlcore import RLEstimator;"
    "estimator = RLEstimator({script!r}, toolkit='ray', toolkit_version='2.60.0',"
    " framework='pytorch', hyperparameters={{'lr': 3e-4}});"
)
SCAN = "import importlib.metadata as m; list(m.entry_points(group='rlcore.toolkits'))"
LIBRARIES = "import attrs, pluggy, importlib.metadata"
TORCHX = "from torchx.runner import get_runner"
SDK = "from sagemaker.rl import RLEstimator"


def results(bench: Workbench) -> Iterator[Result]:
    """Measure imports, the constructor, the plan, and the commands that only look things up."""
    script = bench.folder / "train.py"
    script.write_text("print('nothing to learn')\n", encoding="utf-8")
    estimator = ESTIMATOR.format(script=str(script))
    bare = _ours(bench, "python", "-c", "pass")
    torchx = _peer(bench, "TorchX", "python", "-c", TORCHX)
    sdk = _peer(bench, "SDK v2", "python", "-c", SDK)
    yield Result(
        what="`import rlcore`",
        unit="s",
        ours=_ours(bench, "python", "-c", "import rlcore"),
        bar=0.05,
        others={"bare Python": bare, "TorchX": torchx, "SDK v2": sdk},
    )
    yield Result(
        what="`RLEstimator(...)` constructed",
        unit="s",
        ours=_ours(bench, "python", "-c", estimator + "assert 'boto3' not in sys.modules"),
        bar=0.10,
        others={
            "bare Python": bare,
            "attrs, pluggy and the scan's imports alone": _ours(bench, "python", "-c", LIBRARIES),
            "SDK v2, import alone": sdk,
        },
        reason="most of it is the import of attrs, of pluggy and of what reads entry points",
    )
    yield Result(
        what="`rlcore --help`",
        unit="s",
        ours=_ours(bench, "rlcore", "--help"),
        bar=0.12,
        others={"TorchX": _peer(bench, "TorchX", "torchx", "--help")},
    )
    yield from _toolkits(bench)
    dry_run = ("torchx", "run", "--dryrun", "-s", "local_cwd", "utils.echo")
    yield Result(
        what="`plan()` for the local platform",
        unit="s",
        ours=_ours(bench, "python", "-c", estimator + "estimator.plan()"),
        bar=0.25,
        others={"TorchX, dry run": _peer(bench, "TorchX", *dry_run)},
    )


def _toolkits(bench: Workbench) -> Iterator[Result]:
    """List generated plugins whose modules do not exist: importing one would break the list."""
    llm = _peer(bench, "llm", "llm", "plugins")
    for number, bar in ((10, 0.15), (1000, 0.6)):
        path = {"PYTHONPATH": str(generate_plugins(bench.folder / f"plugins-{number}", number))}
        scan = _ours(bench, "python", "-c", SCAN, **path)
        others: dict[str, float | None] = {"the scan alone": scan}
        if number == 10:  # noqa: PLR2004 - its own list has a few
            others["llm, with its own few"] = llm
        yield Result(
            what=f"`rlcore toolkits`, piped, {number:,} plugins",
            unit="s",
            ours=_ours(bench, "rlcore", "toolkits", **path),
            bar=bar,
            others=others,
        )


def generate_plugins(folder: Path, number: int) -> Path:
    """Write the metadata of *number* installed plugins."""
    for index in range(number):
        info = folder / f"made_up_{index}-1.0.dist-info"
        info.mkdir(parents=True)
        metadata = f"Metadata-Version: 2.1\nName: made-up-{index}\nVersion: 1.0\n"
        points = f"[rlcore.toolkits]\nmade-up-{index} = made_up_{index}\n"
        info.joinpath("METADATA").write_text(metadata, encoding="utf-8")
        info.joinpath("entry_points.txt").write_text(points, encoding="utf-8")
    return folder


def _ours(bench: Workbench, program: str, *arguments: str, **environ: str) -> float:
    command = [str(bench.bin / program), *arguments]
    return cost(command, {**bench.environ, **environ}, bench.repeats).cpu


def _peer(bench: Workbench, peer: str, program: str, *arguments: str) -> float | None:
    if peer not in bench.peers:
        return None
    command = [str(bench.peers[peer] / program), *arguments]
    return cost(command, bench.environ, bench.repeats).cpu

"""What an installation takes on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.measure import megabytes
from benchmarks.report import Result
from benchmarks.workbench import PEERS, build_wheels, install_size_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.workbench import Workbench


def results(bench: Workbench) -> Iterator[Result]:
    """Install core with what the local platform needs, and the smallest peer, and weigh both."""
    if bench.quick:
        return
    core = build_wheels(bench.folder / "weighed-wheels")[0]
    ours = install_size_target(bench.folder / "weighed", f"{core}[local]")
    torchx = "TorchX" in bench.peers and install_size_target(
        bench.folder / "weighed-torchx", *PEERS["TorchX"]
    )
    yield Result(
        what="install of core with `[local]`",
        unit="MB",
        ours=megabytes(ours),
        bar=100,
        others={"TorchX": megabytes(torchx) if torchx else None},
    )

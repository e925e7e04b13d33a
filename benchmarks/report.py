"""The results as a table that stands in the repository."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable


@attrs.frozen(kw_only=True)
class Result:
    """One measured row.

    Attributes:
        what: What was measured.
        unit: Unit of all figures of the row.
        ours: Our figure.
        bar: What it has to reach.
        higher_is_better: Whether the bar is a lower limit.
        others: Peers and limits, measured in the same run; None for one that could not be.
        reason: Why the bar is not met, shown where it is not.
    """

    what: str
    unit: str
    ours: float
    bar: float
    higher_is_better: bool = False
    others: Mapping[str, float | None] = attrs.field(factory=dict)
    reason: str = "not explained yet"

    @property
    def met(self) -> bool:
        """Whether our figure reaches the bar."""
        return self.ours >= self.bar if self.higher_is_better else self.ours <= self.bar

    def __str__(self) -> str:
        """Return the row as Markdown."""
        others = ", ".join(f"{name} {_figure(value)}" for name, value in self.others.items())
        verdict = "yes" if self.met else f"no: {self.reason}"
        figures = f"**{_figure(self.ours)}** | {_figure(self.bar)}"
        return f"| {self.what} | {self.unit} | {figures} | {verdict} | {others} |"


def write(results: Iterable[Result], path: Path) -> None:
    """Write the table, and say what it was measured on."""
    lines = [
        "# Results of the benchmarks",
        "",
        "Written by `make bench`; do not edit. Medians of fresh processes; CPU seconds unless the",
        "unit says otherwise. Peers and limits were measured in the same run.",
        "",
        f"Python {platform.python_version()} on {_processor()}.",
        "",
        "| what | unit | ours | bar | met | peers and limits |",
        "|---|---|---|---|---|---|",
        *map(str, results),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _figure(value: float | None) -> str:
    if value is None:
        return "not installable here"
    if value >= 1000:  # noqa: PLR2004 - three significant digits below, thousands above
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    text = info.read_text("utf-8") if info.exists() else ""
    names = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    return f"{len(names)} x {names[0]}" if names else f"{platform.machine()} ({sys.platform})"

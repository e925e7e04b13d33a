"""Curves as image files. Needs the extra `plot`."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlcore.display.figure import Figure, figure, short_number
from rlcore.errors import InvalidArgument, MissingExtra

if TYPE_CHECKING:
    import os

    from rlcore.metrics import LearningCurve

_LINE, _MARK, _GOAL = "#1f6feb", "#d9730d", "#2e8b57"
_MANY_POINTS = 30
"""From here on evaluations get smaller marks."""


def plot_png(
    curve: LearningCurve,
    path: str | os.PathLike[str],
    *,
    title: str = "",
    goal: float | None = None,
) -> Path:
    """Draw *curve* into a PNG file, and return its path.

    Raises:
        InvalidArgument: The curve has no points, the name does not end in `.png`, or the folder
            does not exist.
        MissingExtra: matplotlib is not installed.
    """
    path = Path(path)
    _check(path)
    drawn = figure(curve, goal)
    if drawn is None:
        msg = "The learning curve has no points to plot: no metric has matched a line of the log."
        raise InvalidArgument(msg)
    image = io.BytesIO()
    _canvas(drawn, title).print_png(image)
    path.write_bytes(image.getvalue())
    return path


def _check(path: Path) -> None:
    if path.suffix.lower() != ".png":
        msg = f"The picture is a PNG file: {str(path)!r} must end in .png."
        raise InvalidArgument(msg)
    folder = path.absolute().parent
    if not folder.is_dir():
        there = next(parent for parent in folder.parents if parent.is_dir())
        msg = (
            f"There is no folder {str(folder)!r}, only {str(there)!r}. Make it, or choose another."
        )
        raise InvalidArgument(msg)


def _canvas(drawn: Figure, title: str) -> Any:
    # Figure and canvas by hand: pyplot keeps global state and looks for a screen.
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  (an extra)
        from matplotlib.figure import Figure as MatplotlibFigure  # noqa: PLC0415  (likewise)
    except ImportError as error:
        msg = "Plots need matplotlib. Install it with: pip install 'rlcore[plot]'"
        raise MissingExtra(msg) from error
    sheet = MatplotlibFigure(figsize=(8, 4.5), dpi=150, layout="constrained")
    canvas = FigureCanvasAgg(sheet)
    axes = sheet.add_subplot()
    _decorate(axes, drawn, title)
    _draw(axes, drawn)
    if len(axes.get_legend_handles_labels()[0]) > 1:
        axes.legend(frameon=False, fontsize=9)
    return canvas


def _decorate(axes: Any, drawn: Figure, title: str) -> None:
    axes.set_title(title or "Learning curve", loc="left", fontsize=12)
    axes.set_xlabel(drawn.x_label)
    axes.set_ylabel(drawn.name)
    axes.set_xlim(*drawn.x_range)
    axes.margins(y=0.06)
    axes.xaxis.set_major_formatter(lambda value, _: short_number(value, drawn.x_range[1]))
    axes.grid(visible=True, color="#e6e8eb", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _draw(axes: Any, drawn: Figure) -> None:
    smoothed = drawn.line != drawn.raw
    if smoothed:
        axes.plot(*zip(*drawn.raw, strict=True), color=_LINE, alpha=0.25, linewidth=1)
    label = f"{drawn.name}, moving mean" if smoothed else drawn.name
    marker = "o" if len(drawn.line) == 1 else None
    axes.plot(*zip(*drawn.line, strict=True), color=_LINE, linewidth=2, label=label, marker=marker)
    if drawn.evaluations:
        size = 7 if len(drawn.evaluations) < _MANY_POINTS else 4
        axes.plot(
            *zip(*drawn.evaluations, strict=True),
            color=_MARK,
            linestyle="none",
            marker="D",
            markersize=size,
            markeredgecolor="white",
            label=drawn.evaluation_name,
            clip_on=False,
            zorder=3,
        )
    if drawn.goal is not None:
        label = f"goal {short_number(drawn.goal)}"
        axes.axhline(drawn.goal, color=_GOAL, linestyle="--", linewidth=1.2, label=label)

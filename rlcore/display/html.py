"""Curves and jobs as HTML for notebooks: inline SVG, no scripts, colours of the page's theme."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import attrs

from rlcore.display.figure import Figure, Point, figure, short_number, thinned, ticks
from rlcore.display.text import NO_POINTS, NO_POINTS_YET, outcome_rows, plain, reason_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rlcore.metrics import LearningCurve
    from rlcore.spec import JobStatus

_LINE, _MARK, _GOAL = "#3b82f6", "#e8853a", "#3fa36c"
_WIDTH, _HEIGHT = 640, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 16, 34, 40
_MOST_POINTS = 600


def curve_html(curve: LearningCurve, goal: float | None = None) -> str:
    """Return the curve as an `<svg>` element."""
    drawn = figure(curve, goal)
    return f"<p>{NO_POINTS_YET}</p>" if drawn is None else _svg(drawn)


def job_html(status: JobStatus, curve: LearningCurve) -> str:
    """Return a job's state, times, returns and files as a table, and its curve."""
    stage = "" if status.state.final or not status.stage else f", {status.stage}"
    heading = f"<b>{escape(status.name)}</b> {escape(status.state.value + stage)}"
    is_empty = status.state.final and not len(curve)
    drawing = f"<p>{NO_POINTS}</p>" if is_empty else curve_html(curve)
    return f"<div>{heading}{_reason(status)}{table(outcome_rows(status, curve))}{drawing}</div>"


def _reason(status: JobStatus) -> str:
    """Return the cause in one line, which opens to the whole where that has more lines."""
    whole = (status.failure_reason or "").strip()
    line = escape(reason_text(status))
    if "\n" not in whole:
        return f"<p>{line}</p>" if whole else ""
    return f"<details><summary>{line}</summary>{lines_html(whole.splitlines())}</details>"


def lines_html(lines: Iterable[str]) -> str:
    """Return lines of a log as they are, without control sequences."""
    text = "\n".join(map(plain, lines))
    return f"<pre>{escape(text)}</pre>"


def table(rows: Iterable[tuple[str, str]]) -> str:
    """Return a two-column table of *rows*."""
    cells = (
        f'<tr><td style="text-align:left">{escape(label)}</td>'
        f'<td style="text-align:left">{escape(text)}</td></tr>'
        for label, text in rows
    )
    return f"<table>{''.join(cells)}</table>"


@attrs.frozen
class _Scale:
    """From values to pixels of the drawing."""

    x_range: tuple[float, float]
    y_range: tuple[float, float]

    def x(self, value: float) -> float:
        low, high = self.x_range
        return _LEFT + (value - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        low, high = self.y_range
        return _TOP + (high - value) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)


def _svg(drawn: Figure) -> str:
    scale = _Scale(drawn.x_range, drawn.y_range)
    parts = [
        *_grid(scale),
        *_labels(drawn),
        _polyline(scale, drawn.raw, width=1, opacity=0.3) if drawn.raw != drawn.line else "",
        _polyline(scale, drawn.line, width=2, opacity=1),
        *_goal(scale, drawn.goal),
        *(_mark(scale, point) for point in drawn.evaluations),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
        f' width="{_WIDTH}" height="{_HEIGHT}" style="max-width:100%" fill="currentColor"'
        f' font-family="sans-serif" font-size="11" role="img">{"".join(parts)}</svg>'
    )


def _grid(scale: _Scale) -> Iterable[str]:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    stroke = 'stroke="currentColor" stroke-opacity="0.15"'
    rows, columns = ticks(*scale.y_range, 5), ticks(*scale.x_range, 6)
    for value, label in _labelled(rows):
        y = scale.y(value)
        yield f'<line x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" {stroke}/>'
        yield f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
    for value, label in _labelled(columns):
        x = scale.x(value)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{bottom}" {stroke}/>'
        yield f'<text x="{x:.1f}" y="{bottom + 14}" text-anchor="middle">{label}</text>'


def _labelled(values: Sequence[float]) -> list[tuple[float, str]]:
    largest = max(map(abs, values), default=0.0)
    return [(value, short_number(value, largest)) for value in values]


def _labels(drawn: Figure) -> Iterable[str]:
    evaluation = f'  <tspan fill="{_MARK}">◆</tspan> ' if drawn.evaluation_name else ""
    name = escape(drawn.evaluation_name or "")
    yield (
        f'<text x="{_LEFT}" y="20" font-size="12" xml:space="preserve"><tspan fill="{_LINE}">━'
        f"</tspan> {escape(drawn.name)}{evaluation}{name}</text>"
    )
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    yield f'<text x="{middle}" y="{_HEIGHT - 8}" text-anchor="middle">{drawn.x_label}</text>'


def _polyline(scale: _Scale, points: Sequence[Point], *, width: int, opacity: float) -> str:
    if len(points) == 1:
        ((x, y),) = points
        return f'<circle cx="{scale.x(x):.1f}" cy="{scale.y(y):.1f}" r="3" fill="{_LINE}"/>'
    low, high = scale.y_range
    # Raw points may lie outside the range of the smoothed line.
    clipped = ((x, min(max(y, low), high)) for x, y in thinned(points, _MOST_POINTS))
    path = " ".join(f"{scale.x(x):.1f},{scale.y(y):.1f}" for x, y in clipped)
    return (
        f'<polyline points="{path}" fill="none" stroke="{_LINE}" stroke-width="{width}"'
        f' stroke-opacity="{opacity}" stroke-linejoin="round"/>'
    )


def _goal(scale: _Scale, goal: float | None) -> Iterable[str]:
    if goal is None:
        return
    y = scale.y(goal)
    yield (
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{_GOAL}"'
        ' stroke-dasharray="5 4"/>'
    )
    yield f'<text x="{_WIDTH - _RIGHT}" y="{y - 4:.1f}" text-anchor="end">goal</text>'


def _mark(scale: _Scale, point: Point) -> str:
    x, y = scale.x(point[0]), scale.y(point[1])
    corners = f"{x:.1f},{y - 5:.1f} {x + 5:.1f},{y:.1f} {x:.1f},{y + 5:.1f} {x - 5:.1f},{y:.1f}"
    return f'<polygon points="{corners}" fill="{_MARK}"/>'

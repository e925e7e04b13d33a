"""Curves and outcomes as text for a terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from rlcore import storage
from rlcore.display.figure import (
    Figure,
    Point,
    duration,
    evaluation_metric,
    figure,
    main_metric,
    short_number,
    thinned,
    ticks,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from rlcore.metrics import LearningCurve
    from rlcore.spec import JobStatus

MARK = "◆"
"""Marks an evaluation in a chart."""

NO_POINTS_YET = "No points yet."
NO_POINTS = "No metric has matched a line of the log."
"""Instead of the curve of a job that has ended."""

_SCRIPT_ERROR = re.compile(
    r'ExecuteUserScriptError:\nExitCode (?P<code>-?\d+)\nErrorMessage "(?P<output>.*)', re.DOTALL
)
"""A failure as the runner and the training service write it; its end may be cut off."""
_EXCEPTION = re.compile(r'^ +File ".*(?:\n[ \t].*)*\n(\S.*)', re.MULTILINE)
"""The frames of a traceback, and what it says at last."""
_IGNORED = re.compile(
    r"^Exception ignored in.*(?:\nTraceback.*(?:\n[ \t].*)*\n.*)?\n?", re.MULTILINE
)
"""What the interpreter says of a destructor that failed, which nothing ends for."""
_LONGEST_CAUSE = 400
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-Z\\-_]|[\x00-\x08\x0a-\x1f\x7f]")
_BRAILLE = 0x2800
# Bits of the eight dots of a braille character, by row from the top and by column.
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_MINIMUM_WIDTH, _MINIMUM_HEIGHT = 24, 6
_HEAD_AND_FOOT = 3


def curve_text(
    curve: LearningCurve, width: int = 80, height: int = 16, goal: float | None = None
) -> str:
    """Return a chart of *curve* in *width* columns and *height* lines of Unicode characters."""
    drawn = figure(curve, goal)
    if drawn is None:
        return NO_POINTS_YET
    return chart(drawn, max(width, _MINIMUM_WIDTH), max(height, _MINIMUM_HEIGHT))


def chart(drawn: Figure, width: int, height: int) -> str:
    """Draw a figure: a legend, the plot with its labels, the horizontal axis and its labels."""
    rows = height - _HEAD_AND_FOOT
    labels = _row_labels(drawn.y_range, rows)
    margin = max(map(len, labels.values()))
    canvas = _Canvas.over(drawn, width - margin - 2, rows)
    plot = [
        f"{labels.get(row, ''):>{margin}} {'┤' if row in labels else '│'}{line}"
        for row, line in enumerate(canvas.lines())
    ]
    axis, numbers = _horizontal_axis(drawn.x_range, canvas.columns)
    indent = " " * (margin + 1)
    lines = [_legend(drawn, width), *plot, f"{indent}└{axis}", f"{indent} {numbers}"]
    return "\n".join(line.rstrip() for line in lines)


def _legend(drawn: Figure, width: int) -> str:
    """Return what the line and the marks are, with as much of the axis as there is room for."""
    marks = [f"{MARK} {drawn.evaluation_name}"] if drawn.evaluation_name else []
    goal = [f"┄ goal {short_number(drawn.goal)}"] if drawn.goal is not None else []
    unit = drawn.x_label.rpartition(" ")[2]
    texts = [
        gap.join([f"⠒ {drawn.name}{against}", *marks, *goal])
        for gap in ("   ", " ")
        for against in (f" against {drawn.x_label}", f" against {unit}", "")
    ]
    return next((text for text in texts if len(text) <= width), shortened(texts[-1], width))


def _row_labels(y_range: tuple[float, float], rows: int) -> dict[int, str]:
    low, high = y_range
    values = ticks(low, high, max(2, rows // 3))
    largest = max(map(abs, values))
    return {
        round((high - value) / (high - low) * (rows - 1)): short_number(value, largest)
        for value in values
    }


def _horizontal_axis(x_range: tuple[float, float], columns: int) -> tuple[str, str]:
    low, high = x_range
    values = ticks(low, high, max(2, columns // 14))
    largest = max(map(abs, values))
    axis, numbers = ["─"] * columns, ""
    for value in values:
        column = round((value - low) / (high - low) * (columns - 1))
        label = short_number(value, largest)
        start = max(0, min(column - len(label) // 2, columns - len(label)))
        if not numbers or start > len(numbers):
            axis[column] = "┬"
            numbers = numbers.ljust(start) + label
    return "".join(axis), numbers


@attrs.frozen
class _Canvas:
    """Braille dots, two by four to a character; marks hide the dots under them."""

    columns: int
    rows: int
    cells: dict[tuple[int, int], int] = attrs.field(factory=dict)
    marks: dict[tuple[int, int], str] = attrs.field(factory=dict)

    @classmethod
    def over(cls, drawn: Figure, columns: int, rows: int) -> _Canvas:
        canvas = cls(columns, rows)
        (left, right), (bottom, top) = drawn.x_range, drawn.y_range

        def place(point: Point) -> tuple[int, int]:
            x, y = point
            across = (x - left) / (right - left) * (columns * 2 - 1)
            down = (top - y) / (top - bottom) * (rows * 4 - 1)
            return round(across), round(down)

        if drawn.goal is not None:
            _, down = place((left, drawn.goal))
            canvas.marks.update({(column, down // 4): "┄" for column in range(columns)})
        canvas._draw(map(place, thinned(drawn.line, columns * 4)))
        for across, down in map(place, drawn.evaluations):
            canvas.marks[across // 2, down // 4] = MARK
        return canvas

    def _draw(self, places: Iterable[tuple[int, int]]) -> None:
        before: tuple[int, int] | None = None
        for place in places:
            self._segment(before or place, place)
            before = place

    def _segment(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        (x0, y0), (x1, y1) = start, end
        length = max(abs(x1 - x0), abs(y1 - y0), 1)
        for index in range(length + 1):
            x = x0 + round((x1 - x0) * index / length)
            y = y0 + round((y1 - y0) * index / length)
            cell = (x // 2, y // 4)
            self.cells[cell] = self.cells.get(cell, 0) | _DOTS[y % 4][x % 2]
            self.marks.pop(cell, None)

    def lines(self) -> list[str]:
        return [
            "".join(self._character(column, row) for column in range(self.columns))
            for row in range(self.rows)
        ]

    def _character(self, column: int, row: int) -> str:
        mark = self.marks.get((column, row))
        dots = self.cells.get((column, row))
        return mark or (chr(_BRAILLE + dots) if dots else " ")


def outcome_text(status: JobStatus, curve: LearningCurve, plot: Path | None = None) -> str:
    """Return the last words on a job: outcome, times, returns and where the files are."""
    heading = ": ".join(filter(None, [f"{status.state.value} {status.name}", reason_text(status)]))
    rows = outcome_rows(status, curve) + ([("curve", str(plot))] if plot else [])
    details = [f"  {label:<8}{text}" for label, text in rows]
    return "\n".join([heading, *details])


def outcome_rows(status: JobStatus, curve: LearningCurve) -> list[tuple[str, str]]:
    """Return label and text of what is known of a job that ended, or of one that has not."""
    rows = [
        ("times", _times(status)),
        ("metrics", _last_metrics(curve)),
        ("model", _local_path(status.model_data)),
        ("output", _local_path(status.output_data)),
    ]
    return [(label, text) for label, text in rows if text]


def reason_text(status: JobStatus) -> str:
    """Return in one line why a job failed or was stopped, empty where nothing is known of it."""
    return cause(status.failure_reason, status.exit_code) if status.failure_reason else ""


def cause(reason: str, exit_code: int | None = None) -> str:
    """Return the cause of a failure in one line of at most 400 characters.

    Args:
        reason: What the platform knows: the error of a script in the form of the training service,
            of which the exception of the last traceback counts, else the last line that the script
            wrote; or any other text, of which the first line counts.
        exit_code: The script's exit code, for texts that do not tell it.
    """
    error = _SCRIPT_ERROR.search(reason)
    if error:
        text = f"exit code {error['code']}{_last_words(error['output'])}"
    else:
        first = reason.strip().partition("\n")[0].rstrip(":")
        code = f"exit code {exit_code}" if exit_code else ""
        text = ", ".join(filter(None, [first, code]))
    return shortened(" ".join(plain(text).split()), _LONGEST_CAUSE)


def _last_words(quoted: str) -> str:
    """Return what a script said at last; *quoted* begins within the quotes of its message."""
    output, command, rest = quoted.rpartition('"\nCommand "')
    message, _, note = (output if command else rest.removesuffix('"')).partition('"\nExtraInfo "')
    message = _IGNORED.sub("", message)
    exceptions = _EXCEPTION.findall(message)
    if note or exceptions:
        return f", {note or exceptions[-1]}"
    last = message.rstrip().rpartition("\n")[2]
    return f"; its last line: {plain(last)}" if last else ""


def shortened(text: str, length: int) -> str:
    """Return *text*, with an ellipsis for what is beyond *length* characters."""
    return text if len(text) <= length else f"{text[: max(0, length - 1)]}…"


def _times(status: JobStatus) -> str:
    """Return the time up to the script's start, that from there on, and the sum."""
    end = status.ended_at
    if end is None:
        return ""
    total = f"total {duration(end - status.created_at)}"
    if status.started_at is None:
        return total
    environment = duration(status.started_at - status.created_at)
    return f"environment {environment}, training {duration(end - status.started_at)}, {total}"


def _last_metrics(curve: LearningCurve) -> str:
    texts = []
    training = curve.last(main_metric(curve.names) or "")
    if training:
        texts.append(f"{training.name} {training.value:.4g} at the end")
    best = curve.best(evaluation_metric(curve.names) or "")
    if best:
        where = "" if best.step is None else f" at {best.step:,.0f} steps"
        texts.append(f"best evaluation {best.value:.4g}{where}")
    return ", ".join(texts)


def _local_path(uri: str | None) -> str:
    """Return the path of a `file://` address, any other address as it is, empty for None."""
    if uri and uri.startswith("file://"):
        return str(storage.to_path(uri))
    return uri or ""


def plain(message: str) -> str:
    """Return what a line shows at last, without colours or any other control sequence."""
    return _CONTROL.sub("", message.rstrip("\r").rpartition("\r")[2])

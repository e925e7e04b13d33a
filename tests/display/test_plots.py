"""Curves as image files."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from rlcore.display import plot_png
from rlcore.errors import InvalidArgument, MissingExtra
from rlcore.metrics import LearningCurve, MetricPoint

if TYPE_CHECKING:
    from pathlib import Path

image = pytest.importorskip("matplotlib.image", reason="the extra `plot` is not installed")

LINE, MARK, GOAL = (0x1F, 0x6F, 0xEB), (0xD9, 0x73, 0x0D), (0x2E, 0x8B, 0x57)


def colours(path: Path) -> set[tuple[int, ...]]:
    """Return the colours of a PNG file."""
    pixels = (image.imread(path)[:, :, :3] * 255).round().astype(int)
    return set(map(tuple, pixels.reshape(-1, 3).tolist()))


def test_plot_png(curve: LearningCurve, tmp_path: Path) -> None:
    """The picture decodes, and shows the line, the evaluations and the goal."""
    path = plot_png(curve, tmp_path / "curve.PNG", title="rl-job", goal=650)
    assert (675, 1200) == image.imread(path).shape[:2]
    assert {LINE, MARK, GOAL} <= colours(path)
    assert [path] == list(path.parent.iterdir())
    assert 0o644 == path.stat().st_mode & 0o777


def test_one_point(tmp_path: Path) -> None:
    """One point is a dot, and nothing else is drawn."""
    curve = LearningCurve([MetricPoint("a", 1.0, 1.0, 1.0)])
    found = colours(plot_png(curve, tmp_path / "curve.png"))
    assert LINE in found
    assert not {MARK, GOAL} & found


def test_no_points(tmp_path: Path) -> None:
    """An empty curve is refused and leaves no file."""
    with pytest.raises(InvalidArgument, match="no points to plot"):
        plot_png(LearningCurve(), tmp_path / "curve.png")
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["curve.jpg", "curve", ".png"])
def test_a_picture_is_called_png(curve: LearningCurve, tmp_path: Path, name: str) -> None:
    """A name that promises another format, or none, is refused."""
    with pytest.raises(InvalidArgument, match=r"must end in \.png"):
        plot_png(curve, tmp_path / name)
    assert [] == list(tmp_path.iterdir())


def test_folders_are_not_made(curve: LearningCurve, tmp_path: Path) -> None:
    """A folder that may be misspelt is named, with the nearest that exists."""
    with pytest.raises(InvalidArgument) as raised:
        plot_png(curve, tmp_path / "deep/er/curve.png")
    assert f"There is no folder '{tmp_path}/deep/er', only '{tmp_path}'." in str(raised.value)
    assert [] == list(tmp_path.iterdir())


def test_failed_write_leaves_nothing(curve: LearningCurve, tmp_path: Path) -> None:
    """A file that cannot be put in place leaves no half of it behind."""
    (tmp_path / "curve.png").mkdir()
    with pytest.raises(OSError, match="curve.png"):
        plot_png(curve, tmp_path / "curve.png")
    assert [tmp_path / "curve.png"] == list(tmp_path.iterdir())


def test_without_matplotlib(
    curve: LearningCurve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without matplotlib the error has the command that installs it."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtra, match=r"pip install 'rlcore\[plot\]'"):
        plot_png(curve, tmp_path / "curve.png")


def test_display_imports_neither_rich_nor_matplotlib() -> None:
    """The heavy libraries are imported when they are used, not before."""
    code = "import sys, rlcore.display; print({'rich', 'matplotlib'} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "set()" == result.stdout.strip()

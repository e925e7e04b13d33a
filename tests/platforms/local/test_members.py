"""What of a folder goes into its archive, and what becomes of links."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rlcore.platforms.local.members import Tree

if TYPE_CHECKING:
    from pathlib import Path

SEEN = "/opt/ml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return the tree of a job with a checkpoint and an empty model."""
    root = tmp_path / "opt_ml"
    (root / "model").mkdir(parents=True)
    (root / "checkpoints/best").mkdir(parents=True)
    (root / "checkpoints/best/weights").write_text("best")
    (tmp_path / "secret").write_text("secret")
    return root


def packed(root: Path) -> tuple[dict[str, str], list[str]]:
    """Return the files of the model's archive by name, and the links that it lacks."""
    tree = Tree(root, SEEN)
    found = list(tree.members(root / "model"))
    return {name: path.read_text() for name, path in found if path.is_file()}, tree.lost


@pytest.mark.parametrize(
    "target",
    [
        "/opt/ml/checkpoints/best/weights",
        "../checkpoints/best/weights",
        "../checkpoints/again",  # a link that is relative
        "/opt/ml/checkpoints/once-more",  # a link to a link that is absolute
        "/opt/ml/model/../checkpoints/best/weights",
    ],
)
def test_a_link_within_the_tree(root, target):
    """Its file is in the archive, by whatever way the link leads there."""
    (root / "checkpoints/again").symlink_to("best/weights")
    (root / "checkpoints/once-more").symlink_to("/opt/ml/checkpoints/again")
    (root / "model/weights").symlink_to(target)

    assert ({"weights": "best"}, []) == packed(root)


def test_a_link_by_the_real_path(root):
    """Where a job has no `/opt/ml`, its variables lead to the folder itself."""
    (root / "model/weights").symlink_to(root / "checkpoints/best/weights")

    assert ({"weights": "best"}, []) == packed(root)


def test_a_link_to_a_folder(root):
    """Its files are in the archive, those that are linked from there too."""
    (root / "checkpoints/best/copy").symlink_to("/opt/ml/checkpoints/best/weights")
    (root / "model/best").symlink_to("/opt/ml/checkpoints/best")

    assert ({"best/copy": "best", "best/weights": "best"}, []) == packed(root)


@pytest.mark.parametrize(
    "target",
    [
        "/etc/passwd",
        "/opt/ml/../secret",
        "../../secret",
        "/opt/ml/out/secret",  # through a link that leads out
        "/opt/ml/checkpoints/out",  # to a link that leads out
        "missing",
        "weights",  # itself
        "/opt/ml",
        ".",
    ],
)
def test_a_link_that_leads_out(root, target):
    """It is left out and named, as is one that leads nowhere or around itself."""
    (root / "out").symlink_to(root.parent)
    (root / "checkpoints/out").symlink_to(root.parent / "secret")
    (root / "model/weights").symlink_to(target)

    assert ({}, [f"weights -> {target}"]) == packed(root)


def test_folders_that_lead_to_each_other(root):
    """Each is packed once below the other, and then no more."""
    (root / "model/a").mkdir()
    (root / "model/a/to-b").symlink_to("/opt/ml/checkpoints/best")
    (root / "checkpoints/best/to-a").symlink_to("/opt/ml/model/a")

    assert ({"a/to-b/weights": "best"}, ["a/to-b/to-a -> /opt/ml/model/a"]) == packed(root)

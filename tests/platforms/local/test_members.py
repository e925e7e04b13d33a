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
    (root / "input/data/training").mkdir(parents=True)
    (root / "input/data/training/rows.csv").write_text("1,2")
    (tmp_path / "secret").write_text("secret")
    return root


def packed(root: Path) -> tuple[dict[str, str], list[str]]:
    """Return the files of the model's archive by name, and the links that it lacks."""
    tree = Tree(root, SEEN)
    found = tree.members("model")
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
        "/opt/ml/checkpoints/latest/weights",
        "../checkpoints/latest/weights",
        "/opt/ml/checkpoints/latest/../best/weights",
        "/opt/ml/tree/checkpoints/latest/weights",
        "../../../opt/ml/checkpoints/latest/weights",
    ],
)
def test_a_folder_on_the_way_is_a_link(root, target):
    """Each link on the way is taken as the script saw it."""
    (root / "checkpoints/latest").symlink_to("/opt/ml/checkpoints/best")
    (root / "tree").symlink_to("/opt/ml")
    (root / "model/weights").symlink_to(target)

    assert ({"weights": "best"}, []) == packed(root)


def test_a_machine_whose_opt_is_a_link(root, tmp_path):
    """The job's tree was mounted there, wherever the machine's own leads."""
    (tmp_path / "var").mkdir()
    (tmp_path / "opt").symlink_to("var")
    (root / "model/weights").symlink_to(tmp_path / "opt/ml/checkpoints/best/weights")

    tree = Tree(root, f"{tmp_path}/opt/ml")

    assert ([("weights", root / "checkpoints/best/weights")], []) == (
        tree.members("model"),
        tree.lost,
    )


@pytest.mark.parametrize("target", ["/opt/ml/checkpoints/best", "checkpoints/latest"])
def test_the_folder_is_a_link_itself(root, target):
    """What it leads to is packed in its place."""
    (root / "model").rmdir()
    (root / "checkpoints/latest").symlink_to("best")
    (root / "model").symlink_to(target)

    assert ({"weights": "best"}, []) == packed(root)


@pytest.mark.parametrize(
    ("target", "where"),
    [
        ("../outside", "out of the job's /opt/ml"),
        ("/etc", "out of the job's /opt/ml"),
        ("checkpoints/out", "out of the job's /opt/ml"),
        ("/opt/ml", "to the job's input"),
        ("/opt/ml/input/data/training", "to the job's input"),
        ("missing", "nowhere"),
        ("model", "nowhere"),
    ],
)
def test_the_folder_is_a_link_that_leads_out(root, target, where):
    """Nothing is packed, and it is named."""
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "key").write_text("secret")
    (root / "checkpoints/out").symlink_to(outside)
    (root / "model").rmdir()
    (root / "model").symlink_to(target)

    assert ({}, [f"model -> {target}, which leads {where}"]) == packed(root)


def test_the_way_to_the_folder_leads_out(root):
    """A link further up is no way out either."""
    (root.parent / "outside/data").mkdir(parents=True)
    (root.parent / "outside/data/key").write_text("secret")
    (root / "output").symlink_to("../outside")
    tree = Tree(root, SEEN)

    assert [] == tree.members("output/data")
    assert ["output/data, which leads out of the job's /opt/ml"] == tree.lost


def test_a_folder_that_is_not_there(root):
    """It has nothing, and nothing is lost with it."""
    (root / "model").rmdir()

    assert ({}, []) == packed(root)


@pytest.mark.parametrize(
    ("target", "where"),
    [
        ("/etc/passwd", "out of the job's /opt/ml"),
        ("/opt/ml/../secret", "out of the job's /opt/ml"),
        ("../../secret", "out of the job's /opt/ml"),
        ("/opt/ml/out/secret", "out of the job's /opt/ml"),  # through a link that leads out
        ("/opt/ml/checkpoints/out", "out of the job's /opt/ml"),  # to a link that leads out
        ("missing", "nowhere"),
        ("weights", "nowhere"),  # itself
        ("/opt/ml", "around itself"),
        (".", "around itself"),
        ("/opt/ml/input", "to the job's input"),
        ("/opt/ml/input/data/training", "to the job's input"),
        ("../input/data/training/rows.csv", "to the job's input"),
    ],
)
def test_a_link_that_leads_out(root, target, where):
    """It is left out and named, as is one that leads nowhere, around itself or to the input."""
    (root / "out").symlink_to(root.parent)
    (root / "checkpoints/out").symlink_to(root.parent / "secret")
    (root / "model/weights").symlink_to(target)

    assert ({}, [f"weights -> {target}, which leads {where}"]) == packed(root)


def test_folders_that_lead_to_each_other(root):
    """Each is packed once below the other, and then no more."""
    (root / "model/a").mkdir()
    (root / "model/a/to-b").symlink_to("/opt/ml/checkpoints/best")
    (root / "checkpoints/best/to-a").symlink_to("/opt/ml/model/a")

    lost = "a/to-b/to-a -> /opt/ml/model/a, which leads around itself"
    assert ({"a/to-b/weights": "best"}, [lost]) == packed(root)


def test_two_links_to_one_folder(root):
    """The best checkpoint may be the latest: both names are in the archive."""
    for name in ("best", "latest"):
        (root / "model" / name).symlink_to("/opt/ml/checkpoints/best")

    assert ({"best/weights": "best", "latest/weights": "best"}, []) == packed(root)


def test_links_do_not_multiply(root):
    """Below one link, a folder to which many ways lead is packed for the first of them."""
    for number in range(12):
        folder = root / f"checkpoints/{number}"
        folder.mkdir()
        for name in ("a", "b"):
            (folder / name).symlink_to(f"/opt/ml/checkpoints/{number + 1}")
    (root / "checkpoints/12").mkdir()
    (root / "model/first").symlink_to("/opt/ml/checkpoints/0")
    tree = Tree(root, SEEN)

    names = [name for name, _ in tree.members("model")]

    assert ["first" + "/a" * depth for depth in range(13)] == names
    assert 12 == len(tree.lost)
    assert (
        "first/b -> /opt/ml/checkpoints/1, which leads to what is packed already" == tree.lost[-1]
    )


@pytest.mark.parametrize(("count", "is_packed"), [(40, True), (41, False)])
def test_links_in_a_row(root, count, is_packed):
    """They are followed as far as the kernel follows them."""
    (root / "checkpoints/0").symlink_to("best/weights")
    for number in range(1, count - 1):
        (root / f"checkpoints/{number}").symlink_to(f"{number - 1}")
    (root / "model/weights").symlink_to(f"/opt/ml/checkpoints/{count - 2}")

    assert is_packed == (packed(root)[0] == {"weights": "best"})

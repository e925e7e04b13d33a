"""`rlcore` is the list of its public names, and costs next to nothing to import."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import rlcore

FRESH = """
import json, sys
before = set(sys.modules)
{statements}
print(json.dumps(sorted({{name.partition(".")[0] for name in set(sys.modules) - before}})))
"""


def imported_by(statements: str, path: Path | None = None) -> set[str]:
    """Return the top names of what a fresh process imports for *statements*."""
    done = subprocess.run(
        [sys.executable, "-c", FRESH.format(statements=statements)],
        env={"PYTHONPATH": str(path or ""), "PATH": "", "HOME": "/nonexistent"},
        check=True,
        capture_output=True,
        text=True,
    )
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("name", rlcore.__all__)
def test_every_public_name_can_be_imported(name: str) -> None:
    """What `__all__` promises is there."""
    assert getattr(rlcore, name) is not None


def test_type_checkers_see_the_same_names() -> None:
    """The imports for type checkers and the lazy table name the same things."""
    tree = ast.parse(Path(rlcore.__file__).read_text("utf-8"))
    checked = next(node for node in tree.body if isinstance(node, ast.If)).body

    seen = {
        alias.name for node in checked if isinstance(node, ast.ImportFrom) for alias in node.names
    }

    assert {name for name in rlcore.__all__ if name != "__version__"} == seen


def test_public_names_are_listed() -> None:
    """`dir` shows a name before it is used for the first time."""
    assert set(rlcore.__all__) <= set(dir(rlcore))


def test_a_name_that_is_not_there() -> None:
    """A wrong name is an `AttributeError` that tells it."""
    with pytest.raises(AttributeError, match="'RLEstimater'"):
        _ = rlcore.RLEstimater


def test_import_brings_the_standard_library_alone() -> None:
    """`import rlcore` imports no dependency at all."""
    foreign = imported_by("import rlcore") - sys.stdlib_module_names

    assert {"rlcore"} == foreign


def test_an_estimator_is_made_without_aws_and_without_the_display(vw_path: Path) -> None:
    """Constructing an estimator imports one plugin, and nothing that only later steps need."""
    statements = (
        "from rlcore import RLEstimator\n"
        "RLEstimator('train.py', toolkit='vw', toolkit_version='8.7.0')"
    )

    imported = imported_by(statements, vw_path)

    assert "rl_plugin_vw" in imported
    unwanted = {"boto3", "botocore", "click", "matplotlib", "rich", "sqlite3", "yaml"}
    assert set() == imported & unwanted

"""What `rlcore.testing` offers, and what it costs those who do not ask for it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import rlcore
from rlcore import testing

ROOT = Path(rlcore.__file__).parent


@pytest.mark.parametrize("name", testing.__all__)
def test_every_public_name_can_be_imported(name: str) -> None:
    """What `__all__` promises is there, and shows before it is used."""
    assert getattr(testing, name).__name__ == name
    assert name in dir(testing)


def test_type_checkers_see_the_same_names() -> None:
    """The imports for type checkers and the lazy table name the same things."""
    tree = ast.parse(Path(testing.__file__).read_text("utf-8"))
    checked = next(node for node in tree.body if isinstance(node, ast.If)).body

    seen = {
        each.name for node in checked if isinstance(node, ast.ImportFrom) for each in node.names
    }

    assert set(testing.__all__) == seen


@pytest.mark.parametrize(
    ("name", "absent"),
    [
        ("ManualClock", {"pytest", "moto", "boto3", "attr"}),
        ("FakeSageMaker", {"pytest", "moto", "boto3"}),
        ("ToolkitContract", {"moto", "boto3"}),
    ],
)
def test_what_is_not_used_is_not_imported(name: str, absent: set[str]) -> None:
    """Only the contracts need pytest, and they need nothing of AWS."""
    program = f"import sys; from rlcore.testing import {name}; print(*sys.modules)"

    found = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )

    assert set() == absent & set(found.stdout.split())


def test_core_does_not_import_it() -> None:
    """Nothing outside it leans on what is meant for tests."""
    paths = [
        path
        for path in ROOT.glob("**/*.py")
        if path.relative_to(ROOT).parts[0] not in {"testing", "template"}
    ]

    users = {
        path.name
        for path in paths
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        if "rlcore.testing" in ast.unparse(node)
    }

    assert set() == users


def test_an_unknown_name() -> None:
    """It is an `AttributeError` that tells it."""
    with pytest.raises(AttributeError, match="'ToolkitContrakt'"):
        testing.ToolkitContrakt  # noqa: B018 - the access is what is tested

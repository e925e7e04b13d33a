"""The inference code that an export carries."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import small_policies
from small_policies import write_model

import rlserving
from rlserving.frames import Request
from rlserving.handlers import Handlers, import_program

if TYPE_CHECKING:
    from collections.abc import Callable

JSON = "application/json"
# As SageMaker's inference toolkits call it, in a process that has nothing else of ours.
CALLER = """
import importlib, json, sys
module = importlib.import_module("inference")
model = module.model_fn(sys.argv[1])
body = json.dumps({"observation": [float(each) for each in sys.argv[2:]]})
answer = module.transform_fn(model, body, "application/json", "application/json")
print(json.dumps([str(each) for each in answer]))
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Write a model with the code that an export carries."""
    folder = write_model(tmp_path / "model", default=small_policies.cart_pole())
    package = Path(rlserving.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(package, folder / "code/rlserving", ignore=ignored)
    shutil.copy(package / "inference.py", folder / "code/inference.py")
    return folder


@pytest.fixture
def call(model: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return what asks the code in a process of its own."""

    def begin(*observation: float, strict: str = "0") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", CALLER, str(model), *map(str, observation)],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(model / "code"),
                 "RLCORE_STRICT": strict},
            cwd=tmp_path,
            check=False,
            capture_output=True,
            text=True,
        )  # fmt: skip

    return begin


def test_in_a_container(call: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """The functions answer with the code's own copy of what it needs."""
    done = call(0, 0, 0, 0)

    assert 0 == done.returncode, done.stderr
    assert [str(b'{"action": 0}'), JSON] == json.loads(done.stdout)


def test_wrong_requests_in_a_container(
    call: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """What does not fit is an error with a reason; strictness is asked for by a variable."""
    assert "must have the shape [4]; one of shape [3] was given" in call(0, 0, 0).stderr
    assert 0 == call(9, 0, 0, 0).returncode
    assert "is outside the bounds of its space" in call(9, 0, 0, 0, strict="1").stderr


def test_through_our_own_worker(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Called as a user's code is, it answers as well."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    handlers = Handlers(import_program(model / "code", "inference.py"), model)

    [found] = handlers.respond([Request(b'{"observation": [0, 0, 0, 0]}', JSON, JSON)])

    assert (200, JSON, b'{"action": 0}') == found[:3]

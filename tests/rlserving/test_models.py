"""What a model folder is."""

from __future__ import annotations

import hashlib
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
import small_policies
from small_policies import write_model

from rlserving.handlers import Handlers
from rlserving.models import UnknownModel, open_model, saved_model
from rlserving.policies import Policies

if TYPE_CHECKING:
    from pathlib import Path

CODE = b"def model_fn(model_dir): return None\n"


@pytest.fixture(autouse=True)
def clean_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what a program put on the path, and its modules."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """Write an export of ours."""
    return write_model(tmp_path / "model", default=small_policies.gaussian())


def opened(folder: Path, **document: Any) -> Any:
    """Open a model by a document."""
    return open_model({"model": str(folder), "code": None, "program": None, **document})


def add_code(folder: Path, *, named: bool) -> None:
    """Put inference code into a model, which the manifest names or not."""
    (folder / "code").mkdir(parents=True)
    (folder / "code/inference.py").write_bytes(CODE)
    if named:
        document = json.loads((folder / "policy.json").read_text("utf-8"))
        document["files"]["code/inference.py"] = hashlib.sha256(CODE).hexdigest()
        (folder / "policy.json").write_text(json.dumps(document), "utf-8")


def test_an_export_of_ours(exported: Path) -> None:
    """A manifest means policies of ours, also with the inference code that it names."""
    assert isinstance(opened(exported), Policies)
    add_code(exported, named=True)
    assert isinstance(opened(exported), Policies)


def test_code_that_was_added_to_an_export(exported: Path) -> None:
    """Inference code that the manifest does not name is a user's, who wants it called."""
    add_code(exported, named=False)

    assert isinstance(opened(exported), Handlers)


def test_a_program_comes_first(exported: Path, tmp_path: Path) -> None:
    """A program that was asked for is called, whatever the model is."""
    (tmp_path / "serve.py").write_bytes(CODE)

    assert isinstance(opened(exported, code=str(tmp_path), program="serve.py"), Handlers)


def test_a_program_in_the_model(tmp_path: Path) -> None:
    """Without a folder of its own, the program is in the model's `code`."""
    add_code(tmp_path, named=False)

    assert isinstance(opened(tmp_path, program="inference.py"), Handlers)
    assert isinstance(opened(tmp_path), Handlers)


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (["."], "."),
        (["1"], "1"),
        (["export/Servo/2", "export/Servo/10"], "export/Servo/10"),
        (["model/tf-model/00000001"], "model/tf-model/00000001"),
    ],
)
def test_where_a_saved_model_is(tmp_path: Path, places: list[str], expected: str) -> None:
    """A SavedModel may lie in folders of versions, of which the newest counts."""
    for place in places:
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
        (tmp_path / place / "saved_model.pb").touch()

    assert tmp_path / expected == saved_model(tmp_path)


def test_what_is_no_model(tmp_path: Path) -> None:
    """A folder of anything else is refused with what it holds and what a model may be."""
    (tmp_path / "weights.pt").touch()

    with pytest.raises(UnknownModel, match=r"neither policy.json .* there are weights.pt"):
        opened(tmp_path)
    (tmp_path / "weights.pt").unlink()
    with pytest.raises(UnknownModel, match="there are no files"):
        opened(tmp_path)

"""A user's inference code."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import small_policies
from small_policies import write_model

from rlserving.frames import Answer, Request
from rlserving.handlers import Handlers, InvalidHandlers, import_program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

JSON, NPY, CSV = "application/json", "application/x-npy", "text/csv"
ALL_FOUR = """
def model_fn(model_dir):
    return model_dir

def input_fn(body, content_type):
    return [type(body).__name__, content_type]

def predict_fn(data, model):
    return data + [model.rpartition("/")[2]]

def output_fn(prediction, accept):
    return ",".join(prediction + [accept])
"""
DOUBLED = "def model_fn(model_dir):\n    return lambda data: data * 2\n"


@pytest.fixture(autouse=True)
def clean_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what a program put on the path, and its modules."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))


@pytest.fixture
def handlers(tmp_path: Path) -> Callable[[str], Handlers]:
    """Return what loads code in front of an empty model folder."""

    def load(code: str) -> Handlers:
        (tmp_path / "code").mkdir()
        (tmp_path / "model").mkdir(exist_ok=True)
        (tmp_path / "code/serve.py").write_text(code, "utf-8")
        return Handlers(import_program(tmp_path / "code", "serve.py"), tmp_path / "model")

    return load


def npy(array: Any) -> bytes:
    """Return an array as numpy saves it."""
    file = io.BytesIO()
    np.save(file, np.asarray(array))
    return file.getvalue()


@pytest.mark.parametrize(
    ("content_type", "accept", "expected"),
    [
        (JSON, "", f"str,{JSON},model,{JSON}"),
        ("", "*/*", f"str,{JSON},model,{JSON}"),
        ("text/csv; charset=utf-8", "text/plain", "str,text/csv; charset=utf-8,model,text/plain"),
        ("application/x-image", CSV, "bytes,application/x-image,model,text/csv"),
    ],
)
def test_four_functions(
    handlers: Callable[[str], Handlers], content_type: str, accept: str, expected: str
) -> None:
    """A request goes through the functions in their order; JSON and CSV come as text."""
    [found] = handlers(ALL_FOUR).respond([Request(b"{}", content_type, accept)])

    assert Answer(200, expected.rpartition(",")[2], expected.encode()) == found


@pytest.mark.parametrize(
    ("result", "content_type", "body"),
    [
        ("'text'", JSON, b"text"),
        ("b'bytes'", JSON, b"bytes"),
        ("('<p>', 'text/html')", "text/html", b"<p>"),
        ("{'a': [1, 2]}", JSON, b'{"a": [1, 2]}'),
        ("[body, content_type]", JSON, b'["[1]", "application/json"]'),
    ],
)
def test_transform_fn(
    handlers: Callable[[str], Handlers], result: str, content_type: str, body: bytes
) -> None:
    """One function may do it all; it returns a body, body and type, or a value."""
    code = (
        "def model_fn(model_dir): return None\n"
        f"def transform_fn(net, body, content_type, accept): return {result}\n"
    )

    assert [Answer(200, content_type, body)] == handlers(code).respond([Request(b"[1]", JSON)])


@pytest.mark.parametrize(
    ("body", "content_type", "accept", "expected"),
    [
        (b"[1, 2]", JSON, JSON, b"[2, 4]"),
        (b"[[1, 2]]", JSON, CSV, b"2,4\n"),
        (b"[1, 2]", JSON, CSV, b"2\n4\n"),
        (b"1,2\n3,4\n", CSV, JSON, b"[[2, 4], [6, 8]]"),
        (npy([0.5]), NPY, JSON, b"[1.0]"),
        (npy([0.5]), NPY, NPY, npy([1.0])),
    ],
)
def test_defaults(
    handlers: Callable[[str], Handlers],
    body: bytes,
    content_type: str,
    accept: str,
    expected: bytes,
) -> None:
    """Without functions of their own, arrays are read, the model is called, arrays are written."""
    [found] = handlers(DOUBLED).respond([Request(body, content_type, accept)])

    assert Answer(200, accept, expected) == found


@pytest.mark.parametrize(
    ("request_", "status", "message"),
    [
        (Request(b"[", JSON), 400, "the body is no JSON"),
        (Request(b"\xff", JSON), 400, "the body is no UTF-8"),
        (Request(b"[[1], 2]", JSON), 400, "inhomogeneous"),
        (Request(b"1", "image/png"), 415, "the content type 'image/png' is not supported"),
        (Request(b"[1]", JSON, "image/png"), 406, "an answer of the type 'image/png' is not"),
        (Request(b'{"a": 1}', JSON), 500, "TypeError: unsupported operand type(s) for *"),
    ],
)
def test_refusals_of_the_defaults(
    handlers: Callable[[str], Handlers], request_: Request, status: int, message: str
) -> None:
    """What the functions in place of the user's do not take has a status of its own."""
    [found] = handlers(DOUBLED).respond([request_])

    assert (status, JSON) == (found.status, found.content_type)
    assert message in json.loads(found.body)["error"]


def test_an_error_is_an_answer(handlers: Callable[[str], Handlers], capfd: Any) -> None:
    """Code that raises is answered for with 500; the log has the traceback, and it goes on."""
    code = (
        "def model_fn(model_dir): return None\n"
        "def transform_fn(model, body, content_type, accept): return str(1 + int(body))\n"
    )
    found = handlers(code).respond([Request(b"x", JSON), Request(b"1", JSON)])

    message = "ValueError: invalid literal for int() with base 10: 'x'"
    assert [(500, {"error": message}), (200, 2)] == [
        (answer.status, json.loads(answer.body)) for answer in found
    ]
    assert "Traceback (most recent call last)" in capfd.readouterr().err


def test_the_toolkits_context(handlers: Callable[[str], Handlers]) -> None:
    """A function that takes the toolkits' context gets None for it."""
    code = (
        "def model_fn(model_dir, context): return context\n"
        "def input_fn(body, content_type, *, unit=1): return body\n"
        "def predict_fn(data, model, context=3): return [model, context]\n"
    )

    assert b"[null, 3]" == handlers(code).respond([Request(b"", JSON)])[0].body


def test_a_policy_of_ours_behind_a_users_input(tmp_path: Path) -> None:
    """Without `model_fn`, the policies beside the code are the model."""
    write_model(tmp_path, default=small_policies.gaussian())
    (tmp_path / "serve.py").write_text(
        "def input_fn(body, content_type):\n"
        "    return {'observation': [float(each) for each in body.split()]}\n",
        "utf-8",
    )
    model = Handlers(import_program(tmp_path, "serve.py"), tmp_path)

    assert [(200, b'{"action": [1.0, 2.0]}'), (400, None)] == [
        (answer.status, answer.body if answer.status == 200 else None)
        for answer in model.respond([Request(b"1 2"), Request(b"1 2 3")])
    ]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("", "serve defines none of input_fn, model_fn, output_fn, predict_fn, transform_fn"),
        ("x = 1\ndef predict_func(): pass", "it has 'predict_func', which nobody calls"),
        ("def predict_fn(data, model): pass", "serve must define model_fn(model_dir), which loads"),
        ("def modelfn(folder): pass", "it has 'modelfn', which nobody calls: is that meant?"),
        (
            ALL_FOUR + "def transform_fn(model, body, content_type, accept): pass",
            "transform_fn takes the place of input_fn, predict_fn and output_fn; serve has",
        ),
    ],
)
def test_wrong_code(handlers: Callable[[str], Handlers], code: str, message: str) -> None:
    """Code without a model, or with functions that exclude each other, is refused."""
    with pytest.raises(InvalidHandlers) as caught:
        handlers(code)

    assert message in str(caught.value)


def test_near_names(handlers: Callable[[str], Handlers], capfd: Any) -> None:
    """A function that is nearly called as one that is missing is reported; helpers are not."""
    helpers = "def predict_func(): pass\ndef _input_fn(): pass\ndef scale(): pass\n"
    handlers(DOUBLED + helpers)

    assert (
        "warning: serve has no predict_fn; it has 'predict_func', which nobody calls: is that"
        " meant?\n"
    ) == capfd.readouterr().err


def test_the_programs_folder_comes_first(tmp_path: Path) -> None:
    """The program's own modules are found before any others of their names."""
    (tmp_path / "src").mkdir()
    (tmp_path / "helper.py").write_text("WHERE = 'above'", "utf-8")
    (tmp_path / "src/helper.py").write_text("WHERE = 'beside'", "utf-8")
    (tmp_path / "src/json.py").write_text("from helper import WHERE", "utf-8")

    module = import_program(tmp_path, "src/json.py")

    assert ("beside", "_program_json") == (module.WHERE, module.__name__)
    assert [str(tmp_path / "src"), str(tmp_path)] == sys.path[:2]
    assert json is sys.modules["json"]


def test_no_such_program(tmp_path: Path) -> None:
    """A program that is not there is refused with what is."""
    (tmp_path / "serve.py").touch()

    with pytest.raises(InvalidHandlers, match="no Python file 'server.py'; there is serve.py"):
        import_program(tmp_path, "server.py")

"""The process behind an endpoint, over its socket."""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import small_policies
from small_policies import write_model
from worker_process import Worker, find_python

from rlserving.frames import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

JSON = "application/json"
OLDEST = "3.6"
# Needs nothing but the standard library.
CODE = """
import os, sys, time
print("imported by", sys.version_info[:2], flush=True)

def model_fn(model_dir):
    return os.listdir(model_dir)

def transform_fn(model, body, content_type, accept):
    print("asked", body)
    os.write(1, b"to the descriptor itself\\n")
    if body == "slow":
        time.sleep(0.5)
    if body == "exit":
        sys.exit("enough")
    if body == "crash":
        os._exit(3)
    return "%s %s" % (body, model), "text/plain"
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Return what starts a worker, by the Python that runs this unless another is named."""
    started: list[Worker] = []

    def begin(python: str = sys.executable, **document: Any) -> Worker:
        whole = {"code": None, "program": None, "strict": False, **document}
        started.append(Worker(python, tmp_path, **whole))
        return started[-1]

    yield begin
    for worker in started:
        worker.close()


@pytest.fixture
def coded(tmp_path: Path) -> dict[str, str]:
    """Write a user's inference code and a model, and return the document that names them."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code/serve.py").write_text(CODE, "utf-8")
    (tmp_path / "model").mkdir()
    (tmp_path / "model/weights").touch()
    return {
        "model": str(tmp_path / "model"),
        "code": str(tmp_path / "code"),
        "program": "serve.py",
    }


def until(condition: Callable[[], Any], timeout: float = 30) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_policies_of_ours(start: Callable[..., Worker], tmp_path: Path) -> None:
    """A model with a manifest is served in batches, until the front is gone."""
    model = write_model(
        tmp_path / "model", one=small_policies.recurrent(), two=small_policies.cart_pole()
    )
    worker = start(model=str(model), strict=True)

    assert {"policies": ["one", "two"], "batches": True} == worker.greeting()
    bodies = [
        {"policy": "one", "observation": [1, 2]},
        {"policy": "two", "observation": [9, 0, 0, 0]},
        {"policy": "one", "observation": [1, 2], "state": {"h": [1, 1]}},
    ]
    answers = worker.ask(*(Request(json.dumps(body).encode(), JSON) for body in bodies))
    assert answers is not None
    assert [200, 400, 200] == [answer.status for answer in answers]
    assert [2.0, 3.0] == json.loads(answers[2].body)["action"]
    assert b"outside the bounds" in answers[1].body
    worker.connection.close()
    assert 0 == worker.process.wait(timeout=30)
    assert "" == worker.log.read_text("utf-8")


@pytest.mark.parametrize("python", ["oldest", "this"])
def test_code_of_a_user(start: Callable[..., Worker], coded: dict[str, str], python: str) -> None:
    """Inference code is served on the oldest Python too; what it prints is in the log."""
    worker = start(find_python(OLDEST) if python == "oldest" else sys.executable, **coded)

    assert {"policies": [], "batches": False} == worker.greeting()
    assert [Answer(200, "text/plain", b"a ['weights']")] == worker.ask(Request(b"a", JSON))
    until(lambda: "itself" in worker.log.read_text("utf-8"))
    log = worker.log.read_text("utf-8").splitlines()
    assert log[0].startswith("imported by (3, ")
    assert ["asked a", "to the descriptor itself"] == log[1:]


def test_an_error_of_the_users_code(start: Callable[..., Worker], coded: dict[str, str]) -> None:
    """Code that raises, or would exit, is answered for; code that kills the process is not."""
    worker = start(**coded)
    worker.greeting()

    assert [Answer(500, JSON, b'{"error": "SystemExit: enough"}')] == worker.ask(
        Request(b"exit", JSON)
    )
    assert [Answer(200, "text/plain", b"b ['weights']")] == worker.ask(Request(b"b", JSON))
    assert worker.ask(Request(b"crash", JSON)) is None
    assert 3 == worker.process.wait(timeout=30)
    assert "Traceback (most recent call last)" in worker.log.read_text("utf-8")


def test_termination(start: Callable[..., Worker], coded: dict[str, str]) -> None:
    """SIGTERM lets what was asked be answered, then the worker ends; SIGINT is not for it."""
    worker = start(**coded)
    worker.greeting()
    worker.process.send_signal(signal.SIGINT)
    worker.send(Request(b"slow", JSON))
    until(lambda: "asked slow" in worker.log.read_text("utf-8"))
    worker.process.terminate()

    assert [Answer(200, "text/plain", b"slow ['weights']")] == worker.receive()
    assert worker.receive() is None
    assert 0 == worker.process.wait(timeout=30)


def test_a_signal_of_the_users_code(start: Callable[..., Worker], coded: dict[str, str]) -> None:
    """A signal that the code handles is no reason to end."""
    script = Path(coded["code"], "serve.py")
    handler = "import signal\nsignal.signal(signal.SIGUSR1, lambda *_: print('heard'))\n"
    script.write_text(handler + script.read_text("utf-8"), "utf-8")
    worker = start(**coded)
    worker.greeting()
    worker.process.send_signal(signal.SIGUSR1)
    until(lambda: "heard" in worker.log.read_text("utf-8"))

    assert [Answer(200, "text/plain", b"a ['weights']")] == worker.ask(Request(b"a", JSON))
    worker.process.terminate()
    assert 0 == worker.process.wait(timeout=30)


def test_termination_while_idle(start: Callable[..., Worker], coded: dict[str, str]) -> None:
    """SIGTERM ends a worker that waits at once."""
    worker = start(**coded)
    worker.greeting()
    worker.process.terminate()

    assert 0 == worker.process.wait(timeout=30)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import nothing_of_this_name", "ModuleNotFoundError: No module named 'nothing_of_this"),
        ("import sys; sys.exit('no licence')", "SystemExit: no licence"),
        ("def model_fn(folder):\n    raise OSError('two\\nlines')", "OSError: two lines"),
        ("x = 1", "InvalidHandlers: serve defines none of input_fn, model_fn, output_fn"),
    ],
)
def test_what_cannot_be_loaded(
    start: Callable[..., Worker], coded: dict[str, str], code: str, reason: str
) -> None:
    """A model that cannot be loaded is told as one line, and in full in the log."""
    Path(coded["code"], "serve.py").write_text(code, "utf-8")
    worker = start(**coded)

    assert reason in worker.greeting()["error"]
    assert 1 == worker.process.wait(timeout=30)
    assert "Traceback (most recent call last)" in worker.log.read_text("utf-8")


def test_nothing_beside_the_package_is_imported(
    start: Callable[..., Worker], coded: dict[str, str], tmp_path: Path
) -> None:
    """The folder that holds this package brings nothing else into the user's code."""
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages/stranger.py").touch()
    Path(coded["code"], "serve.py").write_text("import rlserving, stranger", "utf-8")
    worker = start(**coded)

    assert "ModuleNotFoundError: No module named 'stranger'" == worker.greeting()["error"]

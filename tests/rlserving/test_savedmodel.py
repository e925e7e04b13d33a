"""TensorFlow's SavedModels, served by the TensorFlow that wrote them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from worker_process import Worker, find_python

from rlserving.frames import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.training, pytest.mark.timeout(900)]

JSON, NPY, CSV = "application/json", "application/x-npy", "text/csv"
# What notebooks of the original were served by, and what is current.
OLD = ("tensorflow==1.12.0", "numpy==1.16.6", "protobuf<3.20", "h5py<3", "setuptools<60")
NEW = ("tensorflow-cpu>=2.20",)
EXAMPLES = [{"pair": [0.25, 0.75]}, {"pair": [1.0, 0.0]}]


class Served(NamedTuple):
    """A worker and the model that it serves."""

    worker: Worker
    greeting: Any

    def ask(self, body: Any, attributes: str = "", **headers: str) -> tuple[int, Any]:
        """Return status and value of an answer."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = Request(content, **{"content_type": JSON, "attributes": attributes, **headers})
        [answer] = self.worker.ask(request) or []
        assert JSON == answer.content_type
        return answer.status, json.loads(answer.body)


def environment(cache: Path, python: str, requirements: tuple[str, ...]) -> str:
    """Return the Python of an environment, built where none is in the cache."""
    digest = hashlib.sha256("\n".join([python, *requirements]).encode()).hexdigest()[:12]
    folder, complete = cache / digest, cache / digest / "complete"
    if not complete.exists():
        uv = [sys.executable, "-m", "uv", "--quiet"]
        subprocess.run([*uv, "venv", "--clear", "--python", python, str(folder)], check=True)
        target = ["--python", str(folder / "bin/python")]
        subprocess.run([*uv, "pip", "install", *target, *requirements], check=True)
        complete.touch()
    return str(folder / "bin/python")


@pytest.fixture(scope="module", params=["1", "2"])
def tensorflow(request: pytest.FixtureRequest) -> str:
    """Return a Python with TensorFlow of a major version."""
    cache = os.environ.get("RLCORE_TEST_CACHE")
    folder = Path(cache) if cache else request.config.cache.mkdir("tensorflow")
    if request.param == "1":
        return environment(folder, find_python("3.6"), OLD)
    return environment(folder, sys.executable, NEW)


@pytest.fixture(scope="module")
def models(tensorflow: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Let it write its models."""
    folder = tmp_path_factory.mktemp("models")
    script = Path(__file__).with_name("save_models.py")
    subprocess.run([tensorflow, str(script), str(folder)], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def old(
    tensorflow: str, models: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Serve the model that either version can write."""
    document = {"model": str(models / "old"), "code": None, "program": None, "strict": False}
    worker = Worker(tensorflow, tmp_path_factory.mktemp("worker"), **document)
    yield Served(worker, worker.greeting())
    worker.close()


def test_it_greets(old: Served) -> None:
    """The worker is ready, and takes one request at a time."""
    assert {"policies": [], "batches": False} == old.greeting


def test_rows(old: Served) -> None:
    """Instances are answered by as many predictions, by name where there are several."""
    two = [
        {"observation": [1, 1], "greedy": True},
        {"observation": [0, 2], "greedy": True},
    ]

    assert (200, {"predictions": [[3.0], [4.0]]}) == old.ask({"instances": [[1, 1], [0, 2]]})
    assert (200, {"predictions": [[3.0]]}) == old.ask({"instances": [{"observation": [1, 1]}]})
    status, found = old.ask({"instances": two, "signature_name": "two"})
    assert 400 == status  # its input `greedy` has no batch axis
    assert "the input 'greedy' must have the shape []; one of [2] was given" == found["error"]


def test_columns(old: Served) -> None:
    """Whole inputs are answered by whole outputs, by name where there are several."""
    two = {"observation": [[1, 1], [0, 2]], "greedy": True}

    assert (200, {"outputs": [[3.0], [4.0]]}) == old.ask({"inputs": [[1, 1], [0, 2]]})
    assert (
        200,
        {"outputs": {"logits": [[3.0], [4.0]], "doubled": [[2.0, 2.0], [0.0, 4.0]]}},
    ) == old.ask({"inputs": two, "signature_name": "two"})


def test_other_forms(old: Served) -> None:
    """A bare list, one instance or a batch, numpy's arrays and CSV are instances as well."""
    file = io.BytesIO()
    np.save(file, np.ones((1, 2)))

    assert (200, {"predictions": [[3.0]]}) == old.ask([1, 1])
    assert (200, {"predictions": [[3.0]]}) == old.ask([[1, 1]])
    assert (200, {"predictions": [[3.0]]}) == old.ask(file.getvalue(), content_type=NPY)
    assert (200, {"predictions": [[3.0], [4.0]]}) == old.ask(b"1,1\n0,2\n", content_type=CSV)


def test_classes_and_values(old: Served) -> None:
    """Classification and regression take examples, as the custom attributes ask."""
    classes = [[["left", 0.25], ["right", 0.75]], [["left", 1.0], ["right", 0.0]]]

    assert (200, {"results": classes}) == old.ask(
        {"examples": EXAMPLES, "signature_name": "classes"}, "tfs-method=classify,tfs-model-name=m"
    )
    assert (200, {"results": [2.0, 2.0]}) == old.ask(
        {"context": {"pair": [1.0, 1.0]}, "examples": [{}, {}], "signature_name": "values"},
        "tfs-method=regress",
    )


def test_texts(old: Served) -> None:
    """Texts pass, and what is none as base 64."""
    texts = ["gr\u00fc\u00df", {"b64": "//4="}]

    assert (200, {"predictions": texts}) == old.ask({"instances": texts, "signature_name": "texts"})


@pytest.mark.parametrize(
    ("body", "attributes", "status", "message"),
    [
        (b"{", "", 400, "the body is no JSON"),
        ({}, "", 400, 'give "instances", a list, or "inputs", one array or several by name'),
        ({"instances": []}, "", 400, '"instances" must be a list with one at least; [] was given'),
        ({"instances": [[1]]}, "", 400, "must have the shape [None, 2]; one of [1, 1] was given"),
        ({"instances": [["a", "b"]]}, "", 400, "must hold numbers of the type float32; [['a', 'b'"),
        ({"instances": [[1, 2], [3]]}, "", 400, "must hold numbers of the type float32"),
        ({"instances": [{"obs": 1}]}, "", 400, "has the inputs 'observation'; 'obs' were given"),
        ({"instances": [{"obs": 1}, 2]}, "", 400, "must be all objects, or none of them"),
        ({"inputs": 1, "signature_name": "two"}, "", 400, "has several inputs; give an object"),
        ({"inputs": 1, "signature_name": "tow"}, "", 400, "no signature 'tow'; there are"),
        ({"inputs": 1, "signature_name": []}, "", 400, "no signature []; there are"),
        ({"instances": [1], "signature_name": "texts"}, "", 400, "a text is wanted"),
        ({"instances": [{"b64": "?"}], "signature_name": "texts"}, "", 400, "holds no base 64"),
        ({"examples": EXAMPLES}, "tfs-method=guess", 400, "tfs-method must be one of predict, c"),
        ({"examples": 3}, "tfs-method=regress", 400, '"examples" must be a list of objects'),
        (
            {"examples": [{"pair": [1]}], "signature_name": "values"},
            "tfs-method=regress",
            400,
            "the model does not take this",
        ),
        (
            {"examples": EXAMPLES, "signature_name": "classes"},
            "tfs-method=regress",
            400,
            "the signature cannot regress: its outputs are",
        ),
    ],
)
def test_wrong_requests(old: Served, body: Any, attributes: str, status: int, message: str) -> None:
    """What does not fit the signature is refused with what would; the worker goes on."""
    found = old.ask(body, attributes)

    assert status == found[0]
    assert message in found[1]["error"]
    assert 200 == old.ask([1, 1])[0]


def test_unknown_types(old: Served) -> None:
    """Types of bodies and answers are refused as for policies of ours."""
    assert 415 == old.ask(b"", content_type="image/png")[0]
    assert 406 == old.ask(b"[1, 1]", accept="image/png")[0]


def test_a_model_of_the_new_kind(tensorflow: str, models: Path, tmp_path: Path) -> None:
    """What TensorFlow 2 saves by its own means is served likewise."""
    if not (models / "new").exists():
        pytest.skip("TensorFlow 1 cannot save it")
    document = {"model": str(models / "new"), "code": None, "program": None, "strict": False}
    worker = Worker(tensorflow, tmp_path, **document)
    served = Served(worker, worker.greeting())

    assert (200, {"predictions": [[3.0]]}) == served.ask({"instances": [[1, 1]]})
    worker.close()

"""Policies of our own behind endpoints, in the environment that serves those of Ray."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path

import attrs
import cartpole
import numpy as np
import pytest

from rlcore import Predictor
from rlcore.endpoints import EndpointState
from rlcore.errors import InvocationFailed
from rlcore.platforms.local.environments import Environments
from rlcore.releases import ReleaseTable
from rlscript.models import inference_code, named, publish_model

PLUGIN = Path(__file__).parents[3] / "plugins/ray/src/rl_plugin_ray"
KIND = "application/json"


@pytest.fixture(scope="module")
def release(environments):
    """Return a release whose serving environment is there."""
    found = ReleaseTable(PLUGIN / "pytorch.json").validate_version("2.60.0")
    Environments(environments).build(found.serving, label="serving", log=lambda _: None)
    return found


@pytest.fixture
def policies(endpoints, release):
    """Return a way to deploy policies."""
    return attrs.evolve(endpoints, release=release)


def right(observation):
    """Return what the policy does, by its own weights."""
    return int(np.dot(observation, cartpole.LEANING) > 0)


def observations(count):
    """Return observations, as the environment might."""
    return np.random.default_rng(0).normal(size=(count, 4)).astype(np.float32)


def test_a_policy(policies, tmp_path, until):
    """Observations singly, in batches and as arrays get the policy's actions."""
    status = policies.deploy(cartpole.archive(tmp_path))
    batch = observations(50)
    expected = [right(observation) for observation in batch]

    assert (EndpointState.IN_SERVICE, ("default",)) == (status.state, status.policies)
    assert {"action": expected[0]} == policies.ask({"observation": batch[0].tolist()})
    assert {"actions": expected} == policies.ask({"observations": batch.tolist()})
    predictor = Predictor("endpoint", hosting=policies.hosting)
    assert expected == [predictor.act(observation) for observation in batch]
    assert expected == predictor.act(batch).tolist()
    until(lambda: policies.hosting.describe("endpoint").requests == 53)


def test_other_types_of_content(policies, tmp_path):
    """Arrays of numpy's and CSV are understood, and answered in kind."""
    policies.deploy(cartpole.archive(tmp_path))
    batch = observations(3)
    expected = [right(observation) for observation in batch]
    file = io.BytesIO()
    np.save(file, batch)
    csv = "\n".join(",".join(map(repr, row)) for row in batch.tolist())

    answer = policies.hosting.invoke(
        "endpoint", file.getvalue(), content_type="application/x-npy", accept="application/x-npy"
    )
    assert expected == np.load(io.BytesIO(answer.body), allow_pickle=False).tolist()
    answer = policies.hosting.invoke(
        "endpoint", csv.encode(), content_type="text/csv", accept="text/csv"
    )
    assert expected == [int(line) for line in answer.body.splitlines()]


@pytest.mark.parametrize(
    ("body", "content_type", "refusal"),
    [
        (b'{"observation": [1, 2, 3]}', KIND, (400, "shape")),
        (b'{"observation": [NaN, 2, 3, 4]}', KIND, (400, "NaN")),
        (b'{"observation": ["a", 2, 3, 4]}', KIND, (400, "numbers")),
        (b'{"observaton": [1, 2, 3, 4]}', KIND, (400, "observation")),
        (b"not JSON", KIND, (400, "JSON")),
        (b"x", "text/html", (415, "application/json")),
    ],
)
def test_questions_that_are_refused(policies, tmp_path, body, content_type, refusal):
    """Each gets its status and what would fit, and the endpoint goes on."""
    status, words = refusal
    policies.deploy(cartpole.archive(tmp_path))
    with pytest.raises(InvocationFailed, match=words) as raised:
        policies.hosting.invoke("endpoint", body, content_type=content_type, accept=KIND)

    assert status == raised.value.status
    assert {"action": 1} == policies.ask({"observation": [1, 1, 1, 1]})


def bounded(folder):
    """Return an archive of the policy, whose observations are from -1 to 1."""
    manifest = cartpole.manifest("unused")
    policy = manifest["policies"]["default"]
    policy["observation"] = {**policy["observation"], "low": -1.0, "high": 1.0}
    policy["graph"] = named("policy", ".onnx", cartpole.graph())
    return cartpole.archive(folder, policies=manifest["policies"])


def test_outside_the_bounds(policies, tmp_path, until):
    """Observations outside their bounds are answered and counted; a strict endpoint refuses."""
    archive = bounded(tmp_path)
    policies.deploy(archive)
    policies.ask({"observations": [[2, 0, 0, 0], [0, 0, 0, 0], [0, 0, -3, 0]]})
    until(lambda: policies.hosting.describe("endpoint").outside == 2)

    policies.deploy(archive, "severe", strict=True)
    with pytest.raises(InvocationFailed, match="outside") as raised:
        policies.ask({"observation": [2, 0, 0, 0]}, "severe")
    assert 400 == raised.value.status


def test_many_clients(policies, tmp_path):
    """Requests that arrive together go through the policy together, and none gets another's."""
    policies.deploy(cartpole.archive(tmp_path))
    predictor = Predictor("endpoint", hosting=policies.hosting)
    batch = observations(400)
    answers: dict[int, int] = {}

    def ask(first):
        for index in range(first, len(batch), 16):
            answers[index] = predictor.act(batch[index])

    threads = [threading.Thread(target=ask, args=(first,)) for first in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [right(observation) for observation in batch] == [answers[i] for i in range(400)]


def test_a_file_that_is_another(policies, tmp_path):
    """A graph that does not fit its digest is never loaded."""
    folder = cartpole.model(tmp_path / "model")
    graph = next(folder.glob("*.onnx"))
    graph.write_bytes(graph.read_bytes() + b"\0")
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    status = policies.deploy(policies.pack(files))

    assert EndpointState.FAILED is status.state
    assert "SHA-256" in status.failure_reason


def test_a_manifest_of_another_format(policies):
    """It fails the endpoint with the formats that are read."""
    status = policies.deploy(policies.pack({"policy.json": json.dumps({"format": 9})}))

    assert EndpointState.FAILED is status.state
    assert "has the format 9; this version of rlcore reads 1" in status.failure_reason


def test_what_images_install_for_an_export(policies, tmp_path):
    """The requirements of our own inference code are for images: here nothing is installed."""
    graph = cartpole.graph()
    name = named("policy", ".onnx", graph)
    files = {**inference_code(), "code/requirements.txt": b"./nowhere\n", name: graph}
    publish_model(tmp_path / "model", cartpole.manifest(name), files)
    paths = [path for path in (tmp_path / "model").rglob("*") if path.is_file()]
    content = {path.relative_to(tmp_path / "model").as_posix(): path.read_bytes() for path in paths}
    status = policies.deploy(policies.pack(content))

    assert EndpointState.IN_SERVICE is status.state, status.failure_reason
    assert "code/requirements.txt" in content

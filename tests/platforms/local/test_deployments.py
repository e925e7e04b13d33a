"""Deployments as data: every check before anything is started."""

from __future__ import annotations

import io
import json
import tarfile

import attrs
import pytest

from rlcore.endpoints import Deployment, ModelRequest
from rlcore.errors import InvalidArgument, InvalidModel, NotDeployable, PlatformError, SourceError
from rlcore.platforms.local import accelerators
from rlcore.platforms.local.deployments import document
from rlcore.spec import Environment, ToolkitRelease, Unavailable

RELEASE = ToolkitRelease(
    toolkit="toy",
    version="1.0",
    training=Unavailable(reason="Nothing trains it."),
    serving=Environment(python=">=3.10", requirements=["onnxruntime==1.0"]),
)
MANIFEST = {
    "format": 1,
    "toolkit": "toy",
    "release": "1.0",
    "policies": {
        "default": {
            "graph": "policy.onnx",
            "observation": {"type": "Discrete", "n": 2},
            "action": {"type": "Discrete", "n": 2},
            "inputs": [{"name": "observation"}],
            "outputs": [{"name": "action"}],
        }
    },
    "files": {"policy.onnx": "0"},
}


@pytest.fixture
def deployment(tmp_path):
    """Return a deployment that can be."""
    archive = tmp_path / "my model.tar.gz"
    archive.write_bytes(b"")
    model = ModelRequest(release=RELEASE, model_data=str(archive))
    return Deployment(name="endpoint", model=model)


def test_what_the_front_needs(deployment, tmp_path):
    """Model, code, environment, variables and options are all there, as JSON values."""
    model = attrs.evolve(
        deployment.model,
        entry_point="inference.py",
        source_uri="s3://bucket/source.tar.gz",
        environment={"SAGEMAKER_REGION": "moon", "MINE": "1"},
        options={"model_server_workers": 2, "model_kms_key": "key"},
    )
    options = {"strict": True, "port": None, "kms_key": "key"}
    with pytest.warns(UserWarning, match="No effect on .*: kms_key, model_kms_key."):
        made = document(
            attrs.evolve(deployment, model=model, options=options, tags={"team": "games"})
        )

    identity = made.pop("id")
    assert 32 == len(identity)
    assert {
        "name": "endpoint",
        "label": "toy 1.0",
        "model_data": (tmp_path / "my model.tar.gz").as_uri(),
        "program": "inference.py",
        "source_uri": "s3://bucket/source.tar.gz",
        "environment": {"python": ">=3.10", "requirements": ["onnxruntime==1.0"]},
        "variables": {
            "SAGEMAKER_PROGRAM": "inference.py",
            "SAGEMAKER_CONTAINER_LOG_LEVEL": "20",
            "SAGEMAKER_REGION": "moon",
            "MINE": "1",
        },
        "tags": {"team": "games"},
        "options": {"strict": True, "model_server_workers": 2},
    } == made
    assert identity != document(deployment)["id"]


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"instance_type": "locl"}, PlatformError, "Did you mean 'local'?"),
        ({"instance_type": "ml.m5.large"}, PlatformError, "no instance type 'ml.m5.large'"),
        ({"instance_count": 2}, PlatformError, "Set it to 1; model_server_workers"),
        ({"options": {"port": 65536}}, InvalidArgument, "port must be a number from 0 to 65535"),
        ({"options": {"port": True}}, InvalidArgument, "True was given"),
        ({"options": {"strict": 1}}, InvalidArgument, "strict must be True or False"),
        ({"options": {"max_body_size": "1k"}}, InvalidArgument, "'1k' was given"),
        ({"options": {"timeout": 0}}, InvalidArgument, "timeout must be a number"),
    ],
)
def test_what_a_deployment_may_not_ask(deployment, change, error, words):
    """Each is refused with what was given and what is allowed."""
    with pytest.raises(error, match=words):
        document(attrs.evolve(deployment, **change))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"model_data": "nowhere.tar.gz"}, InvalidModel, "There is no model .*nowhere.tar.gz"),
        ({"model_data": "file:///"}, InvalidModel, "is a folder. Pack it"),
        ({"model_data": "gs://b/k"}, InvalidArgument, "not the address of a model"),
        ({"image_uri": "me/image:1"}, NotDeployable, "runs no images, and 'me/image:1'"),
        ({"release": None}, NotDeployable, "Name the toolkit"),
        (
            {"release": attrs.evolve(RELEASE, serving=Unavailable(reason="Not yet."))},
            NotDeployable,
            "toy 1.0 is not served on the local platform: Not yet.",
        ),
    ],
)
def test_models_that_are_not_served_here(deployment, change, error, words):
    """Each is refused with its reason."""
    model = attrs.evolve(deployment.model, **change)
    with pytest.raises(error, match=words):
        document(attrs.evolve(deployment, model=model))


def test_a_gpu_that_is_not_there(deployment, monkeypatch):
    """`local_gpu` on a machine without one is refused, and names what was looked for."""
    monkeypatch.setattr(accelerators, "has_gpu", lambda: False)
    with pytest.raises(PlatformError, match="/dev/"):
        document(attrs.evolve(deployment, instance_type="local_gpu"))


def test_a_script_that_is_not_in_the_source(deployment, tmp_path):
    """It is told before anything is started, with what to do."""
    source = tmp_path / "source.tar.gz"
    with tarfile.open(source, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("./train.py"))
    for script, fits in (("train.py", True), ("serve.py", False), ("trian.py", False)):
        model = attrs.evolve(deployment.model, entry_point=script, source_uri=source.as_uri())
        if fits:
            assert script == document(attrs.evolve(deployment, model=model))["program"]
            continue
        with pytest.raises(SourceError, match=f"no file '{script}'.*give source_dir") as raised:
            document(attrs.evolve(deployment, model=model))
        assert (script == "trian.py") == ("Did you mean 'train.py'?" in str(raised.value))


def test_a_model_in_a_bucket(deployment):
    """An address in S3 is taken as it is; the front fetches it."""
    model = attrs.evolve(deployment.model, model_data="s3://bucket/model.tar.gz")

    made = document(attrs.evolve(deployment, model=model))
    assert "s3://bucket/model.tar.gz" == made["model_data"]


@pytest.mark.parametrize(
    ("member", "entry_point", "served_by"),
    [
        ("policy.json", None, "onnxruntime==1.0"),
        ("1/saved_model.pb", None, "tensorflow==1.12"),
        ("policy.json", "serve.py", "tensorflow==1.12"),
    ],
)
def test_native_models_have_an_environment_of_their_own(
    deployment, tmp_path, member, entry_point, served_by
):
    """A policy of ours is served lightly; other models, and code, by the framework."""
    native = Environment(python=">=3.10", requirements=["tensorflow==1.12"])
    path = tmp_path / "model.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        content = json.dumps(MANIFEST).encode()
        info = tarfile.TarInfo(member)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    model = attrs.evolve(
        deployment.model,
        release=attrs.evolve(RELEASE, native_serving=native),
        model_data=str(path),
        entry_point=entry_point,
    )

    made = document(attrs.evolve(deployment, model=model))

    assert [served_by] == made["environment"]["requirements"]

"""Models of the service's own servers: what these are told, and what they are not."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from memory_hosting import MemoryHosting

from rlcore import ExportedModel, TensorFlowPredictor, TensorFlowServingModel
from rlcore.endpoints import ModelRequest
from rlcore.platforms.sagemaker.platform import SageMakerPlatform
from rlcore.testing import FakeSageMaker

IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/serving:1.12-cpu"
ROLE = "arn:aws:iam::123456789012:role/MyRole"
WHERE = ("us-west-2", "ml.m5.large")


def model(platform: Any = None, **given: Any) -> TensorFlowServingModel:
    """Return a model in an image of its own."""
    request = ModelRequest(
        release=None, model_data="s3://bucket/model.tar.gz", image_uri=IMAGE, role=ROLE, **given
    )
    return TensorFlowServingModel(request, platform=platform)


def test_an_export_brings_its_own_script() -> None:
    """The container runs the script in the archive; variables of the caller's own stay."""
    request = ModelRequest(
        release=None,
        model_data="s3://bucket/model.tar.gz",
        image_uri=IMAGE,
        role=ROLE,
        environment={"A": "b"},
    )
    told = ExportedModel(request, platform=None).container(*WHERE).environment

    assert ("inference.py", "/opt/ml/model/code", "b") == (
        told["SAGEMAKER_PROGRAM"],
        told["SAGEMAKER_SUBMIT_DIRECTORY"],
        told["A"],
    )


@pytest.mark.parametrize(
    ("level", "word"), [(10, "debug"), (20, "info"), (30, "warn"), (40, "error"), (50, "crit")]
)
def test_levels_in_the_servers_words(level: int, word: str) -> None:
    """Each level of `logging` has one; variables of the caller's own stay."""
    container = model(container_log_level=level, environment={"A": "b"}).container(*WHERE)

    assert {"SAGEMAKER_TFS_NGINX_LOGLEVEL": word, "A": "b"} == container.environment


def test_a_level_that_the_server_lacks() -> None:
    """It is left out, and the ones that there are are named."""
    with pytest.warns(UserWarning, match=r"=15 is left out: the server has \[10, 20, 30, 40, 50\]"):
        container = model(container_log_level=15).container(*WHERE)

    assert {} == container.environment


def test_a_script() -> None:
    """The server runs none, and is told of none."""
    with pytest.warns(UserWarning, match="runs no script: serve.py is left out") as caught:
        container = model(entry_point="serve.py").container(*WHERE)

    assert {"SAGEMAKER_TFS_NGINX_LOGLEVEL": "info"} == container.environment
    assert [__file__] == [warning.filename for warning in caught]


def test_a_warning_points_to_the_line_that_deploys(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many calls of ours are between."""
    with FakeSageMaker() as fake:
        for name, value in fake.environ.items():
            monkeypatch.setenv(name, value)
        platform = SageMakerPlatform(boto3.Session(region_name="us-west-2"))

        with pytest.warns(UserWarning, match="=15 is left out") as caught:
            model(platform, container_log_level=15).deploy(1, "ml.m5.large", wait=False)

    assert {__file__} == {warning.filename for warning in caught}


def test_the_predictor() -> None:
    """It speaks the server's three methods."""
    assert isinstance(model().predictor("endpoint", MemoryHosting()), TensorFlowPredictor)

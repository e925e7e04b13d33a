"""Tests of models: as data, from archives, and deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from memory_hosting import HostingMemoryPlatform
from model_archives import MANIFEST, packed

from rlcore.endpoints import Container, ModelRequest
from rlcore.errors import (
    InvalidArgument,
    InvalidToolkit,
    MissingArgument,
    NotDeployable,
    UnknownArgument,
    UnsupportedVersion,
)
from rlcore.model import FrameworkModel, Model, check_accelerator, make
from rlcore.spec import ToolkitRelease, Unavailable

if TYPE_CHECKING:
    from pathlib import Path

OWN_IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/my-img:1.0"
HOSTING = {"group": "G1", "repository": "lab-serving", "tag": "1.0-{processor}"}


def release(hosting: dict[str, Any] | None = None) -> ToolkitRelease:
    """Return a release that has, or has not, a hosting image."""
    nowhere = Unavailable(reason="made up")
    return ToolkitRelease(
        toolkit="lab", version="1.0", training=nowhere, serving=nowhere, data={"hosting": hosting}
    )


def request(**fields: Any) -> ModelRequest:
    """Return a request for a model with an inference script."""
    given = {
        "release": None,
        "model_data": "s3://bucket/job/output/model.tar.gz",
        "entry_point": "train.py",
        "source_uri": "s3://bucket/job/source/sourcedir.tar.gz",
    }
    return ModelRequest(**{**given, **fields})


def test_own_image_gets_the_originals_environment() -> None:
    """The container of an own image is, to the letter, what the original sent."""
    model = FrameworkModel(request(image_uri=OWN_IMAGE))

    expected = Container(
        image_uri=OWN_IMAGE,
        model_data="s3://bucket/job/output/model.tar.gz",
        environment={
            "SAGEMAKER_CONTAINER_LOG_LEVEL": "20",
            "SAGEMAKER_ENABLE_CLOUDWATCH_METRICS": "false",
            "SAGEMAKER_PROGRAM": "train.py",
            "SAGEMAKER_REGION": "us-west-2",
            "SAGEMAKER_SUBMIT_DIRECTORY": "s3://bucket/job/source/sourcedir.tar.gz",
        },
    )
    assert expected == model.container("us-west-2", "ml.m4.xlarge")


def test_own_variables_win() -> None:
    """Variables of the request are added, and win over the usual ones."""
    own = {"SAGEMAKER_REGION": "mars-1", "MINE": "1"}

    container = FrameworkModel(request(image_uri=OWN_IMAGE, environment=own)).container(
        "us-west-2", "ml.m4.xlarge"
    )

    assert own.items() <= container.environment.items()
    assert "train.py" == container.environment["SAGEMAKER_PROGRAM"]


def test_no_script_no_variables_of_it() -> None:
    """A model without an inference script names none."""
    model = FrameworkModel(request(image_uri=OWN_IMAGE, entry_point=None, source_uri=None))

    names = set(model.container("us-west-2", "ml.m4.xlarge").environment)
    assert set() == names & {"SAGEMAKER_PROGRAM", "SAGEMAKER_SUBMIT_DIRECTORY"}


@pytest.mark.parametrize(
    ("instance_type", "tag"), [("ml.c5.large", "1.0-cpu"), ("ml.g5.xlarge", "1.0-gpu")]
)
def test_hosting_image_of_the_release(instance_type: str, tag: str) -> None:
    """Without an image of one's own, the release's row and the instance type decide."""
    model = FrameworkModel(request(release=release(HOSTING)))

    image = model.container("us-west-2", instance_type).image_uri
    assert f"520713654638.dkr.ecr.us-west-2.amazonaws.com/lab-serving:{tag}" == image


def test_own_image_wins_over_the_releases() -> None:
    """An image in the request is taken instead of the release's."""
    model = FrameworkModel(request(release=release(HOSTING), image_uri=OWN_IMAGE))

    assert OWN_IMAGE == model.container("us-west-2", "ml.c5.large").image_uri


def test_accelerator_takes_the_image_made_for_it() -> None:
    """Elastic Inference has repositories of its own, for cpu alone, and a warning."""
    model = FrameworkModel(request(release=release(HOSTING)))

    with pytest.warns(UserWarning, match="discontinued"):
        container = model.container("us-west-2", "ml.g5.xlarge", "ml.eia2.medium")

    expected = "520713654638.dkr.ecr.us-west-2.amazonaws.com/lab-serving-eia:1.0-cpu"
    assert expected == container.image_uri


@pytest.mark.parametrize("of", [None, release()], ids=["no release", "no row"])
def test_no_hosting_image(of: ToolkitRelease | None) -> None:
    """Neither image nor row: the error says which argument would help."""
    with pytest.raises(NotDeployable, match="no hosting image.*image_uri="):
        FrameworkModel(request(release=of)).container("us-west-2", "ml.c5.large")


def test_accelerator_in_a_notebook() -> None:
    """A notebook's own accelerator is as discontinued as the others."""
    with pytest.warns(UserWarning, match="local_sagemaker_notebook"):
        check_accelerator("local_sagemaker_notebook")


def test_accelerator_that_never_was() -> None:
    """An instance type is not an accelerator."""
    with pytest.raises(InvalidArgument, match="'ml.g5.xlarge' is not an Elastic Inference"):
        check_accelerator("ml.g5.xlarge")


def test_model_asks_for_a_container() -> None:
    """A subclass that forgets the container cannot be made."""

    class Forgetful(Model):
        pass

    with pytest.raises(TypeError, match="container"):
        Forgetful(request())  # type: ignore[abstract]


def test_a_model_from_elsewhere_says_what_trained_it(tmp_path: Path) -> None:
    """An export carries its toolkit and release."""
    path = packed(tmp_path / "model.tar.gz", {"policy.json": MANIFEST})

    model = Model.from_archive(path, env={"A": "1"})

    assert "ray 2.60.0 (pytorch 2.13.0)" == str(model.request.release)
    assert (path.as_uri(), {"A": "1"}) == (
        model.request.model_data,
        dict(model.request.environment),
    )


def test_a_model_is_shown_in_a_line(tmp_path: Path) -> None:
    """Neither its environment variables, which may be secrets, nor its release's pins are in it."""
    path = packed(tmp_path / "model.tar.gz", {"policy.json": MANIFEST})

    shown = repr(Model.from_archive(path, env={"TOKEN": "secret"}))

    assert f"<ExportedModel of ray 2.60.0 (pytorch 2.13.0) at {path.as_uri()}>" == shown


def test_a_foreign_model_is_told_what_trained_it(tmp_path: Path) -> None:
    """The arguments say what the archive does not, and win over it."""
    foreign = packed(tmp_path / "foreign.tar.gz", {"saved_model.pb": b"x"})
    ours = packed(tmp_path / "ours.tar.gz", {"policy.json": MANIFEST})
    given = {"toolkit": "coach", "toolkit_version": "0.11.1", "framework": "tensorflow"}

    models = [Model.from_archive(path, **given) for path in (foreign, ours)]

    assert ["coach 0.11.1 (tensorflow 1.12)"] * 2 == [str(each.request.release) for each in models]


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({}, MissingArgument, "Give toolkit, toolkit_version and framework.*Installed: coach"),
        ({"toolkit": "ray"}, MissingArgument, "Give toolkit, toolkit_version and framework, or"),
        ({"toolkit": "rai", "toolkit_version": "1"}, InvalidToolkit, "Did you mean 'ray'"),
        (
            {"toolkit": "ray", "toolkit_version": "9", "framework": "pytorch"},
            UnsupportedVersion,
            "Did you mean",
        ),
        ({"envv": {}}, UnknownArgument, "Did you mean 'env'"),
        ({"source_dir": "x", "image_uri": "i"}, MissingArgument, "provide an `entry_point`"),
    ],
)
def test_a_foreign_model_that_nobody_knows(tmp_path: Path, given, error, words) -> None:
    """The error names what is missing and what is nearest."""
    path = packed(tmp_path / "model.tar.gz", {"saved_model.pb": b"x"})

    with pytest.raises(error, match=words):
        Model.from_archive(path, **given)


def test_a_foreign_model_in_an_own_image(tmp_path: Path) -> None:
    """An image needs no toolkit."""
    path = packed(tmp_path / "model.tar.gz", {"saved_model.pb": b"x"})

    model = FrameworkModel.from_archive(path, image_uri=OWN_IMAGE)

    assert OWN_IMAGE == model.container("us-west-2", "ml.m4.xlarge").image_uri


def test_a_model_from_elsewhere_is_deployed(tmp_path: Path) -> None:
    """To the platform that was named, by whichever of the two calls."""
    path = packed(tmp_path / "model.tar.gz", {"policy.json": MANIFEST})
    platform = HostingMemoryPlatform()

    predictor = Model.from_archive(path, platform=platform).deploy(endpoint_name="e")
    Model.from_archive(path).deploy(endpoint_name="f", platform=platform)

    assert ["e", "f"] == list(platform.hosting.deployed)
    assert "e" == predictor.endpoint_name


def test_a_plugin_whose_models_nothing_serves() -> None:
    """The error is ours, with the plugin's reason."""
    with pytest.raises(NotDeployable, match="names no way to serve it. made up"):
        make(Model, request(release=release()), None, None)  # type: ignore[type-abstract]

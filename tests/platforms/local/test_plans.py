"""What the local platform says it would do, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from rlcore.errors import InvalidArgument, PlatformError, ReleaseUnavailable
from rlcore.platforms.local import accelerators, plans
from rlcore.spec import (
    Channel,
    Environment,
    JobRequest,
    Plan,
    Resources,
    ToolkitRelease,
    Unavailable,
)

RELEASE = ToolkitRelease(
    toolkit="toy",
    version="1.0",
    training=Environment(python=">=3.6", requirements=("a==1", "b==2")),
    serving=Unavailable(reason="none"),
)
HOME = Path("/home/of/rlcore")


def plan(**values: Any) -> Plan:
    """Plan a small request."""
    request = JobRequest(**{"name": "job", "release": RELEASE, "entry_point": "train.py", **values})
    return plans.make(request, HOME, 120.0)


def test_the_plan_is_plain_data():
    """What the supervisor runs from can be written as JSON."""
    document = plan(hyperparameters={"lr": 0.1}).document

    assert dict(document) == json.loads(json.dumps(dict(document)))


def test_a_display_is_for_releases_that_draw():
    """The release says so."""
    drawing = attrs.evolve(RELEASE, display=True)

    assert [False, True] == [plan(release=each).document["display"] for each in (RELEASE, drawing)]


def test_the_files_of_the_contract(tmp_path):
    """The three files of `input/config` say what those of the container say."""
    config = plan(
        hyperparameters={"lr": 0.1, "name": "x"},
        channels=[Channel(name="training", uri=tmp_path.as_uri(), content_type="text/csv")],
    ).document["config"]

    assert {
        "lr": "0.1",
        "name": '"x"',
        "sagemaker_container_log_level": "20",
        "sagemaker_estimator": '"RLEstimator"',
        "sagemaker_job_name": '"job"',
        "sagemaker_program": '"train.py"',
        "sagemaker_region": '"local"',
        "sagemaker_s3_output": '"file:///home/of/rlcore/output"',
        "sagemaker_submit_directory": '"s3://local/job/source/sourcedir.tar.gz"',
    } == config["hyperparameters"]
    assert ["algo-1"] == config["resourceconfig"]["hosts"]
    assert {"training": "text/csv"} == {
        name: channel["ContentType"] for name, channel in config["inputdataconfig"].items()
    }


def test_the_text_tells_what_matters():
    """A person reads the release, the limits, where things go and what has no effect."""
    text = str(
        plan(
            hyperparameters={"lr": 0.1},
            output_path="s3://bucket/out",
            options={"use_spot_instances": True, "subnets": ["a"]},
            resources=Resources(max_run=60),
        )
    )

    for expected in (
        "toy 1.0",
        ">=3.6, 2 distributions",
        "lr = 0.1",
        "s3://bucket/out/job/output/model.tar.gz",
        "60 s, then 120 s to end",
        "No effect here   subnets, use_spot_instances",
    ):
        assert expected in text


@pytest.mark.parametrize(
    "values",
    [
        {"environment": {"WANDB_API_KEY": "x"}},
        {"environment": {"AWS_SECRET_ACCESS_KEY": "x"}},
        {"hyperparameters": {"db_password": "x"}},
    ],
)
def test_likely_secrets(values):
    """A warning names them, not their values, and tells the way around."""
    (name,) = next(iter(values.values()))

    with pytest.warns(UserWarning, match=f"{name}\\..* export them") as caught:
        plan(**values)

    assert "'x'" not in str(caught[0].message)


def test_what_is_no_secret():
    """Numbers, and words that only contain one of a secret's, are no cause to warn."""
    plan(hyperparameters={"max_token": 5, "tokenizer": "bpe", "key": "a"})


def test_checkpoints_have_an_address():
    """The one that was given, or one beside the other artefacts."""
    own = plan().document["artefacts"]["checkpoints"]
    given = plan(checkpoint_s3_uri="s3://b/c").document["artefacts"]["checkpoints"]

    assert ("file:///home/of/rlcore/output/job/checkpoints", "s3://b/c") == (own, given)


def test_paths_become_addresses(tmp_path, monkeypatch):
    """Wherever the job is looked at later: in the request that is kept and in the plan."""
    monkeypatch.chdir(tmp_path)
    made = plan(output_path="out", checkpoint_s3_uri="kept")

    out, kept = ((tmp_path / name).as_uri() for name in ("out", "kept"))
    assert out == made.document["request"]["output_path"]
    assert f"{out}/job/output/model.tar.gz" == made.document["artefacts"]["model"]
    assert kept == made.document["artefacts"]["checkpoints"]
    assert kept == made.document["restored_checkpoints"] == made.request.checkpoint_s3_uri
    assert [] == list(tmp_path.iterdir())


def test_a_gpu_that_is_not_there(tmp_path, monkeypatch):
    """It is refused before hours on a processor that nobody wanted, with the devices looked for."""
    monkeypatch.setattr(accelerators, "DEVICES", (str(tmp_path / "none"),))

    with pytest.raises(PlatformError, match="'local_gpu' needs a GPU.*/none.*Use 'local'"):
        plan(resources=Resources(instance_type="local_gpu"))


@pytest.mark.parametrize("instance_type", [None, "local", "local_gpu"])
def test_instance_types_of_this_machine(instance_type, tmp_path, monkeypatch):
    """Every local type is accepted, where there is a GPU."""
    monkeypatch.setattr(accelerators, "DEVICES", (str(tmp_path),))

    assert "job" == plan(resources=Resources(instance_type=instance_type)).request.name


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"resources": Resources(instance_type="locl")}, PlatformError, "Did you mean 'local'"),
        ({"resources": Resources(instance_type="ml.m5.large")}, PlatformError, "'ml.m5.large'"),
        ({"resources": Resources(instance_count=2)}, PlatformError, "runs one host.* 2"),
        ({"image_uri": "a/b:c"}, PlatformError, "runs no images.*'a/b:c'"),
        ({"image_uri": "a/b:c", "release": None}, PlatformError, "runs no images"),
        ({"output_path": "file://h/out"}, InvalidArgument, "output_path 'file://h/out'"),
        ({"checkpoint_s3_uri": "file://h/c"}, InvalidArgument, "checkpoint_s3_uri 'file://h/c'"),
        ({"channels": [Channel(name="x", uri="s3://b/c")]}, PlatformError, "'x'.*s3://b/c"),
        ({"channels": [Channel(name="x", uri="")]}, PlatformError, "'x'"),
        ({"channels": [Channel(name="x", uri="/no/such")]}, InvalidArgument, "does not exist"),
        ({"channels": [Channel(name="..", uri="/")]}, InvalidArgument, r"'\.\.'"),
        ({"hyperparameters": {"a": object()}}, InvalidArgument, "'a' is a object"),
    ],
)
def test_what_cannot_run_here(values, error, message):
    """It is refused before anything is made, with what is allowed."""
    with pytest.raises(error, match=message):
        plan(**values)


def test_a_release_that_does_not_run_here():
    """A release whose environment cannot be had says why."""
    release = attrs.evolve(RELEASE, training=Unavailable(reason="Its wheels are gone."))

    with pytest.raises(ReleaseUnavailable, match="toy 1.0 .* Its wheels are gone."):
        plan(release=release)


def test_a_channel_that_was_misspelt(tmp_path):
    """The nearest name beside it is proposed."""
    (tmp_path / "replays").mkdir()

    with pytest.raises(InvalidArgument, match="Did you mean 'replays'"):
        plan(channels=[Channel(name="x", uri=str(tmp_path / "replay"))])

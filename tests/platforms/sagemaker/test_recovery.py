"""A job's request comes back from what the service knows of it."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from rlcore.errors import InvalidArgument
from rlcore.platforms.sagemaker import recovery, requests
from rlcore.platforms.sagemaker.requests import Facts
from rlcore.registry import ToolkitRegistry, default_registry
from rlcore.spec import Channel, JobRequest, MetricDefinition, Resources, ToolkitRelease

ROLE = "arn:aws:iam::111122223333:role/MyRole"
FACTS = Facts(region="us-west-2", bucket="default", role_arn=ROLE)
ECR = "520713654638.dkr.ecr.us-west-2.amazonaws.com"
RAY_ECR = "462105765813.dkr.ecr.us-west-2.amazonaws.com"
COACH = f"{RAY_ECR}/sagemaker-rl-coach-container"
RESOURCES = Resources(instance_type="ml.m4.xlarge", instance_count=2, volume_size=50, max_run=60)


def release(key: str, version: str) -> ToolkitRelease:
    """Return a release of an installed plugin."""
    return default_registry().toolkit(key).release(version)


def request(**fields: Any) -> JobRequest:
    """Return a request; the source was packed here."""
    given = {
        "name": "job",
        "entry_point": "train.py",
        "source_digest": "0" * 64,
        "resources": RESOURCES,
        "options": {"role": ROLE},
        **fields,
    }
    return JobRequest(**given)


def described(asked: JobRequest, image: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what the service describes of a job, and its tags."""
    fields = requests.training_job(asked, image, FACTS)
    tags = {tag["Key"]: tag["Value"] for tag in fields.pop("Tags", ())}
    return fields, tags


def recovered(asked: JobRequest, image: str = "host/own:1") -> JobRequest:
    """Return the request of a job that was started by another."""
    return recovery.job_request(*described(asked, image), default_registry())


EVERYTHING = {
    "role": ROLE,
    "volume_kms_key": "vk",
    "keep_alive_period_in_seconds": 600,
    "use_spot_instances": True,
    "max_wait": 120,
    "max_retry_attempts": 3,
    "input_mode": "FastFile",
    "output_kms_key": "ok",
    "disable_output_compression": True,
    "container_log_level": 10,
    "container_entry_point": ["run"],
    "container_arguments": ["--fast"],
    "training_repository_access_mode": "Vpc",
    "subnets": ["s1"],
    "security_group_ids": ["g1"],
    "encrypt_inter_container_traffic": True,
    "enable_network_isolation": True,
    "debugger_hook_config": {"S3OutputPath": "s3://d/", "CollectionConfigurations": []},
    "tensorboard_output_config": {"S3OutputPath": "s3://t/"},
    "profiler_config": {"S3OutputPath": "s3://p/", "DisableProfiler": True},
    "enable_sagemaker_metrics": True,
    "enable_remote_debug": True,
    "enable_infra_check": True,
    "code_location": "s3://code/prefix",
    "experiment_config": {"ExperimentName": "e"},
}


def test_everything_comes_back() -> None:
    """Toolkit, metrics, spot, checkpoints, code location: what was asked for, field by field."""
    asked = request(
        release=release("coach.mxnet", "0.11.0"),
        hyperparameters={"lr": 0.5, "name": "x", "none": None, "list": [1, "a"]},
        metric_definitions=(MetricDefinition(name="x", regex="x=(.*)"),),
        channels=(Channel(name="training", uri="s3://data/"),),
        output_path="s3://out/prefix",
        checkpoint_s3_uri="s3://checkpoints/",
        checkpoint_local_path="/opt/ml/mine",
        environment={"A": "b"},
        tags={"team": "rl"},
        options=EVERYTHING,
    )
    found = recovered(asked, f"{ECR}/sagemaker-rl-mxnet:coach0.11.0-cpu-py3")

    source = "s3://code/prefix/job/source/sourcedir.tar.gz"
    (channel,) = found.channels
    assert ("training", "s3://data/") == (channel.name, channel.uri)
    expected = attrs.evolve(
        asked, source_digest=None, source_uri=source, channels=(channel,), options={}
    )
    assert expected == attrs.evolve(found, options={})
    assert EVERYTHING == dict(found.options)


def test_a_job_of_defaults() -> None:
    """What was not given does not come back as given."""
    found = recovered(request(release=release("ray.tensorflow", "0.6.5")))

    assert {"role": ROLE, "code_location": "s3://default"} == dict(found.options)
    assert (None, (), {}) == (found.metric_definitions, found.channels, dict(found.tags))
    assert "s3://default/job/source/sourcedir.tar.gz" == found.source_uri


def test_groups_of_hosts() -> None:
    """They come back as they were given."""
    groups = [{"InstanceGroupName": "a", "InstanceType": "ml.c5.large", "InstanceCount": 2}]
    asked = request(image_uri="host/own:1", options={"role": ROLE, "instance_groups": groups})
    found = recovered(asked)

    assert groups == found.options["instance_groups"]
    assert (None, 1) == (found.resources.instance_type, found.resources.instance_count)


@pytest.mark.parametrize(
    ("key", "version", "image"),
    [
        ("coach.tensorflow", "0.11.1", f"{ECR}/sagemaker-rl-tensorflow:coach0.11.1-gpu-py3"),
        ("coach.mxnet", "0.11.0", f"{ECR}/sagemaker-rl-mxnet:coach0.11.0-cpu-py3"),
        ("coach.tensorflow", "1.0.0", f"{COACH}:coach-1.0.0-tf-cpu-py3"),
        ("ray.tensorflow", "0.6.5", f"{ECR}/sagemaker-rl-tensorflow:ray0.6.5-gpu-py3"),
        ("ray.tensorflow", "1.6.0", f"{RAY_ECR}/sagemaker-rl-ray-container:ray-1.6.0-tf-cpu-py37"),
        ("ray.pytorch", "1.6.0", f"{RAY_ECR}/sagemaker-rl-ray-container:ray-1.6.0-torch-gpu-py36"),
    ],
)  # fmt: skip
def test_jobs_of_the_original(key: str, version: str, image: str) -> None:
    """They carry no tags of ours: the image tells what trained them."""
    fields, _ = described(request(image_uri=image), image)
    found = recovery.job_request(fields, {"k": "v"}, default_registry())

    assert (release(key, version), None) == (found.release, found.image_uri)
    assert {"k": "v"} == dict(found.tags)


ORIGINAL_KEYS = ("coach.tensorflow", "coach.mxnet", "ray.tensorflow", "ray.pytorch")
SHIPPED = [
    (key, version, kind)
    for key in ORIGINAL_KEYS
    for version in default_registry().toolkit(key).known_versions()
    for kind in ("ml.m5.large", "ml.g5.xlarge")
]


@pytest.mark.parametrize(("key", "version", "kind"), SHIPPED)
def test_every_image_that_was_shipped(key: str, version: str, kind: str) -> None:
    """Read back into its release; an image that others share tells none, but the tags do."""
    plugin = default_registry().toolkit(key)
    known = plugin.release(version)
    image = plugin.image_uri(known, "us-west-2", kind)
    tags = {"rlcore:toolkit": known.toolkit, "rlcore:toolkit_version": version}
    tags["rlcore:framework"] = str(known.framework)

    shared = "sagemaker-rl-" not in image
    found = recovery.release_of("job", image, {}, default_registry())
    assert (None if shared else known) == found
    assert known == recovery.release_of("job", image, tags, default_registry())


def test_an_image_of_ones_own() -> None:
    """It is all that is known."""
    found = recovered(request(image_uri="rl:latest"), "rl:latest")

    assert (None, "rl:latest") == (found.release, found.image_uri)


@pytest.mark.parametrize(
    "image",
    [
        f"{ECR}/sagemaker-mxnet:1.3-cpu-py3",
        f"{ECR}/sagemaker-mxnet-py2-cpu:1.0.4",
        f"{ECR}/sagemaker-rl-tensorflow:coach0.9-cpu-py3",
    ],
)
def test_images_of_frameworks_alone(image: str) -> None:
    """No toolkit ran in them, as the original said."""
    fields, _ = described(request(image_uri=image), image)
    with pytest.raises(InvalidArgument, match="job didn't use image for requested framework"):
        recovery.job_request(fields, {}, default_registry())


def test_a_plugin_that_is_not_installed() -> None:
    """The job can be watched all the same, and what is missing is said."""
    fields, tags = described(request(release=release("ray.pytorch", "2.60.0")), "host/own:1")
    with pytest.warns(UserWarning, match="job is known by its image alone: .*ray"):
        found = recovery.job_request(fields, tags, ToolkitRegistry([]))

    assert (None, "host/own:1") == (found.release, found.image_uri)


def test_hyperparameters_that_are_no_json() -> None:
    """Whoever does not encode them gets them back as they are."""
    fields, tags = described(request(image_uri="host/own:1"), "host/own:1")
    fields["HyperParameters"].update(plain="adam", _tuning_objective_metric="x")
    found = recovery.job_request(fields, tags, default_registry())

    assert {"plain": "adam"} == dict(found.hyperparameters)

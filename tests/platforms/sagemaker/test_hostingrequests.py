"""What is sent to bring a model into service, field by field."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from rlcore import hostingarguments
from rlcore.endpoints import Container, Deployment, ModelRequest
from rlcore.errors import InvalidArgument, NotDeployable
from rlcore.platforms.sagemaker import hostingrequests, shapes
from rlcore.platforms.sagemaker.making import CONFIGURATION, ENDPOINT, MODEL

ROLE = "arn:aws:iam::123456789012:role/MyRole"
REQUEST = ModelRequest(release=None, model_data="s3://b/model.tar.gz")


def container(request: ModelRequest, *where: Any) -> Container:
    """Return a container that shows where it would run."""
    image = f"my:{'-'.join(str(each) for each in where)}"
    return Container(image_uri=image, model_data=request.model_data, environment={"A": "1"})


def deployment(model: dict[str, Any] | None = None, **changes: Any) -> Deployment:
    """Return a deployment with changes to it, and to the options of its model."""
    given = {"name": "e", "instance_type": "ml.m5.large", "container": container, **changes}
    return Deployment(model=attrs.evolve(REQUEST, options=model or {}), **given)


def requests(asked: Deployment) -> dict[str, dict[str, Any]]:
    """Return the fields of the three requests, which the service would take."""
    found = dict(hostingrequests.all_of(asked, "us-west-2", ROLE))
    for operation, fields in found.items():
        shapes.check(operation, fields)
    return found


def test_the_least() -> None:
    """Nothing that was not asked for is sent."""
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": "e",
        "InitialVariantWeight": 1,
        "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.large",
    }
    expected = {
        MODEL: {
            "ModelName": "e",
            "ExecutionRoleArn": ROLE,
            "PrimaryContainer": {
                "Image": "my:us-west-2-ml.m5.large-None",
                "Environment": {"A": "1"},
                "ModelDataUrl": "s3://b/model.tar.gz",
            },
        },
        CONFIGURATION: {"EndpointConfigName": "e", "ProductionVariants": [variant]},
        ENDPOINT: {"EndpointName": "e", "EndpointConfigName": "e"},
    }
    assert expected == requests(deployment())


def test_names_and_tags() -> None:
    """A model may have a name of its own; all three have the tags, the model its content's."""
    asked = deployment(tags={"t": "1"})
    asked = attrs.evolve(asked, model=attrs.evolve(asked.model, name="m"))
    found = dict(hostingrequests.all_of(asked, "us-west-2", ROLE, "digest"))
    tags = [{"Key": "t", "Value": "1"}]

    assert ("m", "m") == (
        found[MODEL]["ModelName"],
        found[CONFIGURATION]["ProductionVariants"][0]["ModelName"],
    )
    assert [tags, tags] == [found[each]["Tags"] for each in (CONFIGURATION, ENDPOINT)]
    assert [*tags, {"Key": "rlcore:content", "Value": "digest"}] == found[MODEL]["Tags"]


@pytest.mark.parametrize(
    ("option", "value", "field"),
    [
        ("kms_key", "k", "KmsKeyId"),
        (
            "async_inference_config",
            {"OutputConfig": {"S3OutputPath": "s3://b/out"}},
            "AsyncInferenceConfig",
        ),
        (
            "data_capture_config",
            {
                "InitialSamplingPercentage": 10,
                "DestinationS3Uri": "s3://b/",
                "CaptureOptions": [{"CaptureMode": "Input"}],
            },
            "DataCaptureConfig",
        ),
    ],
)
def test_fields_of_a_configuration(option: str, value: Any, field: str) -> None:
    """Each option is in its place."""
    assert value == requests(deployment(options={option: value}))[CONFIGURATION][field]


@pytest.mark.parametrize(
    ("option", "value", "field"),
    [
        ("accelerator_type", "ml.eia2.medium", "AcceleratorType"),
        ("volume_size", 40, "VolumeSizeInGB"),
        ("model_data_download_timeout", 600, "ModelDataDownloadTimeoutInSeconds"),
        (
            "container_startup_health_check_timeout",
            300,
            "ContainerStartupHealthCheckTimeoutInSeconds",
        ),
        ("routing_config", {"RoutingStrategy": "RANDOM"}, "RoutingConfig"),
        ("managed_instance_scaling", {"Status": "ENABLED"}, "ManagedInstanceScaling"),
    ],
)
def test_fields_of_a_variant(option: str, value: Any, field: str) -> None:
    """Each option is in its place."""
    found = requests(deployment(options={option: value}))[CONFIGURATION]

    assert value == found["ProductionVariants"][0][field]


def test_no_option_is_lost() -> None:
    """Every argument that the table gives a field fills that field."""
    placed = {"initial_instance_count", "instance_type", "endpoint_name", "tags"}
    for argument in hostingarguments.ENDPOINT:
        if not argument.field or argument.name in placed:
            continue
        asked = deployment(options={argument.name: "x"})
        found = hostingrequests.endpoint_configuration(asked, "m")
        *structures, field = argument.field.split(".")
        inside = found[structures[0]][0] if structures else found
        assert "x" == inside[field]


@pytest.mark.parametrize(
    ("option", "value", "path"),
    [
        ("image_config", {"RepositoryAccessMode": "Vpc"}, "PrimaryContainer.ImageConfig"),
        ("vpc_config", {"Subnets": ["s"], "SecurityGroupIds": ["g"]}, "VpcConfig"),
        ("enable_network_isolation", True, "EnableNetworkIsolation"),
    ],
)
def test_fields_of_a_model(option: str, value: Any, path: str) -> None:
    """Each option is in its place."""
    found: Any = requests(deployment(model={option: value}))[MODEL]
    for field in path.split("."):
        found = found[field]

    assert value == found


def test_workers() -> None:
    """Their number is a variable of the container."""
    found = requests(deployment(model={"model_server_workers": 2}))[MODEL]

    environment = {"A": "1", "SAGEMAKER_MODEL_SERVER_WORKERS": "2"}
    assert environment == found["PrimaryContainer"]["Environment"]


def test_overrides() -> None:
    """They reach any field of any of the three, deep inside, and take fields away."""
    overrides = {
        MODEL: {"PrimaryContainer": {"ContainerHostname": "h", "Environment": {"B": "2"}}},
        ENDPOINT: {"EndpointName": "other"},
        CONFIGURATION: {"KmsKeyId": None},
    }
    found = requests(deployment(options={"request_overrides": overrides, "kms_key": "k"}))

    inside = found[MODEL]["PrimaryContainer"]
    assert ("h", {"A": "1", "B": "2"}) == (inside["ContainerHostname"], inside["Environment"])
    assert "other" == found[ENDPOINT]["EndpointName"]
    assert "KmsKeyId" not in found[CONFIGURATION]


def test_what_is_refused() -> None:
    """Overrides of other operations, fields that the service would refuse, nothing to run."""
    for changes, error, words in (
        ({"options": {"request_overrides": {"CreateModle": {}}}}, InvalidArgument, "'CreateModel'"),
        ({"name": "a b"}, InvalidArgument, "ModelName is 'a b'"),
        ({"container": None}, NotDeployable, "The model names no container"),
    ):
        with pytest.raises(error) as raised:
            hostingrequests.check(deployment(**changes), "us-west-2")
        assert words in str(raised.value)


GIVEN: dict[str, Any] = {
    "job_name": "j",
    "model_name": "m",
    "instance_count": 2,
    "instance_type": "ml.m4.xlarge",
    "strategy": "MultiRecord",
    "assemble_with": "Line",
    "output_path": "s3://b/out",
    "output_kms_key": "ok",
    "accept": "text/csv",
    "max_concurrent_transforms": 4,
    "max_payload": 6,
    "env": {"X": "1"},
    "volume_kms_key": "vk",
    "data": "s3://b/in",
    "data_type": "S3Prefix",
    "content_type": "text/csv",
    "compression_type": "Gzip",
    "split_type": "Line",
    "input_filter": "$.a",
    "output_filter": "$.b",
    "join_source": "Input",
    "experiment_config": {"TrialComponentDisplayName": "t"},
    "model_client_config": {"InvocationsMaxRetries": 1},
    "batch_data_capture_config": {"DestinationS3Uri": "s3://b/capture"},
    "tags": {"t": "1"},
}
JOB = {
    "TransformJobName": "j",
    "ModelName": "m",
    "BatchStrategy": "MultiRecord",
    "MaxConcurrentTransforms": 4,
    "MaxPayloadInMB": 6,
    "Environment": {"X": "1"},
    "TransformInput": {
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/in"}},
        "ContentType": "text/csv",
        "CompressionType": "Gzip",
        "SplitType": "Line",
    },
    "TransformOutput": {
        "S3OutputPath": "s3://b/out",
        "AssembleWith": "Line",
        "KmsKeyId": "ok",
        "Accept": "text/csv",
    },
    "TransformResources": {
        "InstanceCount": 2,
        "InstanceType": "ml.m4.xlarge",
        "VolumeKmsKeyId": "vk",
    },
    "DataProcessing": {"InputFilter": "$.a", "OutputFilter": "$.b", "JoinSource": "Input"},
    "ExperimentConfig": {"TrialComponentDisplayName": "t"},
    "ModelClientConfig": {"InvocationsMaxRetries": 1},
    "DataCaptureConfig": {"DestinationS3Uri": "s3://b/capture"},
    "Tags": [{"Key": "t", "Value": "1"}],
}


def test_a_transform_job() -> None:
    """Every field that the service has is reached, and it would take them all."""
    found = hostingrequests.transform_job(GIVEN)

    assert JOB == found
    shapes.check("CreateTransformJob", found)
    members = shapes.model_shapes()["CreateTransformJobRequest"]["members"]
    assert set(members) == set(found)


def test_the_least_of_a_transform_job() -> None:
    """What was not given is left out, with the structures that it would have stood in."""
    needed = {"job_name", "model_name", "instance_count", "instance_type", "data", "data_type"}
    given = {name: GIVEN[name] if name in needed else None for name in GIVEN}
    found = hostingrequests.transform_job({**given, "output_path": "s3://b/out", "tags": {}})

    assert {
        "TransformJobName": "j",
        "ModelName": "m",
        "TransformInput": {"DataSource": JOB["TransformInput"]["DataSource"]},  # type: ignore[index]
        "TransformOutput": {"S3OutputPath": "s3://b/out"},
        "TransformResources": {"InstanceCount": 2, "InstanceType": "ml.m4.xlarge"},
    } == found


def test_settings_of_a_transform_job() -> None:
    """What the service describes gives a Transformer's settings back."""
    settings = hostingrequests.transform_settings(JOB, {"t": "1"})

    expected = {name: GIVEN[name] for name in hostingrequests.TRANSFORM_SETTINGS}
    assert {**expected, "tags": JOB["Tags"]} == settings

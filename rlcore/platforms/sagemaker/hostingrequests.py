"""The requests that bring a model into service or run it: pure functions of what is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rlcore import hostingarguments
from rlcore.errors import InvalidArgument, NotDeployable, did_you_mean
from rlcore.platforms.sagemaker import shapes
from rlcore.platforms.sagemaker.making import CONFIGURATION, ENDPOINT, MODEL, OPERATIONS
from rlcore.platforms.sagemaker.modelfiles import CONTENT_TAG
from rlcore.platforms.sagemaker.overrides import check_overrides, merged, plain
from rlcore.platforms.sagemaker.requests import tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rlcore.endpoints import Container, Deployment, ModelRequest

VARIANT = "AllTraffic"
_VARIANTS = "ProductionVariants."
_OF_HOSTS = ("InstanceType", "InitialInstanceCount")
_PLACED = {"initial_instance_count", "instance_type", "endpoint_name", "tags"}
# A role as it might be, for the check before anything is sent.
_ROLE = "arn:aws:iam::123456789012:role/role"

# Fields of CreateTransformJob, by the name of the Transformer's argument or attribute.
_TRANSFORM = {
    "job_name": "TransformJobName",
    "model_name": "ModelName",
    "strategy": "BatchStrategy",
    "max_concurrent_transforms": "MaxConcurrentTransforms",
    "max_payload": "MaxPayloadInMB",
    "env": "Environment",
    "data_type": "TransformInput.DataSource.S3DataSource.S3DataType",
    "data": "TransformInput.DataSource.S3DataSource.S3Uri",
    "content_type": "TransformInput.ContentType",
    "compression_type": "TransformInput.CompressionType",
    "split_type": "TransformInput.SplitType",
    "output_path": "TransformOutput.S3OutputPath",
    "assemble_with": "TransformOutput.AssembleWith",
    "output_kms_key": "TransformOutput.KmsKeyId",
    "accept": "TransformOutput.Accept",
    "instance_count": "TransformResources.InstanceCount",
    "instance_type": "TransformResources.InstanceType",
    "volume_kms_key": "TransformResources.VolumeKmsKeyId",
    "input_filter": "DataProcessing.InputFilter",
    "output_filter": "DataProcessing.OutputFilter",
    "join_source": "DataProcessing.JoinSource",
    "experiment_config": "ExperimentConfig",
    "model_client_config": "ModelClientConfig",
    "batch_data_capture_config": "DataCaptureConfig",
    "tags": "Tags",
}
TRANSFORM_SETTINGS = (
    *("model_name", "instance_count", "instance_type", "strategy", "assemble_with", "output_path"),
    *("output_kms_key", "accept", "max_concurrent_transforms", "max_payload", "env"),
    "volume_kms_key",
)
"""Those that a Transformer keeps from job to job, beside the tags."""


_NAMES = {
    "ModelName": "model_name",
    "EndpointConfigName": "endpoint_name",
    "EndpointName": "endpoint_name",
}
"""Fields that no override gives, and the argument that does."""


def check(deployment: Deployment, region: str, operations: tuple[str, ...] = OPERATIONS) -> None:
    """See that the service would take what a deployment sends, with a role as it might be.

    Args:
        deployment: What is asked for, as it will be once all that its model names is in S3.
        region: The region.
        operations: Which of its operations will be called.

    Raises:
        InvalidArgument: It would not.
        NotDeployable: The model's release has no container.
    """
    for operation in deployment.options.get("request_overrides") or {}:
        if operation not in operations:
            msg = (
                f"request_overrides has fields by operation: {', '.join(operations)}."
                f" {operation!r} is none.{did_you_mean(operation, operations)}"
            )
            raise InvalidArgument(msg)
        check_overrides(deployment.options["request_overrides"][operation], _NAMES)
    for operation, fields in all_of(deployment, region, _ROLE, operations=operations):
        shapes.check(operation, fields)


def all_of(
    deployment: Deployment,
    region: str,
    role_arn: str,
    content: str = "",
    operations: tuple[str, ...] = OPERATIONS,
) -> list[tuple[str, dict[str, Any]]]:
    """Return the operations of a deployment in their order, each with its fields.

    Args:
        deployment: What is asked for, with all that its model names in S3.
        region: The region.
        role_arn: The execution role.
        content: Digest of the model's archives, where they were sent from this machine.
        operations: Which of them are wanted.
    """
    name = model_name(deployment)
    given = {**deployment.tags, **({CONTENT_TAG: content} if content else {})}
    fields = {
        MODEL: lambda: model(
            name, role_arn, container(deployment, region), deployment.model, given
        ),
        CONFIGURATION: lambda: endpoint_configuration(deployment, name),
        ENDPOINT: lambda: endpoint(deployment),
    }
    overrides = deployment.options.get("request_overrides") or {}
    return [(each, merged(fields[each](), overrides.get(each) or {})) for each in operations]


def model_name(deployment: Deployment) -> str:
    """Return the name of a deployment's model: its own, or the endpoint's."""
    return deployment.model.name or deployment.name


def container(deployment: Deployment, region: str) -> Container:
    """Return what serves a deployment's model.

    Raises:
        NotDeployable: Nothing does.
    """
    if deployment.container is None:
        what = deployment.model.release or "The model"
        msg = f"{what} names no container. Deploy it by its Model."
        raise NotDeployable(msg)
    accelerator = deployment.options.get("accelerator_type")
    return deployment.container(deployment.model, region, deployment.instance_type, accelerator)


def model(
    name: str,
    role_arn: str,
    container: Container,
    request: ModelRequest,
    given: Mapping[str, str],
) -> dict[str, Any]:
    """Return the fields of CreateModel.

    Args:
        name: The model's name.
        role_arn: The execution role.
        container: What serves it.
        request: What is asked of the model.
        given: The user's tags.
    """
    options = request.options
    primary: dict[str, Any] = {
        "Image": container.image_uri,
        "Environment": {**container.environment, **_workers(options)},
        "ModelDataUrl": container.model_data,
    }
    if options.get("image_config"):
        primary["ImageConfig"] = plain(options["image_config"])
    found = {
        "ModelName": name,
        "ExecutionRoleArn": role_arn,
        "PrimaryContainer": primary,
        "VpcConfig": plain(options.get("vpc_config")),
        "EnableNetworkIsolation": options.get("enable_network_isolation"),
        "Tags": tags(given, request.release),
    }
    return {field: value for field, value in found.items() if value not in (None, [], {})}


def endpoint_configuration(deployment: Deployment, model_name: str) -> dict[str, Any]:
    """Return the fields of CreateEndpointConfig, of one variant that gets all traffic."""
    variant: dict[str, Any] = {
        "VariantName": VARIANT,
        "ModelName": model_name,
        "InitialVariantWeight": 1,
        "InitialInstanceCount": deployment.instance_count,
        "InstanceType": deployment.instance_type,
    }
    found: dict[str, Any] = {
        "EndpointConfigName": deployment.name,
        "ProductionVariants": [variant],
        **_tags(deployment),
    }
    for argument in hostingarguments.ENDPOINT:
        value = deployment.options.get(argument.name)
        if value is None or not argument.field or argument.name in _PLACED:
            continue
        if argument.field.startswith(_VARIANTS):
            variant[argument.field.removeprefix(_VARIANTS)] = plain(value)
        else:
            found[argument.field] = plain(value)
    if "ServerlessConfig" in variant:
        for field in _OF_HOSTS:
            del variant[field]
    return found


def endpoint(deployment: Deployment) -> dict[str, Any]:
    """Return the fields of CreateEndpoint."""
    return {
        "EndpointName": deployment.name,
        "EndpointConfigName": deployment.name,
        **_tags(deployment),
    }


def transform_job(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of CreateTransformJob.

    Args:
        given: Values by the names of the Transformer's arguments and attributes; those that are
            None or empty are left out. Tags are by their names.
    """
    found: dict[str, Any] = {}
    for name, value in given.items():
        if value in (None, "", {}, []):
            continue
        *structures, field = _TRANSFORM[name].split(".")
        inside = found
        for structure in structures:
            inside = inside.setdefault(structure, {})
        inside[field] = tags(value, None) if name == "tags" else plain(value)
    return found


def transform_settings(found: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """Return a Transformer's settings, from what DescribeTransformJob answers.

    Args:
        found: The answer.
        given: The job's tags.
    """
    settings: dict[str, Any] = {"tags": tags(given, None) or None}
    for name in TRANSFORM_SETTINGS:
        value: Any = found
        for field in _TRANSFORM[name].split("."):
            value = (value or {}).get(field)
        settings[name] = value or None
    return settings


def _tags(deployment: Deployment) -> dict[str, Any]:
    found = tags(deployment.tags, deployment.model.release)
    return {"Tags": found} if found else {}


def _workers(options: Mapping[str, Any]) -> dict[str, str]:
    workers = options.get("model_server_workers")
    return {"SAGEMAKER_MODEL_SERVER_WORKERS": str(workers)} if workers else {}

"""The tables of arguments of models and endpoints, in both generations' vocabularies.

`create_model` takes those of `MODEL`, `deploy` those of `ENDPOINT` and, for the model that it
makes, those of `MODEL` too, as in the original.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from rlcore import arguments
from rlcore.arguments import Argument
from rlcore.errors import InvalidArgument, MissingArgument, PlatformError
from rlcore.kinds import Kind

VPC_CONFIG_DEFAULT = "VPC_CONFIG_DEFAULT"
"""Stands for the estimator's own network, where None means none."""

# fmt: off
MODEL = (
    Argument("name", "model_name", Kind.TEXT, None, "ModelName", "name of the model"),
    Argument("role", None, Kind.TEXT, None, "ExecutionRoleArn", "name or ARN of the execution role"),
    Argument("image_uri", "image", Kind.TEXT, None, "PrimaryContainer.Image", "image that wins over the release's"),
    Argument("entry_point", None, Kind.TEXT, None, "PrimaryContainer.Environment", "inference script, relative to source_dir"),
    Argument("source_dir", None, Kind.TEXT, None, "PrimaryContainer.Environment", "folder of the script, or address of an archive"),
    Argument("dependencies", None, Kind.LIST, None, None, "files and folders put beside the script"),
    Argument("git_config", None, Kind.STRUCTURED, None, None, "repository that holds the script"),
    Argument("code_location", None, Kind.TEXT, None, None, "s3:// folder for the source archive"),
    Argument("env", None, Kind.MAPPING, None, "PrimaryContainer.Environment", "environment variables of the container"),
    Argument("container_log_level", None, Kind.INTEGER, None, "PrimaryContainer.Environment", "level of logging in the container"),
    Argument("model_server_workers", None, Kind.INTEGER, None, "PrimaryContainer.Environment", "processes that answer requests"),
    Argument("predictor_cls", None, Kind.STRUCTURED, None, None, "called with the endpoint's name and hosting=..."),
    Argument("vpc_config", "vpc_config_override", Kind.STRUCTURED, VPC_CONFIG_DEFAULT, "VpcConfig", "Subnets and SecurityGroupIds"),
    Argument("enable_network_isolation", None, Kind.FLAG, None, "EnableNetworkIsolation", "no network for the container"),
    Argument("model_kms_key", None, Kind.TEXT, None, None, "key for the archive where it is packed anew"),
    Argument("image_config", None, Kind.STRUCTURED, None, "PrimaryContainer.ImageConfig", "how a registry in a VPC is reached"),
    Argument("enable_cloudwatch_metrics", None, Kind.FLAG, None, "PrimaryContainer.Environment", "without effect since the first generation"),
    Argument("sagemaker_session", None, Kind.STRUCTURED, None, None, "boto3 session and clients to use"),
)
ENDPOINT = (
    # What and where.
    Argument("initial_instance_count", None, Kind.INTEGER, None, "ProductionVariants.InitialInstanceCount", "number of hosts"),
    Argument("instance_type", None, Kind.TEXT, None, "ProductionVariants.InstanceType", "local, local_gpu or ml.*"),
    Argument("platform", None, Kind.STRUCTURED, None, None, "local, or the name or instance of another platform"),
    Argument("endpoint_name", None, Kind.TEXT, None, "EndpointName", "name of the endpoint, made from the time by default"),
    Argument("tags", None, Kind.STRUCTURED, None, "Tags", "list of Key and Value, or name to value"),
    Argument("wait", None, Kind.FLAG, True, None, "return when the endpoint is in service"),
    Argument("serializer", None, Kind.STRUCTURED, None, None, "writes what the predictor is given"),
    Argument("deserializer", None, Kind.STRUCTURED, None, None, "reads what the endpoint answers"),
    Argument("request_overrides", None, Kind.STRUCTURED, None, None, "fields of the requests that no keyword reaches"),
    # On this machine.
    Argument("port", None, Kind.INTEGER, None, None, "port of the HTTP server, a free one by default"),
    Argument("strict", None, Kind.FLAG, False, None, "refuse observations outside their bounds"),
    Argument("max_body_size", None, Kind.INTEGER, None, None, "bytes that a request may have"),
    Argument("queue_size", None, Kind.INTEGER, None, None, "requests that may wait for the worker"),
    Argument("body_timeout", None, Kind.STRUCTURED, None, None, "seconds in which a body must arrive"),
    Argument("timeout", None, Kind.STRUCTURED, None, None, "seconds in which a request must be answered"),
    # With a hosting service.
    Argument("accelerator_type", None, Kind.TEXT, None, "ProductionVariants.AcceleratorType", "Elastic Inference, which is discontinued"),
    Argument("kms_key", None, Kind.TEXT, None, "KmsKeyId", "key for the disks"),
    Argument("data_capture_config", None, Kind.STRUCTURED, None, "DataCaptureConfig", "where requests and answers are kept"),
    Argument("volume_size", None, Kind.INTEGER, None, "ProductionVariants.VolumeSizeInGB", "disk of each host, in GB"),
    Argument("model_data_download_timeout", None, Kind.INTEGER, None, "ProductionVariants.ModelDataDownloadTimeoutInSeconds", "limit of fetching the model, in seconds"),
    Argument("container_startup_health_check_timeout", None, Kind.INTEGER, None, "ProductionVariants.ContainerStartupHealthCheckTimeoutInSeconds", "limit of starting, in seconds"),
    Argument("inference_ami_version", None, Kind.TEXT, None, "ProductionVariants.InferenceAmiVersion", "machine image of the hosts"),
    Argument("routing_config", None, Kind.STRUCTURED, None, "ProductionVariants.RoutingConfig", "how requests find a host"),
    Argument("managed_instance_scaling", None, Kind.STRUCTURED, None, "ProductionVariants.ManagedInstanceScaling", "bounds of the number of hosts"),
    Argument("serverless_inference_config", None, Kind.STRUCTURED, None, "ProductionVariants.ServerlessConfig", "memory and concurrency without hosts"),
    Argument("async_inference_config", None, Kind.STRUCTURED, None, "AsyncInferenceConfig", "where answers are put"),
    Argument("explainer_config", None, Kind.STRUCTURED, None, "ExplainerConfig", "explainer of the answers"),
    Argument("inference_recommendation_id", None, Kind.TEXT, None, None, "recommendation to take hosts from"),
    Argument("endpoint_logging", None, Kind.FLAG, None, None, "show the log while the endpoint starts"),
    Argument("update_endpoint", None, Kind.FLAG, False, None, "replace what an endpoint serves"),
    Argument("use_compiled_model", None, Kind.FLAG, False, None, "serve what a compilation job made"),
)
# fmt: on

# Arguments with a place of their own in a record; every other one travels in its options.
_PLACED = frozenset(
    {
        "name", "role", "image_uri", "entry_point", "source_dir", "dependencies", "git_config",
        "env", "container_log_level", "initial_instance_count", "instance_type", "platform",
        "endpoint_name", "tags", "wait", "serializer", "deserializer", "update_endpoint",
        "use_compiled_model",
    }
)  # fmt: skip
_LEAST = {"initial_instance_count": 1, "volume_size": 1, "model_server_workers": 1}
"""Options of one platform alone are checked there."""


@attrs.frozen
class Given:
    """What a caller gave, checked.

    Attributes:
        values: A value for every argument of the table, by its second-generation name.
        options: Those that were given and have no place of their own in a record.
    """

    values: Mapping[str, Any]
    options: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        """Return the value of an argument."""
        return self.values[name]

    def with_values(self, values: Mapping[str, Any]) -> Given:
        """Return the same with other values for some arguments."""
        return attrs.evolve(self, values={**self.values, **values})


def of_model(given: Mapping[str, Any]) -> Given:
    """Return the arguments of a model.

    Raises:
        UnknownArgument: One that neither generation knows.
        InvalidArgument: A value that is not allowed.
        MissingArgument: There is a folder or dependencies, but no script.
    """
    values = arguments.complete(arguments.fold(given, MODEL, "create_model"), MODEL)
    if not values["entry_point"] and (values["source_dir"] or values["dependencies"]):
        msg = "Please provide an `entry_point`."
        raise MissingArgument(msg)
    _check_numbers(values)
    return Given(values, arguments.options(values, MODEL, _PLACED))


def of_endpoint(given: Mapping[str, Any]) -> tuple[Given, dict[str, Any]]:
    """Return the arguments of an endpoint, and the rest, which are those of its model.

    Raises:
        UnknownArgument: One that neither generation knows.
        InvalidArgument: A value that is not allowed.
        PlatformError: It asks for what no platform of rlcore does.
    """
    folded = arguments.fold(given, (*ENDPOINT, *MODEL), "deploy")
    names = {argument.name for argument in ENDPOINT}
    rest = {name: value for name, value in folded.items() if name not in names}
    values = arguments.complete(folded, ENDPOINT)
    _check_numbers(values)
    _refuse(values)
    return Given(values, arguments.options(values, ENDPOINT, _PLACED)), rest


def vpc_config(given: Any, subnets: Any, security_group_ids: Any) -> dict[str, list[str]] | None:
    """Return the network of a model as the service's API spells it, None for none.

    Args:
        given: A dictionary, None, or `VPC_CONFIG_DEFAULT`.
        subnets: What the default is made of, together with the next.
        security_group_ids: Likewise.

    Raises:
        InvalidArgument: It is no dictionary, or lacks one of the two lists.
    """
    if given is None:
        return None
    if given == VPC_CONFIG_DEFAULT:
        if not (subnets and security_group_ids):
            return None
        given = {"Subnets": list(subnets), "SecurityGroupIds": list(security_group_ids)}
    if not isinstance(given, dict) or not given:
        msg = (
            f"vpc_config must be a dictionary of Subnets and SecurityGroupIds; {given!r} was given."
        )
        raise InvalidArgument(msg)
    for key in ("Subnets", "SecurityGroupIds"):
        if not isinstance(given.get(key), (list, tuple)) or not given[key]:
            msg = f"vpc_config lacks {key}, a list of at least one; {given!r} was given."
            raise InvalidArgument(msg)
    return {key: list(given[key]) for key in ("Subnets", "SecurityGroupIds")}


def _check_numbers(values: Mapping[str, Any]) -> None:
    for name, least in _LEAST.items():
        value = values.get(name)
        if value is not None and value < least:
            msg = f"{name} must be at least {least}; {value} was given."
            raise InvalidArgument(msg)


def _refuse(values: Mapping[str, Any]) -> None:
    if values["update_endpoint"]:
        msg = (
            "update_endpoint is not supported. Deploy under another endpoint_name and delete the"
            " old endpoint, or delete it first."
        )
        raise PlatformError(msg)
    if values["use_compiled_model"]:
        msg = "use_compiled_model is not supported. Leave it out to serve the model as trained."
        raise PlatformError(msg)

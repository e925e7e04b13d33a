"""The requests that bring a model into service: pure functions of a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rlcore import hostingarguments
from rlcore.platforms.sagemaker.requests import merged, plain, tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rlcore.endpoints import Container, Deployment, ModelRequest

VARIANT = "AllTraffic"
_VARIANTS = "ProductionVariants."
_OF_HOSTS = ("InstanceType", "InitialInstanceCount")
_PLACED = {"initial_instance_count", "instance_type", "endpoint_name", "tags"}


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


def overridden(deployment: Deployment, operation: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request with what the user puts into it: `request_overrides`, by operation."""
    overrides = deployment.options.get("request_overrides") or {}
    return merged(fields, overrides.get(operation) or {})


def _tags(deployment: Deployment) -> dict[str, Any]:
    found = tags(deployment.tags, deployment.model.release)
    return {"Tags": found} if found else {}


def _workers(options: Mapping[str, Any]) -> dict[str, str]:
    workers = options.get("model_server_workers")
    return {"SAGEMAKER_MODEL_SERVER_WORKERS": str(workers)} if workers else {}

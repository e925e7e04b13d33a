"""The request of a job that exists, read back from what the service knows of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rlcore import arguments
from rlcore.errors import InvalidArgument, InvalidFramework, InvalidToolkit, UnsupportedVersion
from rlcore.images import groups_of, parse_image_uri
from rlcore.names import RLFramework, RLToolkit, toolkit_key
from rlcore.platforms.sagemaker.requests import CODE_CHANNEL, TOOLKIT_TAGS
from rlcore.spec import Channel, JobRequest, MetricDefinition, Resources
from rlcore.warning import warn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rlcore.registry import ToolkitRegistry
    from rlcore.spec import ToolkitRelease

_OURS = "sagemaker_"
_RESERVED = {"_tuning_objective_metric"}
# Groups of registries from which every image that holds a toolkit is known.
_KNOWN = {"G1", "G2"}
# Read back otherwise than from the field that the table names.
_OTHERWISE = {"container_log_level", "disable_output_compression", "disable_profiler", "image_uri"}


def job_request(
    description: Mapping[str, Any], tags: Mapping[str, str], registry: ToolkitRegistry
) -> JobRequest:
    """Return the request of a job.

    Args:
        description: What DescribeTrainingJob answers.
        tags: The job's tags, name to value.
        registry: Where toolkits are looked up.

    Raises:
        InvalidArgument: The image is one of a framework, without a toolkit.
    """
    name = description["TrainingJobName"]
    algorithm = description.get("AlgorithmSpecification") or {}
    resources = description.get("ResourceConfig") or {}
    checkpoints = description.get("CheckpointConfig") or {}
    given = {key: _decoded(value) for key, value in description.get("HyperParameters", {}).items()}
    release = release_of(name, algorithm.get("TrainingImage", ""), tags, registry)
    channels = [_channel(each) for each in description.get("InputDataConfig") or ()]
    source = given.get("sagemaker_submit_directory")
    if str(source).startswith("/opt/ml/"):  # it came by a channel of ours
        source = next((each.uri for each in channels if each.name == CODE_CHANNEL), None)
        channels = [each for each in channels if each.name != CODE_CHANNEL]
    return JobRequest(
        name=name,
        release=release,
        image_uri=None if release else algorithm.get("TrainingImage"),
        entry_point=str(given.get("sagemaker_program") or ""),
        source_uri=source,
        hyperparameters=_users(given),
        metric_definitions=_metrics(algorithm),
        channels=tuple(channels),
        resources=Resources(
            instance_type=resources.get("InstanceType"),
            instance_count=resources.get("InstanceCount", 1),
            volume_size=resources.get("VolumeSizeInGB", 30),
            max_run=(description.get("StoppingCondition") or {}).get("MaxRuntimeInSeconds", 86400),
        ),
        output_path=(description.get("OutputDataConfig") or {}).get("S3OutputPath"),
        checkpoint_s3_uri=checkpoints.get("S3Uri"),
        checkpoint_local_path=checkpoints.get("LocalPath"),
        environment=description.get("Environment") or {},
        tags={tag: value for tag, value in tags.items() if tag not in TOOLKIT_TAGS},
        options=_options(description, given, source),
    )


def release_of(
    name: str, image_uri: str, tags: Mapping[str, str], registry: ToolkitRegistry
) -> ToolkitRelease | None:
    """Return what trained a job, by its tags or by its image; None for an image of one's own.

    Raises:
        InvalidArgument: The image is one of a framework, without a toolkit, as the original said.
    """
    named = {attribute: tags.get(tag) for tag, attribute in TOOLKIT_TAGS.items()}
    if named["toolkit"] and named["version"]:
        framework = RLFramework(named["framework"]) if named["framework"] else None
        key = toolkit_key(RLToolkit(named["toolkit"]), framework)
        try:
            return registry.toolkit(key).release(named["version"])
        except (InvalidToolkit, InvalidFramework, UnsupportedVersion) as error:
            warn(f"{name} is known by its image alone: {error}")
            return None
    found = registry.release_from_image(image_uri)
    address = parse_image_uri(image_uri)
    if found or not address:
        return found
    if groups_of(address.account) & _KNOWN:
        msg = (
            f"Training job: {name} didn't use image for requested framework. It ran in"
            f" {image_uri}, which belongs to no toolkit that is installed."
        )
        raise InvalidArgument(msg)
    return None


def _decoded(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _users(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in given.items()
        if not name.startswith(_OURS) and name not in _RESERVED
    }


def _metrics(algorithm: Mapping[str, Any]) -> tuple[MetricDefinition, ...] | None:
    found = algorithm.get("MetricDefinitions")
    if not found:
        return None
    return tuple(MetricDefinition(name=each["Name"], regex=each["Regex"]) for each in found)


def _channel(described: Mapping[str, Any]) -> Channel:
    location = described.get("DataSource", {}).get("S3DataSource", {})
    return Channel(
        name=described["ChannelName"],
        uri=location.get("S3Uri", ""),
        content_type=described.get("ContentType"),
        input_mode=described.get("InputMode"),
        source={name: value for name, value in described.items() if name != "ChannelName"},
    )


def _options(
    description: Mapping[str, Any], given: Mapping[str, Any], source: str | None
) -> dict[str, Any]:
    """Return the options, each from the field that the table of arguments names."""
    values = {keyword.name: keyword.default for keyword in arguments.KEYWORDS}
    for keyword in arguments.KEYWORDS:
        found = _field(description, keyword.field) if keyword.name not in _OTHERWISE else None
        if found not in (None, "", [], {}):
            values[keyword.name] = found
    values["container_log_level"] = given.get("sagemaker_container_log_level", 20)
    values["disable_output_compression"] = (description.get("OutputDataConfig") or {}).get(
        "CompressionType"
    ) == "NONE"
    values["code_location"] = _code_location(description["TrainingJobName"], source)
    options = arguments.options(values)
    if description.get("ExperimentConfig"):
        options["experiment_config"] = dict(description["ExperimentConfig"])
    return options


def _code_location(name: str, source: str | None) -> str | None:
    """Return the folder that the source was put under, where its address tells."""
    root, found, _ = (source or "").partition(f"/{name}/source/")
    return root if found else None


def _field(description: Mapping[str, Any], field: str | None) -> Any:
    found: Any = description if field else None
    for name in (field or "").split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found

"""The CreateTrainingJob request for a job: a pure function of the job and a few facts of AWS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from rlcore import arguments
from rlcore.errors import ConflictingArguments, InvalidArgument, MissingArgument
from rlcore.hyperparameters import encode
from rlcore.platforms.sagemaker.overrides import check_overrides, merged, plain
from rlcore.platforms.sagemaker.places import ARCHIVE, Places, places_of, s3_address

if TYPE_CHECKING:
    from rlcore.spec import Channel, JobRequest, ToolkitRelease

TOOLKIT_TAGS = {
    "rlcore:toolkit": "toolkit",
    "rlcore:toolkit_version": "version",
    "rlcore:framework": "framework",
}
"""Tags of ours, and the attribute of the release that each holds."""

CODE_CHANNEL = "code"
_CODE_FOLDER = f"/opt/ml/input/data/{CODE_CHANNEL}"
_LONGEST_RUN = 28 * 86400  # seconds; the documentation of StoppingCondition says so
_RESERVED_TAGS = "aws:"

# Options whose fields are not filled by putting the value where the table says.
_OTHERWISE = frozenset({"role", "container_log_level", "debugger_hook_config", "subnets",
                        "security_group_ids", "disable_output_compression", "instance_groups",
                        "input_mode"})  # fmt: skip


@attrs.frozen(kw_only=True)
class Facts:
    """What only AWS knows.

    Attributes:
        region: The region.
        bucket: The default bucket.
        role_arn: The execution role.
    """

    region: str
    bucket: str
    role_arn: str


def training_job(request: JobRequest, image_uri: str, facts: Facts) -> dict[str, Any]:
    """Return the fields of CreateTrainingJob.

    Raises:
        InvalidArgument: Arguments that exclude each other, or that the service does not take.
        PlatformError: A folder of this machine where the service reads from S3.
    """
    where = places_of(request, facts.bucket)
    isolated = bool(request.options.get("enable_network_isolation"))
    document: dict[str, Any] = {
        "TrainingJobName": request.name,
        "RoleArn": facts.role_arn,
        "AlgorithmSpecification": _algorithm(request, image_uri),
        "HyperParameters": {
            **encode(request.hyperparameters),
            **_own_hyperparameters(request, where, facts.region, isolated=isolated),
        },
        "InputDataConfig": _inputs(request, where if isolated else None),
        "OutputDataConfig": {"S3OutputPath": where.output},
        "ResourceConfig": _resources(request),
        "StoppingCondition": {"MaxRuntimeInSeconds": request.resources.max_run},
        "CheckpointConfig": _checkpoints(request),
        "VpcConfig": network(request.options),
        "Environment": dict(request.environment),
        "Tags": tags(request.tags, request.release),
        "ExperimentConfig": dict(request.options.get("experiment_config") or {}),
        "DebugHookConfig": _debugger_hook(request.options, where.output),
    }
    found = {name: value for name, value in document.items() if value not in ({}, [], None)}
    _put_options(found, request.options)
    overrides = request.options.get("request_overrides") or {}
    check_overrides(overrides, {"TrainingJobName": "job_name"})
    sent = merged(found, overrides)
    _check_limits(sent)
    return sent


def tags(given: Mapping[str, str], release: ToolkitRelease | None) -> list[dict[str, str]]:
    """Return tags as the service spells them: the user's own, then those that name the release."""
    reserved = [key for key in given if key.lower().startswith(_RESERVED_TAGS)]
    if reserved:
        msg = f"The tag {reserved[0]!r} is AWS's own: keys must not begin with {_RESERVED_TAGS!r}."
        raise InvalidArgument(msg)
    own = {
        tag: getattr(release, attribute)
        for tag, attribute in TOOLKIT_TAGS.items()
        if release and getattr(release, attribute)
    }
    return [{"Key": key, "Value": value} for key, value in {**own, **given}.items()]


def network(options: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the VPC configuration, empty for none.

    Raises:
        ConflictingArguments: There are subnets without security groups, or the reverse.
    """
    given = {name: list(options.get(name) or ()) for name in ("subnets", "security_group_ids")}
    there = [name for name, values in given.items() if values]
    if len(there) == 1:
        (missing,) = set(given) - set(there)
        msg = f"{there[0]} was given without {missing}. Give both, or neither."
        raise ConflictingArguments(msg)
    if not there:
        return {}
    return {"Subnets": given["subnets"], "SecurityGroupIds": given["security_group_ids"]}


def check_role(role: Any) -> str:
    """Return the role; raise `MissingArgument` where there is none."""
    if not role:
        msg = (
            "SageMaker needs an execution role: role='NAME' or its ARN. In a notebook of the"
            " service it is sagemaker.get_execution_role()."
        )
        raise MissingArgument(msg)
    return str(role)


def _algorithm(request: JobRequest, image_uri: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "TrainingImage": image_uri,
        "TrainingInputMode": _input_mode(request),
    }
    if request.metric_definitions:
        found["MetricDefinitions"] = [
            {"Name": definition.name, "Regex": definition.regex}
            for definition in request.metric_definitions
        ]
    return found


def _input_mode(request: JobRequest) -> str:
    """Return the job's input mode: that of its only channel, as in the original, or its own."""
    if len(request.channels) == 1 and request.channels[0].source.get("InputMode"):
        return str(request.channels[0].source["InputMode"])
    return str(request.options.get("input_mode", "File"))


def _own_hyperparameters(
    request: JobRequest, where: Places, region: str, *, isolated: bool
) -> dict[str, str]:
    """Return what the toolkits inside the images read, encoded as everything else."""
    own = {
        "sagemaker_submit_directory": f"{_CODE_FOLDER}/{ARCHIVE}" if isolated else where.source,
        "sagemaker_program": request.entry_point,
        "sagemaker_enable_cloudwatch_metrics": False,
        "sagemaker_container_log_level": request.options.get("container_log_level", 20),
        "sagemaker_job_name": request.name,
        "sagemaker_region": region,
        "sagemaker_s3_output": where.output,
        "sagemaker_estimator": "RLEstimator",
    }
    return {name: json.dumps(value) for name, value in own.items()}


def _inputs(request: JobRequest, code: Places | None) -> list[dict[str, Any]]:
    found = [_channel(channel) for channel in request.channels]
    if code:
        if any(channel.name == CODE_CHANNEL for channel in request.channels):
            msg = (
                f"Duplicate channel {CODE_CHANNEL} not allowed: with enable_network_isolation the"
                " script comes by it. Name yours otherwise."
            )
            raise ConflictingArguments(msg)
        found.append({"ChannelName": CODE_CHANNEL, "DataSource": _s3_data(code.source)})
    return found


def _channel(channel: Channel) -> dict[str, Any]:
    if channel.uri.startswith("file://"):
        msg = (
            f"File URIs are supported in local mode only. Please use a S3 URI instead. The channel"
            f" {channel.name!r} is at {channel.uri}."
        )
        raise InvalidArgument(msg)
    found: dict[str, Any] = {"ChannelName": channel.name}
    found.update(plain(channel.source) or {"DataSource": _s3_data(channel.uri)})
    if channel.content_type:
        found["ContentType"] = channel.content_type
    if channel.input_mode:
        found["InputMode"] = channel.input_mode
    return found


def _s3_data(uri: str) -> dict[str, Any]:
    return {
        "S3DataSource": {
            "S3DataType": "S3Prefix",
            "S3Uri": uri,
            "S3DataDistributionType": "FullyReplicated",
        }
    }


def _resources(request: JobRequest) -> dict[str, Any]:
    found: dict[str, Any] = {"VolumeSizeInGB": request.resources.volume_size}
    groups = request.options.get("instance_groups")
    if groups:
        found["InstanceGroups"] = plain(groups)
    else:
        found["InstanceCount"] = request.resources.instance_count
        found["InstanceType"] = request.resources.instance_type
    return found


def _checkpoints(request: JobRequest) -> dict[str, str]:
    if not request.checkpoint_s3_uri:
        return {}
    found = {"S3Uri": str(s3_address("checkpoint_s3_uri", request.checkpoint_s3_uri))}
    if request.checkpoint_local_path:
        found["LocalPath"] = request.checkpoint_local_path
    return found


def _debugger_hook(options: Mapping[str, Any], output: str) -> dict[str, Any]:
    """Return the hook's configuration where one is asked for; the images of RL fail by it."""
    given = options.get("debugger_hook_config")
    if given is None or given is False:
        return {}
    own = {} if given is True else plain(given)
    if not isinstance(own, Mapping):
        msg = f"debugger_hook_config must be True, False or a dictionary; {given!r} was given."
        raise InvalidArgument(msg)
    return {"S3OutputPath": output, "CollectionConfigurations": [], **own}


def _put_options(document: dict[str, Any], options: Mapping[str, Any]) -> None:
    """Put every other option where the table of arguments says."""
    for name, value in options.items():
        argument = arguments.BY_NAME.get(name)
        if argument and argument.field and name not in _OTHERWISE:
            _put(document, argument.field, plain(value))
    if options.get("disable_output_compression"):
        document["OutputDataConfig"]["CompressionType"] = "NONE"


def _put(document: dict[str, Any], field: str, value: Any) -> None:
    *folders, last = field.split(".")
    for folder in folders:
        document = document.setdefault(folder, {})
    document[last] = value


def _check_limits(document: Mapping[str, Any]) -> None:
    """Check the limits that the service's model does not tell."""
    spot = document.get("EnableManagedSpotTraining")
    limits = document.get("StoppingCondition") or {}
    wait, run = limits.get("MaxWaitTimeInSeconds"), limits.get("MaxRuntimeInSeconds", 0)
    if not isinstance(wait, int | None) or not isinstance(run, int):
        return  # of an override: the service's model names it
    if run > _LONGEST_RUN:
        msg = f"max_run is {run} s; the service runs a job for {_LONGEST_RUN} s (28 days) at most."
        raise InvalidArgument(msg)
    if spot and wait is None:
        msg = f"use_spot_instances needs max_wait, in seconds: at least max_run, which is {run}."
        raise MissingArgument(msg)
    if wait is not None and wait < run:
        msg = f"max_wait is {wait} and must be at least max_run, which is {run}."
        raise InvalidArgument(msg)

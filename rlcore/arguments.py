"""The table of the estimator's keyword arguments, in both vocabularies.

The SageMaker SDK renamed many keywords between its first and its second generation. Both names are
first class here, and this table is the only place that knows them: the estimator folds what it is
given through it, the command line makes its options from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from rlcore import kinds
from rlcore.errors import (
    ConflictingArguments,
    InvalidArgument,
    PlatformError,
    UnknownArgument,
    did_you_mean,
)
from rlcore.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from rlcore.spec import JobRequest


@attrs.frozen
class Argument:
    """One keyword of the estimator.

    Attributes:
        name: Its name in the second generation, and the name used inside rlcore.
        old_name: Its name in the first generation, where that differs.
        kind: How its value is written on a command line or in a file.
        default: What is meant when it is not given.
        field: The field of the service's CreateTrainingJob request that it fills; None for those
            that the request does not hold.
        help: What it is, in a few words.
    """

    name: str
    old_name: str | None
    kind: Kind
    default: Any
    field: str | None
    help: str


# fmt: off
SIGNATURE = (
    Argument("entry_point", None, Kind.TEXT, None, None, "training script, relative to source_dir"),
    Argument("toolkit", None, Kind.TEXT, None, None, "name of the toolkit"),
    Argument("toolkit_version", None, Kind.TEXT, None, None, "version of the toolkit"),
    Argument("framework", None, Kind.TEXT, None, None, "name of the framework"),
    Argument("source_dir", None, Kind.TEXT, None, None, "folder of the script, or address of an archive"),
    Argument("hyperparameters", None, Kind.MAPPING, None, "HyperParameters", "name to value, given to the script"),
    Argument("metric_definitions", None, Kind.STRUCTURED, None, "AlgorithmSpecification.MetricDefinitions", "list of Name and Regex"),
)
KEYWORDS = (
    # What trains.
    Argument("image_uri", "image_name", Kind.TEXT, None, "AlgorithmSpecification.TrainingImage", "image that wins over the toolkit's"),
    Argument("dependencies", None, Kind.LIST, (), None, "files and folders put beside the script"),
    Argument("git_config", None, Kind.STRUCTURED, None, None, "repository that holds the script"),
    Argument("code_location", None, Kind.TEXT, None, None, "s3:// folder for the source archive"),
    # Where it runs.
    Argument("platform", None, Kind.TEXT, None, None, "local, or the name or instance of another platform"),
    Argument("role", None, Kind.TEXT, None, "RoleArn", "name or ARN of the execution role"),
    Argument("instance_count", "train_instance_count", Kind.INTEGER, 1, "ResourceConfig.InstanceCount", "number of hosts"),
    Argument("instance_type", "train_instance_type", Kind.TEXT, None, "ResourceConfig.InstanceType", "local, local_gpu or ml.*"),
    Argument("instance_groups", None, Kind.STRUCTURED, None, "ResourceConfig.InstanceGroups", "groups of unlike hosts"),
    Argument("volume_size", "train_volume_size", Kind.INTEGER, 30, "ResourceConfig.VolumeSizeInGB", "disk of each host, in GB"),
    Argument("volume_kms_key", "train_volume_kms_key", Kind.TEXT, None, "ResourceConfig.VolumeKmsKeyId", "key for the disks"),
    Argument("keep_alive_period_in_seconds", None, Kind.INTEGER, None, "ResourceConfig.KeepAlivePeriodInSeconds", "warm pool, in seconds"),
    Argument("training_plan", None, Kind.TEXT, None, "ResourceConfig.TrainingPlanArn", "ARN of reserved capacity"),
    Argument("instance_placement_config", None, Kind.STRUCTURED, None, "ResourceConfig.InstancePlacementConfig", "placement of hosts"),
    Argument("max_run", "train_max_run", Kind.INTEGER, 86400, "StoppingCondition.MaxRuntimeInSeconds", "time limit, in seconds"),
    Argument("use_spot_instances", "train_use_spot_instances", Kind.FLAG, False, "EnableManagedSpotTraining", "run on spare capacity"),
    Argument("max_wait", "train_max_wait", Kind.INTEGER, None, "StoppingCondition.MaxWaitTimeInSeconds", "limit with waiting for spot, in seconds"),
    Argument("max_retry_attempts", None, Kind.INTEGER, None, "RetryStrategy.MaximumRetryAttempts", "retries after internal errors"),
    Argument("sagemaker_session", None, Kind.STRUCTURED, None, None, "boto3 session and clients to use"),
    Argument("request_overrides", None, Kind.STRUCTURED, None, None, "fields of the request that no keyword reaches"),
    # Inputs and outputs.
    Argument("input_mode", None, Kind.TEXT, "File", "AlgorithmSpecification.TrainingInputMode", "File, FastFile or Pipe"),
    Argument("output_path", None, Kind.TEXT, None, "OutputDataConfig.S3OutputPath", "folder for artefacts, s3://, file:// or a path"),
    Argument("output_kms_key", None, Kind.TEXT, None, "OutputDataConfig.KmsKeyId", "key for the artefacts"),
    Argument("disable_output_compression", None, Kind.FLAG, False, "OutputDataConfig.CompressionType", "leave the model unpacked"),
    Argument("model_uri", None, Kind.TEXT, None, "InputDataConfig", "model to start from"),
    Argument("model_channel_name", None, Kind.TEXT, "model", None, "channel that brings model_uri"),
    Argument("checkpoint_s3_uri", None, Kind.TEXT, None, "CheckpointConfig.S3Uri", "where checkpoints are kept and found"),
    Argument("checkpoint_local_path", None, Kind.TEXT, None, "CheckpointConfig.LocalPath", "where the script sees them"),
    # The job itself.
    Argument("base_job_name", None, Kind.TEXT, None, None, "first part of the job's name"),
    Argument("tags", None, Kind.MAPPING, None, "Tags", "list of Key and Value, or name to value"),
    Argument("environment", None, Kind.MAPPING, None, "Environment", "environment variables of the job"),
    Argument("container_log_level", None, Kind.INTEGER, 20, "HyperParameters", "level of logging in the container"),
    Argument("container_entry_point", None, Kind.LIST, None, "AlgorithmSpecification.ContainerEntrypoint", "command of the container"),
    Argument("container_arguments", None, Kind.LIST, None, "AlgorithmSpecification.ContainerArguments", "arguments of that command"),
    Argument("training_repository_access_mode", None, Kind.TEXT, None, "AlgorithmSpecification.TrainingImageConfig.TrainingRepositoryAccessMode", "Platform or Vpc"),
    Argument("training_repository_credentials_provider_arn", None, Kind.TEXT, None, "AlgorithmSpecification.TrainingImageConfig.TrainingRepositoryAuthConfig.TrainingRepositoryCredentialsProviderArn", "function that knows the credentials"),
    # Network and watching.
    Argument("subnets", None, Kind.LIST, None, "VpcConfig.Subnets", "subnets of the hosts"),
    Argument("security_group_ids", None, Kind.LIST, None, "VpcConfig.SecurityGroupIds", "security groups of the hosts"),
    Argument("encrypt_inter_container_traffic", None, Kind.FLAG, False, "EnableInterContainerTrafficEncryption", "encrypt between hosts"),
    Argument("enable_network_isolation", None, Kind.FLAG, False, "EnableNetworkIsolation", "no network for the script"),
    Argument("rules", None, Kind.STRUCTURED, None, "DebugRuleConfigurations", "debugger rules"),
    Argument("debugger_hook_config", None, Kind.STRUCTURED, None, "DebugHookConfig", "debugger hook"),
    Argument("tensorboard_output_config", None, Kind.STRUCTURED, None, "TensorBoardOutputConfig", "where TensorBoard data goes"),
    Argument("profiler_config", None, Kind.STRUCTURED, None, "ProfilerConfig", "profiler settings"),
    Argument("disable_profiler", None, Kind.FLAG, None, "ProfilerConfig.DisableProfiler", "switch the profiler off"),
    Argument("enable_sagemaker_metrics", None, Kind.FLAG, None, "AlgorithmSpecification.EnableSageMakerMetricsTimeSeries", "time series of metrics"),
    Argument("enable_cloudwatch_metrics", None, Kind.FLAG, False, None, "without effect since the first generation"),
    Argument("enable_remote_debug", None, Kind.FLAG, None, "RemoteDebugConfig.EnableRemoteDebug", "allow a shell on the hosts"),
    Argument("enable_infra_check", None, Kind.FLAG, None, "InfraCheckConfig.EnableInfraCheck", "check the hosts first"),
    Argument("enable_session_tag_chaining", None, Kind.FLAG, None, "SessionChainingConfig.EnableSessionTagChaining", "pass session tags on"),
)
# fmt: on

ARGUMENTS = SIGNATURE + KEYWORDS
BY_NAME = {argument.name: argument for argument in ARGUMENTS}
_SECOND_NAME = {argument.old_name: argument.name for argument in ARGUMENTS if argument.old_name}


def second_name(name: str) -> str:
    """Return the second generation's name of an argument that is given by either of its names."""
    return _SECOND_NAME.get(name, name)


def fold(
    given: Mapping[str, Any], known: Iterable[Argument] = ARGUMENTS, owner: str = "RLEstimator"
) -> dict[str, Any]:
    """Return *given* under the second generation's names.

    Args:
        given: Values by either of their names.
        known: The table of arguments.
        owner: Whose arguments they are, for the message.

    Raises:
        UnknownArgument: A keyword that neither generation knows.
        ConflictingArguments: A keyword given under both of its names.
    """
    by_name = {argument.name: argument for argument in known}
    by_old_name = {each.old_name: each for each in by_name.values() if each.old_name}
    folded: dict[str, Any] = {}
    for keyword, value in given.items():
        argument = by_name.get(keyword) or by_old_name.get(keyword)
        if argument is None:
            nearest = did_you_mean(keyword, [*by_name, *by_old_name])
            msg = (
                f"{owner} has no argument {keyword!r}.{nearest} What has no argument of its own"
                " can be put into the request through request_overrides={...}."
            )
            raise UnknownArgument(msg)
        if argument.name in folded:
            msg = (
                f"{argument.old_name!r} and {argument.name!r} are two names of one argument."
                f" Give one of them, preferably {argument.name!r}."
            )
            raise ConflictingArguments(msg)
        folded[argument.name] = value
    return folded


def complete(folded: Mapping[str, Any], keywords: Iterable[Argument] = KEYWORDS) -> dict[str, Any]:
    """Return a value for every keyword of a table: the given one, else the default.

    Raises:
        InvalidArgument: A value is not of its keyword's kind.
    """
    return {
        keyword.name: _parsed(keyword, folded.get(keyword.name, keyword.default))
        for keyword in keywords
    }


def _parsed(keyword: Argument, value: Any) -> Any:
    if value is None or keyword.name in _IN_OTHER_FORMS:
        return value
    try:
        return kinds.parse(keyword.kind, value)
    except TypeError as error:
        # A mapping is not shown: an environment may hold secrets.
        given = error if keyword.kind is Kind.MAPPING else f"{value!r} was given"
        msg = f"{keyword.name} must be {kinds.WORDS[keyword.kind]}; {given}."
        raise InvalidArgument(msg) from error


# An instance is a platform, too; tags may be the service's list of pairs.
_IN_OTHER_FORMS = frozenset({"platform", "tags"})

# Keywords with a place of their own in the request; every other one travels in its options.
_PLACED = frozenset(
    {
        "image_uri", "dependencies", "git_config", "platform", "instance_count", "instance_type",
        "volume_size", "max_run", "output_path", "model_uri", "model_channel_name", "checkpoint_s3_uri",
        "checkpoint_local_path", "base_job_name", "tags", "environment", "sagemaker_session",
    }
)  # fmt: skip


def options(
    values: Mapping[str, Any],
    keywords: Iterable[Argument] = KEYWORDS,
    placed: Container[str] = _PLACED,
) -> dict[str, Any]:
    """Return the keywords of a table that were given and have no place of their own in a record."""
    return {
        keyword.name: values[keyword.name]
        for keyword in keywords
        if keyword.name not in placed and values[keyword.name] != keyword.default
    }


def of_request(request: JobRequest, model_channel_name: str = "model") -> dict[str, Any]:
    """Return the arguments for which an estimator would make this request.

    Args:
        request: The request.
        model_channel_name: Name of the channel that brings a model.
    """
    of_model = (each for each in request.channels if each.name == model_channel_name)
    model = next(of_model, None)
    release = request.release
    toolkit = (
        {
            "toolkit": release.toolkit,
            "toolkit_version": release.version,
            "framework": release.framework,
        }
        if release and not request.image_uri
        else {"image_uri": request.image_uri}
    )
    options = {name: value for name, value in request.options.items() if name in BY_NAME}
    return {
        **toolkit,
        **options,
        "entry_point": request.entry_point,
        "source_dir": request.source_uri,
        "hyperparameters": request.hyperparameters,
        "metric_definitions": request.metric_definitions,
        "instance_type": request.resources.instance_type,
        "instance_count": request.resources.instance_count,
        "volume_size": request.resources.volume_size,
        "max_run": request.resources.max_run,
        "output_path": request.output_path,
        "checkpoint_s3_uri": request.checkpoint_s3_uri,
        "checkpoint_local_path": request.checkpoint_local_path,
        "environment": request.environment,
        "tags": request.tags,
        "model_uri": model.uri if model and model.uri else None,
        "model_channel_name": model_channel_name,
    }


def tags(given: Any) -> dict[str, str]:
    """Return tags by name, from a mapping or the service's list of `Key` and `Value`."""
    try:
        items = given.items() if isinstance(given, Mapping) else map(_pair, given or ())
        pairs = list(items)
        named = kinds.strings(pairs)
    except (TypeError, KeyError) as error:
        msg = (
            "tags must be a mapping or a list of {'Key': ..., 'Value': ...}, all of them strings;"
            f" {given!r} was given."
        )
        raise InvalidArgument(msg) from error
    if len(named) < len(pairs):
        msg = f"A tag is there twice in {given!r}."
        raise ConflictingArguments(msg)
    return named


def _pair(tag: Mapping[str, Any]) -> tuple[Any, Any]:
    return tag["Key"], tag["Value"]


def check(values: Mapping[str, Any]) -> None:
    """Check what needs no file and no service; the platform checks the rest in its plan."""
    for name in ("instance_count", "volume_size", "max_run"):
        value = values[name]
        if value is None or value < 1:
            msg = f"{name} must be a whole number of at least 1; {value!r} was given."
            raise InvalidArgument(msg)
    if values["instance_type"] == "local_gpu" and values["instance_count"] > 1:
        msg = "Distributed Training in Local GPU is not supported. Give instance_count=1."
        raise PlatformError(msg)
    tags(values["tags"])

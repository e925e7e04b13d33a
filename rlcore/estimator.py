"""`RLEstimator`: what to train, with which toolkit, on which platform."""

from __future__ import annotations

import functools
import json
import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from rlcore import arguments, inputs, jobnames, kinds, platforms
from rlcore.definitions import parse_definitions
from rlcore.deployable import Deployable
from rlcore.errors import InvalidArgument, JobExists, MissingArgument
from rlcore.hyperparameters import encode
from rlcore.inputs import MODEL_TYPE
from rlcore.kinds import Kind
from rlcore.names import RLFramework, RLToolkit, toolkit_key
from rlcore.platforms.base import ImagePlatform
from rlcore.registry import ToolkitRegistry, default_registry
from rlcore.spec import Channel, JobRequest, MetricDefinition, Plan, Resources
from rlcore.training import TrainingJob
from rlcore.warning import warn

if TYPE_CHECKING:
    from rlcore.platforms.base import Platform
    from rlcore.predictor import Predictor
    from rlcore.source import Bundle
    from rlcore.spec import ToolkitRelease
    from rlcore.toolkit import Toolkit


class RLEstimator(Deployable):
    """Trains a reinforcement-learning script on the platform that is named, and deploys the policy.

    Arguments and behaviour are those of the SageMaker SDK's class of the same name; every keyword
    of its base classes is known in both generations' vocabularies (`rlcore.arguments`).

    Args:
        entry_point: The training script, relative to *source_dir*, or a path without one.
        toolkit: Name of the toolkit, `RLToolkit.RAY` or `"ray"`.
        toolkit_version: Its version, kept as written.
        framework: Name of the framework; None for a toolkit that has none.
        source_dir: Folder of the script, or the `s3://` address of an archive.
        hyperparameters: What the script is given, name to value.
        image_name: An image of one's own, which wins over the toolkit's.
        metric_definitions: What to read from the log, instead of the toolkit's own definitions.
        registry: Where toolkits are looked up; those installed by default.
        **kwargs: The arguments of `rlcore.arguments.ARGUMENTS`.

    Raises:
        MissingArgument: A toolkit's name, version or framework is missing, and no image is given.
        InvalidToolkit: No plugin for the toolkit is installed; `InvalidFramework` likewise.
        UnsupportedVersion: The plugin does not know the version.
        UnknownArgument: A keyword that neither generation had.
        ConflictingArguments: One argument under both of its names, or two that exclude each other.
    """

    COACH_LATEST_VERSION_TF: ClassVar[str] = "0.11.1"
    COACH_LATEST_VERSION_MXNET: ClassVar[str] = "0.11.0"
    RAY_LATEST_VERSION: ClassVar[str] = "0.6.5"

    def __init__(
        self,
        entry_point: str | os.PathLike[str],
        toolkit: str | None = None,
        toolkit_version: str | None = None,
        framework: str | None = None,
        source_dir: str | os.PathLike[str] | None = None,
        hyperparameters: Mapping[str, Any] | None = None,
        image_name: str | None = None,
        metric_definitions: Any = None,
        *,
        registry: ToolkitRegistry | None = None,
        **kwargs: Any,
    ) -> None:
        """Check the arguments; nothing is read or started before `plan` and `fit`."""
        if image_name is not None:
            kwargs = {"image_name": image_name, **kwargs}
        self._arguments = arguments.complete(arguments.fold(kwargs))
        self._own_registry = registry
        self.entry_point = _local_script(_path("entry_point", entry_point))
        self.source_dir = None if source_dir is None else _path("source_dir", source_dir)
        self.image_name: str | None = self._arguments["image_uri"]
        self.latest_training_job: TrainingJob | None = None
        self.latest_predictor: Predictor | None = None
        self.jobs: list[TrainingJob] = []
        self._place: Platform | None = None
        self._hyperparameters = _mapping("hyperparameters", hyperparameters)
        self._release: ToolkitRelease | None = None
        if self.image_name:
            _warn_ignored(toolkit, toolkit_version, framework)
        else:
            self._set_toolkit(toolkit, toolkit_version, framework)
        self.metric_definitions = self._metrics(metric_definitions)
        arguments.check(self._arguments)

    def __getattr__(self, name: str) -> Any:
        """Return the value of an argument under either of its names."""
        values = self.__dict__.get("_arguments", {})
        if arguments.second_name(name) in values:
            return values[arguments.second_name(name)]
        msg = f"{type(self).__name__!r} object has no attribute {name!r}"
        raise AttributeError(msg)

    def __getstate__(self) -> dict[str, Any]:
        """Return what a pickle carries: no connections, no session, and no credentials of git."""
        kept = {**self._arguments, "sagemaker_session": None}
        if kept["git_config"]:
            secret = ("token", "password")
            given = kept["git_config"].items()
            kept["git_config"] = {name: value for name, value in given if name not in secret}
        return {**self.__dict__, "_arguments": kept, "_place": None}

    def __repr__(self) -> str:
        """Return the script and what trains it."""
        what = self._release or self.image_name
        return f"<RLEstimator {self.entry_point} with {what}>"

    # What it would run.

    def plan(
        self,
        inputs: Any = None,
        *,
        job_name: str | None = None,
        experiment_config: Mapping[str, Any] | None = None,
    ) -> Plan:
        """Return what `fit` would do with these inputs. Nothing is sent or started.

        With `git_config` the repository is cloned into a temporary folder.

        Raises:
            SourceError: The script or something named beside it is not there.
            InvalidArgument: A name, an input or a hyperparameter that is not allowed.
            ReleaseUnavailable: The release cannot run on the platform.
        """
        return self._prepare(inputs, job_name, experiment_config)[0]

    def hyperparameters(self) -> dict[str, str]:
        """Return the hyperparameters as the training job gets them, each value encoded as JSON."""
        return {
            **encode(self._hyperparameters),
            "sagemaker_s3_output": json.dumps(self._arguments["output_path"]),
            "sagemaker_estimator": json.dumps("RLEstimator"),
        }

    def train_image(self, region: str | None = None, instance_type: str | None = None) -> str:
        """Return the address of the training image.

        Args:
            region: Region of the registry; `AWS_REGION` or `AWS_DEFAULT_REGION` by default.
            instance_type: Decides between cpu and gpu; the estimator's own by default.
        """
        if self._release is None:
            return str(self.image_name)
        where = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        if not where:
            msg = "Which region's registry? Pass region=..., or set AWS_REGION."
            raise MissingArgument(msg)
        what = instance_type or self._arguments["instance_type"] or "local"
        return self._toolkit().image_uri(self._release, where, what)

    training_image_uri = train_image

    @classmethod
    def default_metric_definitions(
        cls,
        toolkit: str,
        toolkit_version: str | None = None,
        framework: str | None = None,
        *,
        registry: ToolkitRegistry | None = None,
    ) -> list[dict[str, str]]:
        """Return the definitions of a toolkit's metrics, as the service's API spells them.

        Without a version they are those of the toolkit's oldest release: the ones that the original
        had. Without a framework they are those of the toolkit's first plugin in the alphabet.
        """
        found = registry or default_registry()
        keys = found.keys(RLToolkit(toolkit)) if framework is None else ()
        key = keys[0] if keys else toolkit_key(RLToolkit(toolkit), framework)
        plugin = found.toolkit(key)
        release = plugin.release(toolkit_version or plugin.known_versions()[0])
        return [
            {"Name": definition.name, "Regex": definition.regex}
            for definition in plugin.default_metrics(release)
        ]

    # Running it.

    def fit(
        self,
        inputs: Any = None,
        wait: bool = True,  # noqa: FBT001, FBT002 - the original's signature
        logs: str | bool = "All",  # noqa: FBT001
        job_name: str | None = None,
        experiment_config: Mapping[str, Any] | None = None,
    ) -> None:
        """Train, and wait for the end unless *wait* is False.

        Args:
            inputs: Channels, as `rlcore.inputs.channels` takes them.
            wait: Whether to wait for the job's end.
            logs: Whether to show its log meanwhile; `"None"` and False mean not.
            job_name: Name of the job; made from `base_job_name` and the time by default.
            experiment_config: Experiment and trial that the job belongs to.

        Raises:
            TrainingFailed: The job failed. One that was stopped only warns.
            JobExists: There is a job of the name that was given.
        """
        self.latest_training_job = self._start(inputs, job_name, experiment_config)
        self.jobs.append(self.latest_training_job)
        if wait:
            self.latest_training_job.wait(logs=logs not in {"None", False})

    @classmethod
    def attach(
        cls,
        training_job_name: str,
        platform: str | Platform | None = None,
        model_channel_name: str = "model",
        *,
        sagemaker_session: Any = None,
        wait: bool = True,
        registry: ToolkitRegistry | None = None,
    ) -> RLEstimator:
        """Return an estimator for a job that exists, started by whichever process.

        While the job runs its whole log is shown, from the first line, and the end is waited for
        unless *wait* is False.

        Args:
            training_job_name: The job's name.
            platform: Where it is; this machine and then SageMaker are asked by default. A session
                of the SageMaker SDK or of boto3, as in the original, means SageMaker.
            model_channel_name: Name of the channel that brings a model.
            sagemaker_session: Such a session.
            wait: Whether to wait for the job's end.
            registry: Where toolkits are looked up; those installed by default.

        Raises:
            JobNotFound: No platform knows the job.
            TrainingFailed: The job failed.
        """
        name = jobnames.check(training_job_name)
        place = platforms.holding(name, platform, session=sagemaker_session, registry=registry)
        request = place.recover(name)
        job = TrainingJob(place, request)
        known = arguments.of_request(request, model_channel_name)
        known["base_job_name"] = jobnames.stem_of(name)
        estimator = cls(**known, platform=place, registry=registry)
        estimator.latest_training_job = job
        estimator.jobs.append(job)
        if wait:
            job.wait(logs=not job.status().state.final)
        return estimator

    @property
    def _current_job_name(self) -> str | None:
        """Name of the latest job; notebooks of the original read it."""
        return self.latest_training_job.name if self.latest_training_job else None

    # How it comes about.

    @property
    def _registry(self) -> ToolkitRegistry:
        """The registry that was given, else that of the process, which a pickle does not carry."""
        return self._own_registry or default_registry()

    def _set_toolkit(self, toolkit: str | None, version: str | None, framework: str | None) -> None:
        key = self._key(toolkit, version, framework)
        if not isinstance(version, str):
            msg = f"toolkit_version must be a string, in quotes; {version!r} was given."
            raise InvalidArgument(msg)
        self._release = self._registry.toolkit(key).release(version)
        self.toolkit = self._release.toolkit
        self.toolkit_version = self._release.version
        self.framework = self._release.framework
        self.framework_version = self._release.framework_version

    def _key(self, toolkit: str | None, version: str | None, framework: str | None) -> str:
        """Return the plugin key; the framework is only missing where the toolkit has one."""
        name = RLToolkit(toolkit) if toolkit else None
        if name and not self._registry.keys(name):
            self._registry.toolkit(toolkit_key(name, framework))  # Raises, with the nearest.
        bare = name in self._registry.keys()  # noqa: SIM118
        given = {"toolkit": toolkit, "toolkit_version": version, "framework": framework or bare}
        missing = [name for name, value in given.items() if not value]
        if missing:
            wanted = "`, `".join(missing)
            there = ", ".join(self._registry.keys(name)) or "no toolkit"
            msg = f"Please provide `{wanted}` or `image_name` parameter. Installed: {there}."
            raise MissingArgument(msg)
        return toolkit_key(str(name), RLFramework(framework) if framework else None)

    def _toolkit(self) -> Toolkit:
        if self._release is None:
            msg = "An estimator with an image of its own has no toolkit."
            raise MissingArgument(msg)
        return self._registry.toolkit(toolkit_key(self._release.toolkit, self._release.framework))

    def _metrics(self, given: Any) -> tuple[MetricDefinition, ...] | None:
        if given:
            return parse_definitions(given)
        return self._toolkit().default_metrics(self._release) if self._release else None

    def _start(
        self,
        inputs: Any,
        job_name: str | None,
        experiment_config: Mapping[str, Any] | None,
    ) -> TrainingJob:
        """Start one job; a name made from the time is made anew while another job has it."""

        def start() -> TrainingJob:
            plan, bundle, platform = self._prepare(inputs, job_name, experiment_config)
            platform.start(plan, bundle)
            return TrainingJob(platform, plan.request)

        return start() if job_name else jobnames.until_free(start, JobExists)

    def _prepare(
        self,
        inputs_given: Any,
        job_name: str | None,
        experiment_config: Mapping[str, Any] | None,
    ) -> tuple[Plan, Bundle | None, Platform]:
        platform = self._platform()
        bundle = self._bundle(platform)
        name = job_name or jobnames.unique(self._base_job_name(platform), time.time())
        request = self._request(inputs_given, name, experiment_config, bundle)
        plan = platform.plan(request)
        if bundle:
            plan = attrs.evolve(plan, text=f"{plan.text}\n{'Packed':<16} {bundle}")
        return plan, bundle, platform

    def _platform(self) -> Platform:
        """Return where it runs, found once: a platform keeps its clients."""
        if self._place is None:
            given = self._arguments
            types = given["instance_type"] or ("ml." if given["instance_groups"] else None)
            self._place = platforms.resolve(
                given["platform"],
                types,
                session=given["sagemaker_session"],
                registry=self._own_registry,
            )
        return self._place

    def _bundle(self, platform: Platform) -> Bundle | None:
        if self._source_uri():
            return None
        from rlcore import repositories, requirements  # noqa: PLC0415 - constructing packs nothing

        given, release = self._arguments, self._release
        packages = ("rlscript", "rlserving", *(release.script_packages if release else ()))
        rewritten = {}
        if release and isinstance(platform, ImagePlatform):
            added = functools.partial(requirements.merged, release.image_requirements)
            rewritten[requirements.FILE] = added
        return repositories.bundle(
            given["git_config"],
            self.entry_point,
            self.source_dir,
            given["dependencies"],
            packages,
            rewritten=rewritten,
        )

    def _source_uri(self) -> str | None:
        if not self.source_dir or "://" not in self.source_dir or self._arguments["git_config"]:
            return None
        if self.source_dir.startswith(("s3://", "file://")):
            return self.source_dir
        msg = (
            f"source_dir {self.source_dir!r} must be a folder, or the s3:// or file:// address of"
            " an archive."
        )
        raise InvalidArgument(msg)

    def _request(
        self,
        inputs_given: Any,
        name: str,
        experiment_config: Mapping[str, Any] | None,
        bundle: Bundle | None,
    ) -> JobRequest:
        given = self._arguments
        options = arguments.options(given)
        if experiment_config:
            options["experiment_config"] = _mapping("experiment_config", experiment_config)
        encode(self._hyperparameters)
        return JobRequest(
            name=jobnames.check(name),
            release=self._release,
            image_uri=self.image_name,
            entry_point=bundle.entry_point if bundle else self.entry_point,
            source_digest=bundle.digest if bundle else None,
            source_uri=self._source_uri(),
            hyperparameters=self._hyperparameters,
            metric_definitions=self.metric_definitions,
            channels=self._channels(inputs_given),
            resources=Resources(
                instance_type=given["instance_type"],
                instance_count=given["instance_count"],
                volume_size=given["volume_size"],
                max_run=given["max_run"],
            ),
            output_path=given["output_path"],
            checkpoint_s3_uri=given["checkpoint_s3_uri"],
            checkpoint_local_path=given["checkpoint_local_path"],
            environment=given["environment"],
            tags=arguments.tags(given["tags"]),
            options=options,
        )

    def _base_job_name(self, platform: Platform) -> str:
        if self._arguments["base_job_name"]:
            return str(self._arguments["base_job_name"])
        if isinstance(platform, ImagePlatform):
            kind = self._arguments["instance_type"]
            return platform.base_job_name(self._release, self.image_name, kind)
        return jobnames.base_of(self._release, self.image_name)

    def _channels(self, inputs_given: Any) -> tuple[Channel, ...]:
        found = list(inputs.channels(inputs_given))
        if self._arguments["model_uri"]:
            name = self._arguments["model_channel_name"]
            (model,) = inputs.channels({name: self._arguments["model_uri"]})
            found.append(attrs.evolve(model, content_type=MODEL_TYPE, input_mode="File"))
        return inputs.check(found)


def _path(argument: str, given: Any) -> str:
    try:
        return str(kinds.parse(Kind.TEXT, given))
    except TypeError as error:
        msg = f"{argument} must be a string or a path; {given!r} was given."
        raise InvalidArgument(msg) from error


def _mapping(argument: str, given: Any) -> dict[str, Any]:
    if given is not None and not isinstance(given, Mapping):
        msg = f"{argument} must be a dictionary; a {type(given).__name__} was given."
        raise InvalidArgument(msg)
    return dict(given or {})


def _local_script(entry_point: str) -> str:
    if entry_point.startswith("s3://"):
        msg = f"Invalid entry point script: {entry_point}. Must be a path to a local file."
        raise InvalidArgument(msg)
    return os.path.expanduser(entry_point)  # noqa: PTH111 - a path object would lose "./"


def _warn_ignored(*given: str | None) -> None:
    names = [
        f"`{name}`"
        for name, value in zip(("toolkit", "toolkit_version", "framework"), given, strict=True)
        if value
    ]
    if names:
        msg = (
            f"Parameter `image_name` is specified, {', '.join(names)} are going to be ignored when"
            " choosing the image."
        )
        warn(msg)

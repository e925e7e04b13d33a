"""What an estimator does once it has trained: make a model, deploy it, evaluate it."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlcore import hostingarguments, policy, storage
from rlcore.errors import EndpointNotFound, ExportWarning, JobNotStarted, PlatformError
from rlcore.hostingarguments import VPC_CONFIG_DEFAULT
from rlcore.spec import JobState
from rlcore.warning import warn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rlcore.evaluation import EvaluationReport
    from rlcore.hostingarguments import Given
    from rlcore.model import Model
    from rlcore.predictor import Predictor
    from rlcore.registry import ToolkitRegistry
    from rlcore.spec import ToolkitRelease
    from rlcore.training import TrainingJob
    from rlcore.transformer import Transformer


class Deployable:
    """The half of `RLEstimator` that begins with a trained model.

    Attributes:
        latest_training_job: The job whose model is meant.
        latest_predictor: What asks the endpoint that was deployed last.
    """

    entry_point: str
    source_dir: str | None
    image_name: str | None
    latest_training_job: TrainingJob | None
    latest_predictor: Predictor | None
    _arguments: dict[str, Any]
    _release: ToolkitRelease | None

    @property
    def _registry(self) -> ToolkitRegistry:
        raise NotImplementedError

    @property
    def model_data(self) -> str:
        """Address of the latest job's `model.tar.gz`."""
        status = self._job().status()
        if status.model_data is None:
            ended = "left no model" if status.state.final else "has no model yet"
            look = f"rlcore logs {'' if status.state.final else '-f '}{status.name}"
            if status.state is JobState.STOPPING:
                look = f"rlcore stop --wait {status.name}"
            msg = f"The training job {status.name} is {status.state.value} and {ended}. See: {look}"
            raise PlatformError(msg)
        return status.model_data

    def create_model(
        self,
        role: str | None = None,
        vpc_config_override: Any = VPC_CONFIG_DEFAULT,
        entry_point: str | None = None,
        source_dir: str | None = None,
        dependencies: Any = None,
        **kwargs: Any,
    ) -> Model:
        """Return the latest job's model, of the class that its toolkit's plugin names.

        Args:
            role: Role that hosting uses; the estimator's own by default.
            vpc_config_override: Network of the model instead of the estimator's; None for none.
            entry_point: Inference script of one's own: beside the training script, in
                *source_dir*, or a path.
            source_dir: Folder of that script, or the address of an archive.
            dependencies: Files and folders put beside it; the estimator's own by default.
            **kwargs: The arguments of `rlcore.hostingarguments.MODEL`.

        Raises:
            JobNotStarted: There is no job yet.
            PlatformError: The job has no model.
            MissingArgument: There is a folder or dependencies, but no script.
        """
        from rlcore import model, modelrequests  # noqa: PLC0415 - training needs no model

        named = {
            "role": role,
            "entry_point": entry_point,
            "source_dir": source_dir,
            "dependencies": dependencies,
        }
        if vpc_config_override != VPC_CONFIG_DEFAULT:
            named["vpc_config_override"] = vpc_config_override
        given = hostingarguments.of_model({**named, **kwargs})
        image_uri = given["image_uri"] or self.image_name
        cls = model.class_of(self._release, image_uri, self._registry)
        own = {
            "name": given["name"] or self._job().name,
            "role": given["role"] or self._arguments["role"],
            "image_uri": image_uri,
            "container_log_level": given["container_log_level"]
            or self._arguments["container_log_level"],
            **self._code(given, runs_training_script=cls.uses_training_script),
        }
        request, bundle = modelrequests.requested(
            given.with_values(own), self._release, self._model_to_deploy(), self._network(given)
        )
        return model.make(cls, request, bundle, self._job().platform)

    def deploy(
        self,
        initial_instance_count: int | None = None,
        instance_type: str | None = None,
        **kwargs: Any,
    ) -> Predictor:
        """Bring the latest job's model into service, and return what asks it.

        Args:
            initial_instance_count: Number of hosts; one by default.
            instance_type: `local`, `local_gpu` or an `ml.*` type.
            **kwargs: The arguments of `rlcore.hostingarguments.ENDPOINT`, such as `endpoint_name`
                and `wait`; those of `create_model` too.

        Raises:
            JobNotStarted: There is no job yet.
            PlatformError: The job has no model, or the platform serves none.
            NotDeployable: The release has no way to be served there.
            EndpointExists: There is an endpoint of the name that was given.
            EndpointFailed: It could not be brought into service.
        """
        from rlcore import startup  # noqa: PLC0415 - training needs none

        given, of_model = hostingarguments.of_endpoint({"instance_type": instance_type, **kwargs})
        of_endpoint = {name: kwargs[name] for name in kwargs if name in given.values}
        of_endpoint["tags"] = given["tags"] or self._arguments["tags"]
        model = self.create_model(**of_model)
        of_endpoint["wait"] = False  # there is something to delete before it is waited for
        predictor = model.deploy(initial_instance_count, instance_type, **of_endpoint)
        self.latest_predictor = predictor
        if given["wait"]:
            startup.wait_until_in_service(predictor.hosting, predictor.endpoint_name)
        return predictor

    def transformer(
        self,
        instance_count: int,
        instance_type: str,
        strategy: str | None = None,
        *,
        model_name: str | None = None,
        tags: Any = None,
        **kwargs: Any,
    ) -> Transformer:
        """Make the latest job's model on the service, and return what runs it over files in S3.

        Args:
            instance_count: Number of hosts of each transform job.
            instance_type: What they are, an `ml.*` type.
            strategy: `MultiRecord` or `SingleRecord`: how many records a request holds.
            model_name: Name of the model; made from its image and the time by default.
            tags: Tags of model and jobs; the estimator's own by default.
            **kwargs: The other arguments of `Transformer`, such as `accept` and `env`, and those of
                `create_model`, such as `role`.

        Raises:
            UnknownArgument: One that neither knows; nothing was made.
            JobNotStarted: There is no job yet.
            PlatformError: The job has no model, or its platform runs no transform jobs.
        """
        from rlcore import transformer  # noqa: PLC0415 - few transform anything

        known = {
            name for each in hostingarguments.MODEL for name in (each.name, each.old_name) if name
        }
        transformer.check_names(kwargs, known)
        of_model = {name: kwargs.pop(name) for name in (known - {"env"}) & set(kwargs)}
        named = {"strategy": strategy, "tags": tags or self._arguments["tags"], **kwargs}
        made = self.create_model(**of_model)
        return transformer.make(made, instance_count, instance_type, model_name, **named)

    def delete_endpoint(self) -> None:
        """End the endpoint that this estimator deployed last; the model's archive stays.

        Raises:
            EndpointNotFound: It has deployed none, or the endpoint is gone.
        """
        if self.latest_predictor is None:
            msg = "This estimator has deployed no endpoint. Delete another: rlcore delete NAME"
            raise EndpointNotFound(msg)
        self.latest_predictor.delete_endpoint()

    def evaluate(  # noqa: PLR0913 - the ways in which evaluations differ
        self,
        env: str | None = None,
        episodes: int = 100,
        seed: int | None = None,
        *,
        predictor: Predictor | None = None,
        env_kwargs: Mapping[str, Any] | None = None,
        deterministic: bool = True,
        **kwargs: Any,
    ) -> EvaluationReport:
        """Play episodes with the latest job's policy, in its toolkit's own environment.

        Args:
            env: Gymnasium id or `module:factory`; the one that was trained in by default.
            episodes: How many.
            seed: Seed of the first episode; that of the training's evaluation by default.
            predictor: An endpoint to play beside the policy in process, on the same seeds.
            env_kwargs: Keyword arguments of the environment.
            deterministic: Whether the likeliest action is taken, or one drawn by chance.
            **kwargs: Further arguments of `rlcore.evaluation.evaluate_model`, such as `gif`.

        Raises:
            JobNotStarted: There is no job yet.
            EvaluationFailed: The environment could not be made or played.
        """
        from rlcore.evaluation import evaluate_model  # noqa: PLC0415 - training plays nothing

        job = self._job()
        if predictor:
            act = functools.partial(predictor.act_all, deterministic=deterministic)
            kwargs["actors"] = {"endpoint": act, **kwargs.get("actors", {})}
        with storage.using(getattr(job.platform, "boto3_session", None)):
            return evaluate_model(
                self.model_data,
                release=self._release,
                env=env,
                env_kwargs=env_kwargs,
                episodes=episodes,
                seed=seed,
                deterministic=deterministic,
                **{"source": job.platform.recover(job.name).source_uri, **kwargs},
            )

    def _job(self) -> TrainingJob:
        if self.latest_training_job is None:
            msg = "Estimator is not associated with a training job. Call fit or attach first."
            raise JobNotStarted(msg)
        return self.latest_training_job

    def _model_to_deploy(self) -> str:
        """Return the model's address, with a warning where its job did not end well."""
        address = self.model_data
        status = self._job().status()
        if status.state in {JobState.FAILED, JobState.STOPPED}:
            reason = f": {status.failure_reason}" if status.failure_reason else ""
            msg = (
                f"The training job {status.name} is {status.state.value}{reason}. The model is the"
                " one that it had saved by then."
            )
            warn(msg)
        for found in status.warnings:
            warn(f"{status.name}: {found}", ExportWarning)
        return address

    def _network(self, given: Given) -> dict[str, list[str]] | None:
        own = self._arguments["subnets"], self._arguments["security_group_ids"]
        return hostingarguments.vpc_config(given["vpc_config"], *own)

    def _folder_of(self, script: str) -> str | None:
        """Return the training's source, where the original looked; None for a path elsewhere."""
        path, own = Path(script).expanduser(), self.source_dir
        beside = own and "://" not in own and not path.is_absolute()
        if beside and Path(str(own), script).expanduser().is_file():
            return own
        return None if path.is_file() else own

    def _is_foreign(self) -> bool:
        """Whether a script has to answer for the model: no policy of ours, as far as is known here.

        One in a bucket is not fetched to look: there the service's image asks for a script.
        """
        model_data = str(self.model_data)
        return model_data.startswith("s3://") or policy.manifest_of(model_data) is None

    def _code(self, given: Given, *, runs_training_script: bool) -> dict[str, Any]:
        """Return script, folder and dependencies of the inference code, if any."""
        script, folder, beside = (
            given[name] for name in ("entry_point", "source_dir", "dependencies")
        )
        job = self._job()
        if script is None:
            if self._release is not None and not (runs_training_script and self._is_foreign()):
                return {}
            packed = job.platform.recover(job.name)
            return {"entry_point": packed.entry_point, "source_dir": packed.source_uri}
        if given["git_config"]:
            return {}
        own, repository = self._arguments, None
        if folder is None:
            repository = own["git_config"]
            folder = self.source_dir if repository else self._folder_of(script)
        if beside is None and repository == own["git_config"] and not (folder and "://" in folder):
            beside = own["dependencies"]
        return {"source_dir": folder, "dependencies": beside, "git_config": repository}

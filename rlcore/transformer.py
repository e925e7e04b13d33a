"""`Transformer`: runs a trained model over data in a store, without an endpoint."""

from __future__ import annotations

import functools
import inspect
import re
import time
from typing import TYPE_CHECKING, Any

import attrs

from rlcore import arguments, jobnames, platforms, startup
from rlcore.endpoints import Deployment
from rlcore.errors import JobNotStarted, UnknownArgument, did_you_mean
from rlcore.transformjobs import TransformJob, transforms_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rlcore.model import Model
    from rlcore.platforms.base import Platform
    from rlcore.transformjobs import Transforms

_SETTINGS = (
    *("model_name", "instance_count", "instance_type", "strategy", "assemble_with"),
    *(
        "output_kms_key",
        "accept",
        "max_concurrent_transforms",
        "max_payload",
        "volume_kms_key",
        "env",
    ),
)
_STAMP = re.compile(r"-\d{4}(-\d\d){5}-\d{1,3}")  # that names made from the time end with
_ANYWHERE = "s3://bucket"  # stands for a place, for the check before anything is made


class Transformer:
    """Runs one model over data in S3, as often as it is asked to; with the original's face.

    Args:
        model_name: Name of the model, as the platform knows it.
        instance_count: Number of hosts.
        instance_type: Their type.
        strategy: `MultiRecord` or `SingleRecord`: how many records a request holds.
        assemble_with: `Line` or `None`: how the answers are put together.
        output_path: Where the output goes; a folder of the job's own by default.
        output_kms_key: Key that it is encrypted with.
        accept: MIME type of the answers.
        max_concurrent_transforms: Requests to a host at a time.
        max_payload: Greatest size of a request, in MB.
        tags: The jobs' tags.
        env: Environment variables of the container, for these jobs.
        base_transform_job_name: What the jobs' names begin with.
        sagemaker_session: AWS, as for `RLEstimator`.
        volume_kms_key: Key for the disks.
        platform: Where the model is, by name or instance.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the original's arguments, in its order
        self,
        model_name: str,
        instance_count: int,
        instance_type: str,
        strategy: str | None = None,
        assemble_with: str | None = None,
        output_path: str | None = None,
        output_kms_key: str | None = None,
        accept: str | None = None,
        max_concurrent_transforms: int | None = None,
        max_payload: int | None = None,
        tags: Any = None,
        env: Mapping[str, str] | None = None,
        base_transform_job_name: str | None = None,
        sagemaker_session: Any = None,
        volume_kms_key: str | None = None,
        *,
        platform: str | Platform | None = None,
    ) -> None:
        """Hold what is given; nothing is asked."""
        self.model_name = model_name
        self.instance_count = instance_count
        self.instance_type = instance_type
        self.strategy = strategy
        self.assemble_with = assemble_with
        self.output_path = output_path
        self.output_kms_key = output_kms_key
        self.accept = accept
        self.max_concurrent_transforms = max_concurrent_transforms
        self.max_payload = max_payload
        self.tags = tags
        self.env = dict(env or {})
        self.base_transform_job_name = base_transform_job_name
        self.sagemaker_session = sagemaker_session
        self.volume_kms_key = volume_kms_key
        self.latest_transform_job: TransformJob | None = None
        self._platform = platform
        self._current_job_name: str | None = None
        self._reset_output_path = False

    def __repr__(self) -> str:
        """Return the model and what it runs on."""
        return f"<Transformer of {self.model_name} on {self.instance_count} x {self.instance_type}>"

    def transform(  # noqa: PLR0913, PLR0917 - the original's arguments, in its order
        self,
        data: str,
        data_type: str = "S3Prefix",
        content_type: str | None = None,
        compression_type: str | None = None,
        split_type: str | None = None,
        job_name: str | None = None,
        input_filter: str | None = None,
        output_filter: str | None = None,
        join_source: str | None = None,
        experiment_config: Mapping[str, Any] | None = None,
        model_client_config: Mapping[str, Any] | None = None,
        batch_data_capture_config: Any = None,
        wait: bool = True,  # noqa: FBT001, FBT002 - likewise
        logs: bool = True,  # noqa: FBT001, FBT002
    ) -> None:
        """Start a job, and wait for its end unless *wait* is False.

        Args:
            data: Address of the input.
            data_type: `S3Prefix`, all objects below *data*, or `ManifestFile`, which lists them.
            content_type: MIME type of the input.
            compression_type: `Gzip`, or None.
            split_type: How an object is split into records, e.g. `Line`.
            job_name: Name of the job; made from the model's image and the time by default.
            input_filter: JSONPath of what of a record the model is given.
            output_filter: JSONPath of what of the answer is kept.
            join_source: `Input` to put each answer beside its record.
            experiment_config: Experiment, trial and name that the job is shown under.
            model_client_config: Limits of waiting and of trying again.
            batch_data_capture_config: Where inputs and answers are kept.
            wait: Whether to wait for the job's end.
            logs: Whether to show its log meanwhile.

        Raises:
            InvalidArgument: The service would refuse it; nothing was sent.
            JobExists: The name is taken.
            TransformFailed: It failed.
        """
        given = {
            "data": data, "data_type": data_type, "content_type": content_type,
            "compression_type": compression_type, "split_type": split_type,
            "input_filter": input_filter, "output_filter": output_filter,
            "join_source": join_source, "experiment_config": experiment_config,
            "model_client_config": model_client_config,
            "batch_data_capture_config": batch_data_capture_config,
        }  # fmt: skip
        job = self._start(job_name, given)
        if wait:
            job.wait(logs=logs)

    def wait(self, logs: bool = True) -> None:  # noqa: FBT001, FBT002 - the original's argument
        """Wait for the latest job's end, and show its log meanwhile unless *logs* is False.

        Raises:
            JobNotStarted: There is none.
            TransformFailed: It failed.
        """
        self._job().wait(logs=logs)

    def stop_transform_job(self, wait: bool = True) -> None:  # noqa: FBT001, FBT002 - likewise
        """Stop the latest job, and wait for its end unless *wait* is False."""
        self._job().stop()
        if wait:
            self._job().wait(logs=False)

    def delete_model(self) -> None:
        """Delete the model; its archive stays."""
        self._transforms.delete_model(self.model_name)

    @classmethod
    def attach(
        cls,
        transform_job_name: str,
        sagemaker_session: Any = None,
        *,
        platform: str | Platform | None = "sagemaker",
    ) -> Transformer:
        """Return the transformer of a job that any process has started.

        Args:
            transform_job_name: The job's name.
            sagemaker_session: AWS, as for `RLEstimator`.
            platform: Where the job is.

        Raises:
            JobNotFound: The platform does not know it.
        """
        there = transforms_of(platforms.resolve_hosting(platform, "ml.", session=sagemaker_session))
        found = cls(
            **there.settings(transform_job_name),
            base_transform_job_name=_STAMP.sub("", transform_job_name),
            sagemaker_session=sagemaker_session,
            platform=platform,
        )
        found._current_job_name = transform_job_name
        found.latest_transform_job = TransformJob(there, transform_job_name)
        return found

    @functools.cached_property
    def _transforms(self) -> Transforms:
        return transforms_of(
            platforms.resolve_hosting(
                self._platform, self.instance_type, session=self.sagemaker_session
            )
        )

    def _start(self, job_name: str | None, data: Mapping[str, Any]) -> TransformJob:
        """Start a job; where its output goes to a folder of its own, the next one's does, too."""
        name = jobnames.check(job_name or jobnames.unique(self._base_name(), time.time()))
        settings = {setting: getattr(self, setting) for setting in _SETTINGS}
        given = {**settings, **data, "tags": arguments.tags(self.tags), "job_name": name}
        chosen = None if self._reset_output_path else self.output_path
        # What is wrong is seen before a bucket is made.
        self._transforms.check({**given, "output_path": chosen or _ANYWHERE})
        output = chosen or self._transforms.default_output(name)
        self._transforms.start({**given, "output_path": output})
        self._reset_output_path = not chosen
        self.output_path, self._current_job_name = output, name
        self.latest_transform_job = TransformJob(self._transforms, name)
        return self.latest_transform_job

    def _job(self) -> TransformJob:
        if self.latest_transform_job is None:
            msg = "No transform job available. Call transform first."
            raise JobNotStarted(msg)
        return self.latest_transform_job

    def _base_name(self) -> str:
        if not self.base_transform_job_name:
            known = self._transforms.repository_of(self.model_name)
            self.base_transform_job_name = known or self.model_name
        return self.base_transform_job_name


def check_names(settings: Iterable[str], others: Iterable[str] = ()) -> None:
    """Refuse names that neither `Transformer` nor *others* have, but for those that `make` sets.

    Raises:
        UnknownArgument: One that nobody knows.
    """
    own = {"model_name", "instance_count", "instance_type", "sagemaker_session", "platform"}
    known = [*(set(inspect.signature(Transformer).parameters) - own), *others]
    for name in settings:
        if name not in known:
            msg = f"transformer has no argument {name!r}.{did_you_mean(name, known)}"
            raise UnknownArgument(msg)


def make(
    model: Model, instance_count: int, instance_type: str, name: str | None = None, **settings: Any
) -> Transformer:
    """Make a model on its platform, and return the transformer that runs it.

    Args:
        model: The model; its `platform` is where it is made.
        instance_count: Number of hosts.
        instance_type: Their type.
        name: The model's name; made from its image and the time by default, as in the original.
        **settings: Further arguments of `Transformer`.

    Raises:
        UnknownArgument: One that `Transformer` does not have; nothing was made.
        PlatformError: The platform serves no models, or runs none over stored data.
        NotDeployable: The model's release has no way to be served there.
    """
    check_names(settings)
    session = model.request.options.get("sagemaker_session")
    place = startup.place_of(instance_type, model.platform)
    hosting = platforms.resolve_hosting(place, instance_type, session=session)
    there = transforms_of(hosting)
    asked = Deployment(
        name=name or "model",
        model=attrs.evolve(model.request, name=name),
        instance_type=instance_type,
        instance_count=instance_count,
        tags=arguments.tags(settings.get("tags")),
        container=lambda request, *where: attrs.evolve(model, request=request).container(*where),
    )
    if name is None:
        name = jobnames.unique(there.image_repository(asked), time.time())
        asked = attrs.evolve(asked, name=name)
    jobnames.check(name, "the name of a model")
    made = there.create_model(asked, model.bundle)
    return Transformer(
        made,
        instance_count,
        instance_type,
        sagemaker_session=session,
        platform=place,
        **settings,
    )

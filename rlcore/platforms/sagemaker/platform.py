"""The platform `sagemaker`: training jobs of the service, started and watched from anywhere.

Planning is offline: what only AWS knows stands in a plan as `{account}`, `{default_bucket}` or
`{role_arn}`, and starting fills exactly those.
"""

from __future__ import annotations

import functools
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from rlcore import jobnames
from rlcore.errors import JobExists, JobNotFound, PlatformError, ServiceError
from rlcore.images import parse_image_uri
from rlcore.names import toolkit_key
from rlcore.platforms.sagemaker import checks, plantext, requests, shapes
from rlcore.platforms.sagemaker.overrides import plain
from rlcore.platforms.sagemaker.places import places_of
from rlcore.platforms.sagemaker.regions import region_of
from rlcore.platforms.sagemaker.requests import Facts
from rlcore.registry import ToolkitRegistry, default_registry
from rlcore.secrecy import warn_of_secrets
from rlcore.spec import Plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import boto3

    from rlcore.metrics import LearningCurve
    from rlcore.platforms.sagemaker.hosting import SageMakerHosting
    from rlcore.platforms.sagemaker.session import AwsSession
    from rlcore.source import Bundle
    from rlcore.spec import JobRequest, JobStatus, LogEvent, ToolkitRelease

NAME = "sagemaker"
_CREATE = "CreateTrainingJob"
_ROLE_ARN = "{role_arn}"
_ANY_TYPE = "ml.m5.large"  # where an image's repository is wanted, or a type is missing
_OF_RL = "sagemaker-"  # begins the repositories of images that were made for one toolkit
_SAFER = (
    "Rather put them into AWS Secrets Manager, and let the script fetch them with the execution"
    " role."
)
# Facts as they might be, for the check of a plan.
_ACCOUNT = "123456789012"
_ROLE = f"arn:aws:iam::{_ACCOUNT}:role/role"


class SageMakerPlatform:
    """Trains on Amazon SageMaker.

    Args:
        session: A boto3 session, or an object like the SageMaker SDK's session; the environment's
            credentials and region by default.
        registry: Where toolkits are looked up; those installed by default.
    """

    name = NAME

    def __init__(self, session: Any = None, *, registry: ToolkitRegistry | None = None) -> None:
        """Hold what is given; nothing is asked of AWS."""
        self._given = session
        self._own_registry = registry

    @functools.cached_property
    def session(self) -> AwsSession:
        """AWS, with clients that are made once."""
        from rlcore.platforms.sagemaker.session import AwsSession  # noqa: PLC0415 - plans need none

        return self._given if isinstance(self._given, AwsSession) else AwsSession(self._given)

    @property
    def boto3_session(self) -> boto3.Session:
        """The session by which what is in its buckets is read."""
        return self.session.boto

    def __getstate__(self) -> dict[str, Any]:
        """Return what a pickle carries: no session and no clients, but those of its own process."""
        return {"_given": None, "_own_registry": self._own_registry}

    @functools.cached_property
    def hosting(self) -> SageMakerHosting:
        """What serves models there."""
        from rlcore.platforms.sagemaker.hosting import SageMakerHosting  # noqa: PLC0415 - likewise

        return SageMakerHosting(self.session)

    def base_job_name(
        self, release: ToolkitRelease | None, image_uri: str | None, instance_type: str | None
    ) -> str:
        """Return what the name of a job begins with: that of its image, as in the original.

        Images that many toolkits share say nothing; the release's own name stands for them.
        """
        if release and not image_uri:
            image = self._toolkit_image(release, self._region, instance_type or _ANY_TYPE)
            address = parse_image_uri(image)
            if address and address.repository.startswith(_OF_RL):
                return address.repository
        return jobnames.base_of(release, image_uri)

    def plan(self, request: JobRequest) -> Plan:
        """Return the request that `start` would send. Pure and offline.

        Raises:
            InvalidArgument: The service would refuse it.
            MissingArgument: There is no role, or no region.
            PlatformError: It names folders of this machine.
        """
        checks.check_instance_type(request)
        region = self._region
        role = requests.check_role(request.options.get("role"))
        image = self._image(request, region)
        self._check(request, image, region)
        checks.warn_of_isolation(request)
        warn_of_secrets(request, "where DescribeTrainingJob shows them", _SAFER)
        facts = Facts(region=region, bucket=self._bucket(region), role_arn=_arn(role))
        fields = requests.training_job(request, image, facts)
        where = places_of(request, facts.bucket)
        document = {
            "region": region,
            "source": where.source,
            "bundle": where.bundle,
            "request": fields,
        }
        return Plan(
            platform=NAME, request=request, document=document, text=plantext.text(request, document)
        )

    def start(self, plan: Plan, bundle: Bundle | None) -> str:
        """Send the source, unless it is there, then the request; return the job's name.

        Raises:
            JobExists: The name is taken.
            ServiceError: AWS refused, or could not be reached; a job is never started twice.
        """
        from rlcore.platforms.sagemaker import creation, upload  # noqa: PLC0415 - plans need none
        from rlcore.platforms.sagemaker.failures import is_taken  # noqa: PLC0415

        request = plan.request
        self._check_free(request.name)
        facts = self._facts(request, plan.document["region"])
        where = places_of(request, facts.bucket)
        fields = requests.training_job(request, self._image(request, facts.region), facts)
        if bundle is not None and where.bundle:
            own = where.source.startswith(_bucket_of(where.output))
            key = request.options.get("output_kms_key") if own else None
            upload.put_bundle(
                self.session, bundle, where.source, by_digest=where.bundle, kms_key=key
            )
        try:
            creation.create(
                self.session,
                "create_training_job",
                fields,
                lambda client: client.describe_training_job(TrainingJobName=request.name),
            )
        except ServiceError as error:
            if is_taken(error):
                raise _taken(request.name) from error
            raise
        return request.name

    def describe(self, name: str) -> JobStatus:
        """Return the job as it is now."""
        from rlcore.platforms.sagemaker import states  # noqa: PLC0415 - likewise

        described = self._described(name)
        return states.job_status(described, self._release_text(described))

    def logs(self, name: str, *, follow: bool = False) -> Iterator[LogEvent]:
        """Yield the lines of all hosts, merged by time, and each change of the job's state."""
        from rlcore.platforms.sagemaker import watching  # noqa: PLC0415 - likewise

        return watching.events(self.session, name, self._described, follow=follow)

    def curve(self, name: str) -> LearningCurve:
        """Return the job's metrics as CloudWatch keeps them: means over time, without steps."""
        from rlcore.platforms.sagemaker import series  # noqa: PLC0415 - likewise

        client = self.session.client("cloudwatch", polling=True)
        return series.learning_curve(client, self._described(name))

    def stop(self, name: str) -> None:
        """Ask the job to stop; one that has ended stays as it is."""
        from rlcore.platforms.sagemaker.failures import service_errors  # noqa: PLC0415 - likewise

        try:
            with service_errors("StopTrainingJob"):
                self.session.client("sagemaker").stop_training_job(TrainingJobName=name)
        except ServiceError:
            if not self.describe(name).state.final:  # nor is it there, by the error of that
                raise

    def recover(self, name: str) -> JobRequest:
        """Return the request of a job, whoever started it."""
        from rlcore.platforms.sagemaker import answers, recovery  # noqa: PLC0415 - likewise

        described = self._described(name)
        tags: dict[str, str] = {}
        with suppress(ServiceError):  # who may not look at tags has the image
            tags = answers.tags(self.session, described["TrainingJobArn"])
        return recovery.job_request(described, tags, self._registry)

    def jobs(self) -> Iterable[JobStatus]:
        """Yield the training jobs of the account in this region, newest first, page by page."""
        from rlcore.platforms.sagemaker import states  # noqa: PLC0415 - likewise
        from rlcore.platforms.sagemaker.failures import service_errors  # noqa: PLC0415

        client = self.session.client("sagemaker")
        with service_errors("ListTrainingJobs"):
            pages = client.get_paginator("list_training_jobs").paginate(
                SortBy="CreationTime", SortOrder="Descending"
            )
            for page in pages:
                yield from map(states.listed_status, page["TrainingJobSummaries"])

    # What it is made of.

    @property
    def _region(self) -> str:
        return getattr(self._given, "region", None) or region_of(self._given)

    @property
    def _registry(self) -> ToolkitRegistry:
        return self._own_registry or default_registry()

    def _image(self, request: JobRequest, region: str) -> str:
        if request.image_uri:
            return request.image_uri
        if request.release is None:
            msg = "A training job needs a toolkit, or an image of its own (image_uri=...)."
            raise PlatformError(msg)
        groups = plain(request.options.get("instance_groups")) or ()
        types = [group["InstanceType"] for group in groups] or [request.resources.instance_type]
        images = [self._toolkit_image(request.release, region, each or _ANY_TYPE) for each in types]
        # One image runs on all hosts; that for gpu runs on hosts without one, too.
        return next((image for image in images if "gpu" in image), images[0])

    def _toolkit_image(self, release: ToolkitRelease, region: str, instance_type: str) -> str:
        key = toolkit_key(release.toolkit, release.framework)
        return self._registry.toolkit(key).image_uri(release, region, instance_type)

    def _check(self, request: JobRequest, image: str, region: str) -> None:
        """Check the request as it would be sent, with facts as they might be."""
        bucket = f"sagemaker-{region}-{_ACCOUNT}"
        role = str(request.options["role"])
        arn = role if "/" in role else _ROLE
        facts = Facts(region=region, bucket=bucket, role_arn=arn)
        shapes.check(_CREATE, requests.training_job(request, image, facts))

    def _bucket(self, region: str) -> str:
        if getattr(self._given, "default_bucket", None):
            return "{default_bucket}"
        return f"sagemaker-{region}-{{account}}"

    def _facts(self, request: JobRequest, region: str) -> Facts:
        """Learn what the plan left open."""
        role = self.session.role_arn(requests.check_role(request.options.get("role")))
        bucket = "" if request.output_path else self.session.default_bucket()
        return Facts(region=region, bucket=bucket, role_arn=role)

    def _check_free(self, name: str) -> None:
        """See that the name is free before the source of the job that has it is written over."""
        with suppress(JobNotFound, ServiceError):  # who may not look may create all the same
            self._described(name)
            raise _taken(name)

    def _described(self, name: str) -> Mapping[str, Any]:
        from rlcore.platforms.sagemaker import answers  # noqa: PLC0415 - plans need none

        return answers.training_job(self.session, name)

    def _release_text(self, described: Mapping[str, Any]) -> str:
        image = described.get("AlgorithmSpecification", {}).get("TrainingImage", "")
        release = self._registry.release_from_image(image)
        address = parse_image_uri(image)
        if release or not address:
            return str(release or image)
        return f"{address.repository}:{address.tag}"


def _arn(role: str) -> str:
    return role if "/" in role else _ROLE_ARN


def _bucket_of(uri: str) -> str:
    return "/".join(uri.split("/")[:3]) + "/"


def _taken(name: str) -> JobExists:
    msg = (
        f"There is a training job {name!r} on SageMaker already; its name stays taken. Choose"
        " another job_name, or leave it out."
    )
    return JobExists(msg)

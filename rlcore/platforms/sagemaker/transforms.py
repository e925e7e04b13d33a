"""SageMaker's batch transforms: models run over data in S3, without an endpoint."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import attrs

from rlcore.errors import InvalidArgument, JobExists, JobNotFound, ServiceError
from rlcore.images import parse_image_uri
from rlcore.platforms.sagemaker import (
    answers,
    creation,
    hostingrequests,
    making,
    modelfiles,
    requests,
    shapes,
    watching,
)
from rlcore.platforms.sagemaker.failures import is_missing, is_taken, service_errors
from rlcore.platforms.sagemaker.making import MODEL, Making
from rlcore.spec import JobState, JobStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rlcore.endpoints import Deployment
    from rlcore.platforms.sagemaker.session import AwsSession
    from rlcore.source import Bundle
    from rlcore.spec import LogEvent

GROUP = "/aws/sagemaker/TransformJobs"
STATES = {
    "InProgress": JobState.RUNNING,
    "Completed": JobState.SUCCEEDED,
    "Failed": JobState.FAILED,
    "Stopping": JobState.STOPPING,
    "Stopped": JobState.STOPPED,
}
"""By the service's `TransformJobStatus`."""

_CREATE = "CreateTransformJob"


class SageMakerTransforms:
    """Runs models over data in S3.

    Args:
        session: AWS.
    """

    def __init__(self, session: AwsSession) -> None:
        """Hold the session; nothing is asked."""
        self._session = session

    def create_model(self, deployment: Deployment, bundle: Bundle | None) -> str:
        """Make a model without an endpoint, unless the same is there, and return its name.

        Args:
            deployment: The model, under a name, and what it will run on.
            bundle: Its packed inference code, if any.

        Raises:
            InvalidArgument: The service would refuse it, or the name is that of another model.
            NotDeployable: The model's release has no container.
            ServiceError: AWS refused, or could not be reached.
        """
        session, model = self._session, deployment.model
        role = requests.check_role(model.role)
        ready = attrs.evolve(deployment, model=modelfiles.check(model, bundle))
        hostingrequests.check(ready, session.region, (MODEL,))
        arn, content = session.role_arn(role), modelfiles.digest(model, bundle)
        name = hostingrequests.model_name(deployment)
        ready = attrs.evolve(
            deployment, model=modelfiles.sent(session, model, name, bundle, content)
        )
        with Making(session) as block:
            for operation, fields in hostingrequests.all_of(
                ready, session.region, arn, content, (MODEL,)
            ):
                block.make(operation, fields)
        return name

    def image_repository(self, deployment: Deployment) -> str:
        """Return the name of the repository whose image serves a model."""
        container = hostingrequests.container(deployment, self._session.region)
        return _repository(container.image_uri)

    def repository_of(self, model_name: str) -> str | None:
        """Return the name of the repository whose image serves a model that is made already."""
        found = making.described(self._session, MODEL, model_name) or {}
        image = (found.get("PrimaryContainer") or {}).get("Image")
        return _repository(image) if image else None

    def default_output(self, job_name: str) -> str:
        """Return where a job's output goes that was given no other place."""
        return f"s3://{self._session.default_bucket()}/{job_name}"

    def check(self, given: Mapping[str, Any]) -> None:
        """See that the service would take a job. Nothing is sent.

        Args:
            given: Values by the names of `Transformer`'s arguments and attributes.

        Raises:
            InvalidArgument: It would not.
        """
        if not str(given["data"]).startswith(("s3://", "https://")):
            msg = f"data must be an s3:// address for SageMaker; {given['data']!r} was given."
            raise InvalidArgument(msg)
        shapes.check(_CREATE, hostingrequests.transform_job(given))

    def start(self, given: Mapping[str, Any]) -> None:
        """Start a job, in effect once.

        Raises:
            JobExists: The name is taken.
            ServiceError: AWS refused, or could not be reached.
        """
        name = given["job_name"]
        try:
            creation.create(
                self._session,
                "create_transform_job",
                hostingrequests.transform_job(given),
                lambda client: client.describe_transform_job(TransformJobName=name),
            )
        except ServiceError as error:
            if is_taken(error):
                msg = (
                    f"There is a transform job {name!r} on SageMaker already; its name stays taken."
                    " Choose another job_name, or leave it out."
                )
                raise JobExists(msg) from error
            raise

    def describe(self, name: str) -> JobStatus:
        """Return a job as it is now."""
        found = self._described(name)
        state = STATES[found["TransformJobStatus"]]
        started, ended = (
            found[each].timestamp() if found.get(each) else None
            for each in ("TransformStartTime", "TransformEndTime")
        )
        return JobStatus(
            name=name,
            state=state,
            stage="" if state.final else found["TransformJobStatus"],
            failure_reason=found.get("FailureReason"),
            created_at=found["CreationTime"].timestamp(),
            started_at=started,
            ended_at=ended if state.final else None,
            output_data=found["TransformOutput"]["S3OutputPath"] if state.final else None,
        )

    def settings(self, name: str) -> dict[str, Any]:
        """Return the arguments of the `Transformer` that started a job."""
        found = self._described(name)
        tags = answers.tags(self._session, found["TransformJobArn"])
        return hostingrequests.transform_settings(found, tags)

    def logs(self, name: str, *, follow: bool) -> Iterator[LogEvent]:
        """Yield the lines of all hosts, merged by time; with *follow*, until the job has ended."""
        described = functools.partial(_as_training, self._described)
        return watching.events(self._session, name, described, follow=follow, group=GROUP)

    def stop(self, name: str) -> None:
        """Ask a job to stop; one that has ended stays as it is."""
        try:
            with service_errors("StopTransformJob"):
                self._session.client("sagemaker").stop_transform_job(TransformJobName=name)
        except ServiceError:
            if not self.describe(name).state.final:
                raise

    def delete_model(self, model_name: str) -> None:
        """Delete a model, unless it is gone; its archive stays in S3."""
        making.delete(self._session, MODEL, model_name)

    def _described(self, name: str) -> Mapping[str, Any]:
        """Return what DescribeTransformJob answers; raise `JobNotFound` where there is no job."""
        client = self._session.client("sagemaker", polling=True)
        try:
            with service_errors("DescribeTransformJob"):
                found: Mapping[str, Any] = client.describe_transform_job(TransformJobName=name)
        except ServiceError as error:
            if is_missing(error):
                msg = f"SageMaker knows no transform job {name!r} in this account and region."
                raise JobNotFound(msg) from error
            raise
        return found


def _repository(image_uri: str) -> str:
    address = parse_image_uri(image_uri)
    return address.repository if address else image_uri.rpartition("/")[2].partition(":")[0]


def _as_training(describe: Any, name: str) -> dict[str, Any]:
    """Return a job's description in the words of a training job's, by which it is watched."""
    found = describe(name)
    return {
        "TrainingJobStatus": found["TransformJobStatus"],
        "TrainingEndTime": found.get("TransformEndTime") or found["CreationTime"],
        "ResourceConfig": {"InstanceCount": found["TransformResources"]["InstanceCount"]},
    }

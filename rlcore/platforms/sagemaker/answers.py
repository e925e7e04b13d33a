"""What the service says of a training job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rlcore.errors import JobNotFound, ServiceError
from rlcore.platforms.sagemaker.failures import is_missing, service_errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rlcore.platforms.sagemaker.session import AwsSession


def training_job(session: AwsSession, name: str) -> Mapping[str, Any]:
    """Return what DescribeTrainingJob answers; raise `JobNotFound` where there is no such job."""
    client = session.client("sagemaker", polling=True)
    try:
        with service_errors("DescribeTrainingJob"):
            found: Mapping[str, Any] = client.describe_training_job(TrainingJobName=name)
    except ServiceError as error:
        if is_missing(error):
            msg = (
                f"SageMaker knows no training job {name!r} in this account and region. See: rlcore"
                " jobs --platform sagemaker"
            )
            raise JobNotFound(msg) from error
        raise
    return found


def tags(session: AwsSession, arn: str) -> dict[str, str]:
    """Return the tags of a resource, name to value."""
    with service_errors("ListTags"):
        pages = session.client("sagemaker").get_paginator("list_tags")
        return {
            tag["Key"]: tag["Value"]
            for page in pages.paginate(ResourceArn=arn)
            for tag in page["Tags"]
        }

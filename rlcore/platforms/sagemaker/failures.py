"""What AWS answers instead of a result, as errors of ours."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    TokenRetrievalError,
)

from rlcore.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator

_REFRESH = "Refresh the credentials (`aws sso login`, or new keys) and come back."
# What to do, by the code of the error.
_CURES = {
    "AccessDenied": "Let the caller's identity do this operation, or use another profile.",
    "AccessDeniedException": "Let the caller's identity do this operation, or use another profile.",
    "UnrecognizedClientException": "The credentials are not valid here; look at `aws sts"
    " get-caller-identity`.",
    "InvalidClientTokenId": "The credentials are not valid here; look at `aws sts"
    " get-caller-identity`.",
    "SignatureDoesNotMatch": "The secret key is wrong, or this machine's clock is.",
    "ExpiredToken": _REFRESH,
    "ExpiredTokenException": _REFRESH,
    "RequestExpired": _REFRESH,
    "ResourceLimitExceeded": "Ask for a higher quota (Service Quotas, Amazon SageMaker), or choose"
    " another instance type.",
    "ThrottlingException": "The account makes too many calls at once; try again.",
    "NoSuchBucket": "Make the bucket, or name another.",
}
_ADD_TAGS = "sagemaker:AddTags"
_TAGGING = (
    "Let the caller's identity do sagemaker:AddTags, too: jobs, models and endpoints are tagged"
    " with the toolkit that made them."
)
_MISSING = ("not found", "could not find", "does not exist")
_TAKEN = ("already exist", "already existing", "already in use")


@contextmanager
def service_errors(operation: str) -> Iterator[None]:
    """Raise what botocore raises in the block as `ServiceError`.

    Args:
        operation: What the block asks of AWS, for errors that do not say so themselves.
    """
    try:
        yield
    except ClientError as error:
        raise _refused(error) from error
    except (BotoCoreError, Boto3Error) as error:
        cause = error.__context__  # boto3's transfers tell of a refusal in words alone
        if isinstance(cause, ClientError):
            raise _refused(cause) from error
        raise _not_reached(operation, error) from error


def is_missing(error: ServiceError) -> bool:
    """Tell whether what was asked about is not there."""
    told = str(error).lower()
    return error.code in {"ResourceNotFound", "ResourceNotFoundException"} or (
        error.code in {"ValidationException", "ValidationError"}
        and any(words in told for words in _MISSING)
    )


def is_taken(error: ServiceError) -> bool:
    """Tell whether a name is that of something that is there already, and that is not ours."""
    if error.unanswered:
        return False
    told = str(error).lower()
    return error.code == "ResourceInUse" or (
        error.code == "ValidationException" and any(words in told for words in _TAKEN)
    )


def _refused(error: ClientError) -> ServiceError:
    told: Any = error.response
    code = str(told.get("Error", {}).get("Code", "Unknown"))
    said = str(told.get("Error", {}).get("Message", "")).strip() or "(no message)"
    metadata = told.get("ResponseMetadata", {})
    request_id = metadata.get("RequestId")
    cure = f" {_TAGGING if _ADD_TAGS in said else _CURES[code]}" if code in _CURES else ""
    stop = "" if said.endswith((".", "!", "?")) else "."
    msg = f"{error.operation_name} failed: {code}: {said}{stop}{cure} (Request id: {request_id})"
    return ServiceError(
        msg,
        operation=error.operation_name,
        code=code,
        request_id=request_id,
        retried=bool(metadata.get("RetryAttempts")),
    )


def _not_reached(operation: str, error: Exception) -> ServiceError:
    msg = f"{operation} failed: {error}"
    if isinstance(error, (NoCredentialsError, PartialCredentialsError)):
        msg += (
            ". Give credentials by `aws configure`, by AWS_PROFILE, or by AWS_ACCESS_KEY_ID and"
            " AWS_SECRET_ACCESS_KEY."
        )
    elif isinstance(error, NoRegionError):
        msg += " Set AWS_REGION, or a region in the profile."
    elif isinstance(error, TokenRetrievalError):
        msg += f". {_REFRESH}"
    # The request may have arrived where only its answer was lost.
    unanswered = isinstance(error, (ConnectionError, HTTPClientError))
    return ServiceError(msg, operation=operation, code=type(error).__name__, unanswered=unanswered)

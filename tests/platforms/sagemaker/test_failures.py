"""What AWS answers instead of a result becomes an error that says what to do."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from rlcore.errors import PlatformError, ServiceError
from rlcore.platforms.sagemaker.failures import is_missing, is_taken, service_errors


def raised(error: Exception, operation: str = "CreateModel") -> ServiceError:
    """Return what becomes of an error of botocore's."""
    with pytest.raises(ServiceError) as found, service_errors(operation):
        raise error
    return found.value


def refused(code: str, message: str = "", **metadata: Any) -> ServiceError:
    """Return what becomes of a refusal."""
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"RequestId": "r-1", **metadata},
    }
    return raised(ClientError(answer, "CreateModel"))


def test_a_refusal_tells_everything() -> None:
    """Operation, code, the service's words, the cure, and the number for its support."""
    error = refused("ExpiredTokenException", "The security token is expired")

    assert (
        "CreateModel failed: ExpiredTokenException: The security token is expired. Refresh the"
        " credentials (`aws sso login`, or new keys) and come back. (Request id: r-1)"
    ) == str(error)
    assert ("CreateModel", "ExpiredTokenException", "r-1", False, False) == (
        error.operation,
        error.code,
        error.request_id,
        error.retried,
        error.unanswered,
    )
    assert isinstance(error, PlatformError)


def test_a_refusal_after_a_retry() -> None:
    """It may be botocore's own second attempt that was refused."""
    assert refused("ResourceInUse", RetryAttempts=2).retried
    assert not refused("ResourceInUse", RetryAttempts=0).retried


@pytest.mark.parametrize(
    ("error", "words", "unanswered"),
    [
        (NoCredentialsError(), "Give credentials by `aws configure`", False),
        (EndpointConnectionError(endpoint_url="http://x"), "http://x", True),
        (ReadTimeoutError(endpoint_url="http://x"), "Read timeout", True),
    ],
)
def test_no_answer(error: Exception, words: str, unanswered: bool) -> None:
    """Without an answer the request may have had its effect, if it was sent at all."""
    found = raised(error)

    assert f"CreateModel failed: {error}" == str(found)[: len(f"CreateModel failed: {error}")]
    assert words in str(found)
    assert unanswered is found.unanswered


@pytest.mark.parametrize(
    ("code", "message", "missing", "taken"),
    [
        ("ValidationException", "Requested resource not found.", True, False),
        ("ResourceNotFound", "", True, False),
        ("ValidationException", 'Could not find model "arn:aws:x".', True, False),
        ("ResourceInUse", "Training job names must be unique", False, True),
        ("ValidationException", 'Cannot create already existing model "x".', False, True),
        ("ValidationException", "1 validation error detected", False, False),
        ("ThrottlingException", "Rate exceeded", False, False),
    ],
)
def test_what_a_refusal_means(code: str, message: str, missing: bool, taken: bool) -> None:
    """The service has several ways to say that a thing is missing, or that a name is taken."""
    error = refused(code, message)

    assert (missing, taken) == (is_missing(error), is_taken(error))


def test_other_errors_pass() -> None:
    """What is not AWS's is not touched."""
    with pytest.raises(KeyError), service_errors("CreateModel"):
        raise KeyError

"""What the fake refuses, as the service words it."""

from __future__ import annotations


class Refusal(Exception):
    """A request that is refused.

    Attributes:
        code: The service's code.
        status: The HTTP status.
        more: Further fields of the answer.
    """

    def __init__(
        self, code: str, message: str, status: int = 400, more: dict[str, object] | None = None
    ) -> None:
        """Keep code, words, status and what else is told."""
        super().__init__(message)
        self.code = code
        self.status = status
        self.more = more or {}


def invalid(message: str) -> Refusal:
    """Return the refusal of a request that is wrong."""
    return Refusal("ValidationException", message)


def wrong_parameter(message: str) -> Refusal:
    """Return the refusal of CloudWatch Logs for a parameter."""
    return Refusal("InvalidParameterException", message)


def wrong_combination(message: str) -> Refusal:
    """Return the refusal of CloudWatch for parameters that do not go together."""
    return Refusal("InvalidParameterCombination", message)


def taken(message: str) -> Refusal:
    """Return the refusal of a name that is in use."""
    return Refusal("ResourceInUse", message)


def not_in_service(name: str, account: str) -> Refusal:
    """Return the runtime's refusal of an endpoint that does not answer."""
    return Refusal("ValidationError", f"Endpoint {name} of account {account} not found.")


def model_failed(status: int, body: bytes, account: str) -> Refusal:
    """Return the runtime's answer where a model answers with an error."""
    whose = "client" if status < 500 else "server"  # noqa: PLR2004 - as HTTP has it
    said = body.decode("utf-8", "replace")
    msg = (
        f'Received {whose} error ({status}) from primary with message "{said}". See CloudWatch in'
        f" account {account} for more information."
    )
    more: dict[str, object] = {"OriginalStatusCode": status, "OriginalMessage": said}
    return Refusal("ModelError", msg, 424, more)


def unknown(operation: str) -> Refusal:
    """Return the refusal of an operation that the fake does not have."""
    return Refusal("UnknownOperationException", f"The fake has no {operation}.")

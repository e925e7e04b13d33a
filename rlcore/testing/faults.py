"""Faults on order: what a service does instead of answering as it should."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Fault:
    """One way to fail.

    Attributes:
        status: HTTP status of the answer, 0 for none.
        code: The service's code of the error.
        message: Its words.
        effect: Whether the request has its effect all the same.
        broken: Whether the connection is reset, instead of an answer or after a half of it.
        cut: Whether only a half of the answer is sent, and the connection closed.
        delay: Seconds before anything is done.
    """

    status: int = 0
    code: str = ""
    message: str = ""
    effect: bool = False
    broken: bool = False
    cut: bool = False
    delay: float = 0.0

    @classmethod
    def error(cls, code: str, message: str = "", status: int = 400) -> Fault:
        """Refuse with an error of the service."""
        return cls(status=status, code=code, message=message or code)

    @classmethod
    def throttled(cls) -> Fault:
        """Refuse, since too many calls were made."""
        return cls.error("ThrottlingException", "Rate exceeded")

    @classmethod
    def internal(cls) -> Fault:
        """Fail inside."""
        return cls.error("InternalFailure", "Internal failure", 500)

    @classmethod
    def unavailable(cls) -> Fault:
        """Be out of service."""
        return cls.error("ServiceUnavailable", "Service unavailable", 503)

    @classmethod
    def expired_token(cls) -> Fault:
        """Refuse credentials that were good once."""
        return cls.error("ExpiredTokenException", "The security token included is expired", 403)

    @classmethod
    def access_denied(cls) -> Fault:
        """Refuse what the caller may not do."""
        return cls.error("AccessDeniedException", "User is not authorized to perform this", 403)

    @classmethod
    def reset(cls) -> Fault:
        """Reset the connection before the request has its effect."""
        return cls(broken=True)

    @classmethod
    def lost(cls) -> Fault:
        """Let the request have its effect, then reset the connection."""
        return cls(broken=True, effect=True)

    @classmethod
    def partial(cls) -> Fault:
        """Let the request have its effect, send a half of the answer, and reset the connection."""
        return cls(cut=True, broken=True, effect=True)

    @classmethod
    def truncated(cls) -> Fault:
        """Let the request have its effect, send a half of the answer, and close in good order.

        botocore takes a half for the whole then: only its length tells.
        """
        return cls(cut=True, effect=True)

    @classmethod
    def slow(cls, seconds: float) -> Fault:
        """Answer, but later."""
        return cls(delay=seconds, effect=True)

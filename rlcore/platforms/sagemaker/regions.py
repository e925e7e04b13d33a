"""Which region is meant; nothing is asked of AWS, and boto3 is not imported."""

from __future__ import annotations

import os
from typing import Any

from rlcore.errors import MissingArgument


def region_of(session: Any) -> str:
    """Return the region of a session, else that of the environment or of the profile.

    Args:
        session: A boto3 session, an object whose `boto_session` is one, or None.

    Raises:
        MissingArgument: None is named anywhere.
    """
    boto_session = getattr(session, "boto_session", session)
    found = getattr(boto_session, "region_name", None) or _of_environment()
    if not found and boto_session is None:
        found = _of_profile()
    if not found:
        msg = "Which region? Set AWS_REGION, a region in the profile, or one in the session."
        raise MissingArgument(msg)
    return str(found)


def _of_environment() -> str | None:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")


def _of_profile() -> str | None:
    from botocore.session import Session  # noqa: PLC0415 - most name it in the environment

    found = Session().get_config_variable("region")
    return str(found) if found else None

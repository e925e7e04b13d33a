"""What users put into requests: values as data, and fields that win over ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rlcore.errors import InvalidArgument


def merged(document: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request with fields replaced, structure by structure; None takes a field away."""
    found = dict(document)
    for name, value in overrides.items():
        if value is None:
            found.pop(name, None)
        elif isinstance(value, Mapping) and isinstance(found.get(name), Mapping):
            found[name] = merged(found[name], value)
        else:
            found[name] = plain(value)
    return found


def check_overrides(overrides: Any, names: Mapping[str, str]) -> None:
    """See that overrides are a mapping, and leave names to the arguments that give them.

    Args:
        overrides: What the user puts into a request.
        names: Fields that they may not have, and the argument for each.
    """
    if not isinstance(overrides, Mapping):
        msg = f"request_overrides must be a dictionary of fields; {overrides!r} was given."
        raise InvalidArgument(msg)
    for field, argument in names.items():
        if field in overrides:
            msg = f"request_overrides cannot give {field}: it is {argument}=..."
            raise InvalidArgument(msg)


def plain(value: Any) -> Any:
    """Return a value as data: the SDK's objects by what they send, collections as their builtins.

    The SDK's classes have `_to_request_dict` or `to_request_dict`, as `DebuggerHookConfig`.
    """
    for method in ("_to_request_dict", "to_request_dict", "to_debugger_rule_config_dict"):
        if hasattr(value, method):
            return plain(getattr(value, method)())
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return value

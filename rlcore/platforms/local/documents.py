"""Job requests as plain data, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from rlcore.spec import (
    Channel,
    Environment,
    JobRequest,
    MetricDefinition,
    Resources,
    ToolkitRelease,
    Unavailable,
)


def plain(value: Any) -> Any:
    """Return records, mappings and sequences as what JSON knows; strange objects as text."""
    if attrs.has(type(value)):
        return {name: plain(getattr(value, name)) for name in attrs.fields_dict(type(value))}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return str.__str__(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str(value)


def request(document: Mapping[str, Any]) -> JobRequest:
    """Return the request that `plain` made *document* from."""
    metrics = document["metric_definitions"]
    records = {
        "release": release(document["release"]) if document["release"] else None,
        "metric_definitions": (
            None if metrics is None else tuple(MetricDefinition(**metric) for metric in metrics)
        ),
        "channels": tuple(Channel(**channel) for channel in document["channels"]),
        "resources": Resources(**document["resources"]),
    }
    return JobRequest(**{**document, **records})


def release(document: Mapping[str, Any]) -> ToolkitRelease:
    """Return the release that `plain` made *document* from."""
    environments = {name: _environment(document[name]) for name in ("training", "serving")}
    return ToolkitRelease(**{**document, **environments})


def _environment(document: Mapping[str, Any]) -> Environment | Unavailable:
    return Unavailable(**document) if "reason" in document else Environment(**document)

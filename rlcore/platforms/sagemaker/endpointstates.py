"""The service's words for the states of endpoints, and ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from rlcore.endpoints import EndpointState, EndpointStatus
from rlcore.platforms.sagemaker.requests import TOOLKIT_TAGS

if TYPE_CHECKING:
    from collections.abc import Mapping

STATES = {
    "Creating": EndpointState.CREATING,
    "InService": EndpointState.IN_SERVICE,
    "Updating": EndpointState.IN_SERVICE,  # the old hosts answer meanwhile
    "SystemUpdating": EndpointState.IN_SERVICE,
    "RollingBack": EndpointState.IN_SERVICE,
    "OutOfService": EndpointState.OUT_OF_SERVICE,
    "Deleting": EndpointState.OUT_OF_SERVICE,
    "Failed": EndpointState.FAILED,
    "UpdateRollbackFailed": EndpointState.FAILED,
}
"""By the service's `EndpointStatus`."""


@attrs.frozen
class Served:
    """What an endpoint serves: its model's name, archive and release; empty where that is gone."""

    model: str = ""
    model_data: str = ""
    release: str = ""


def endpoint_status(found: Mapping[str, Any], served: Served) -> EndpointStatus:
    """Return a status, from what DescribeEndpoint or a line of ListEndpoints tells."""
    state = STATES[found["EndpointStatus"]]
    return EndpointStatus(
        name=found["EndpointName"],
        state=state,
        stage="" if state is EndpointState.IN_SERVICE else found["EndpointStatus"],
        failure_reason=found.get("FailureReason"),
        created_at=found["CreationTime"].timestamp(),
        model_data=served.model_data,
        release=served.release,
        policies=None,  # the archive, which may be large, would have to be fetched
    )


def release_text(tags: Mapping[str, str]) -> str:
    """Return what trained, for lists, by our tags; empty where there are none."""
    toolkit, version, framework = map(tags.get, TOOLKIT_TAGS)
    return " ".join(filter(None, (toolkit, version, framework and f"({framework})")))

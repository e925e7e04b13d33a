"""The frozen records of what comes after training: models, deployments, endpoints, answers."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from rlcore.spec import ToolkitRelease, frozen_mapping


@attrs.frozen(kw_only=True)
class Container:
    """A model container of the hosting service, as data."""

    image_uri: str
    model_data: str
    environment: Mapping[str, str] = attrs.field(factory=dict, converter=frozen_mapping)


@attrs.frozen(kw_only=True)
class ModelRequest:
    """What a `Model` is made from.

    Attributes:
        name: The model's name; None for one that the hosting platform makes.
        release: The toolkit release that trained it; None for an image of one's own.
        model_data: Address of `model.tar.gz`.
        role: The role that hosting uses, where there is one.
        image_uri: An image that wins over the release's.
        entry_point: Inference script, if any, relative to the root of its source archive.
        source_uri: Address of the source archive that holds it.
        environment: Environment variables of the model's container.
        container_log_level: Level of `logging` for the container.
        options: Every other argument, by its second-generation name, that was given.
    """

    name: str | None = None
    release: ToolkitRelease | None
    model_data: str
    role: str | None = None
    image_uri: str | None = None
    entry_point: str | None = None
    source_uri: str | None = None
    environment: Mapping[str, str] = attrs.field(factory=dict, converter=frozen_mapping)
    container_log_level: int = 20
    options: Mapping[str, Any] = attrs.field(factory=dict, converter=frozen_mapping)


@attrs.frozen(kw_only=True)
class Deployment:
    """Everything that a hosting platform needs to bring a model into service.

    Attributes:
        name: The endpoint's unique name.
        model: The model.
        instance_type: What it runs on: `local`, `local_gpu` or an `ml.*` type.
        instance_count: Number of hosts.
        tags: The endpoint's tags, name to value.
        options: Every other argument, by its second-generation name, that was given.
        container: Returns the container of a model like this one: from its request, once all of it
            is where hosting reads it, the region, the instance type and the accelerator.
    """

    name: str
    model: ModelRequest
    instance_type: str = "local"
    instance_count: int = 1
    tags: Mapping[str, str] = attrs.field(factory=dict, converter=frozen_mapping)
    options: Mapping[str, Any] = attrs.field(factory=dict, converter=frozen_mapping)
    container: Callable[[ModelRequest, str, str, str | None], Container] | None = attrs.field(
        default=None, repr=False, eq=False
    )


class EndpointState(enum.Enum):
    """State of an endpoint, in the hosting service's words."""

    CREATING = "Creating"
    IN_SERVICE = "InService"
    OUT_OF_SERVICE = "OutOfService"
    FAILED = "Failed"


@attrs.frozen(kw_only=True)
class EndpointStatus:
    """An endpoint as its platform sees it now. Times are seconds since the epoch, UTC.

    Attributes:
        name: The endpoint's name.
        state: Its state; out of service while no worker can be started again.
        stage: What it is doing while it is being created, e.g. `Building environment`.
        failure_reason: Why it failed, or why it is out of service.
        created_at: When it was asked for.
        url: Address of the HTTP server, where there is one.
        model_data: Address of the model that it serves.
        release: `toolkit version (framework version)` for lists.
        policies: Names of the policies that `act` may ask; empty for a model without `policy.json`,
            None where hosting does not tell.
        requests: How many requests were answered.
        outside: How many observations were outside their space's bounds.
        restarts: How often a worker died and was started again.
    """

    name: str
    state: EndpointState
    stage: str = ""
    failure_reason: str | None = None
    created_at: float
    url: str | None = None
    model_data: str
    release: str = ""
    policies: tuple[str, ...] | None = ()
    requests: int = 0
    outside: int = 0
    restarts: int = 0


@attrs.frozen(kw_only=True)
class Answer:
    """What an endpoint answered to a request that succeeded."""

    body: bytes
    content_type: str

"""Bringing a model into service, and waiting until it is."""

from __future__ import annotations

import io
from typing import Any

import attrs
import pytest
from memory_hosting import HostingMemoryPlatform, MemoryHosting

from rlcore import startup
from rlcore.endpoints import Deployment, EndpointState, EndpointStatus, ModelRequest
from rlcore.errors import (
    EndpointExists,
    EndpointFailed,
    InvalidArgument,
    PlatformError,
    UnknownPlatform,
)
from rlcore.platforms.local.hosting import LocalHosting

MODEL = ModelRequest(release=None, model_data="file:///m.tar.gz", image_uri="host/my-image:1")


class Clock:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.now = 0.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.now += seconds
        self.waits.append(seconds)


def waited(hosting: MemoryHosting) -> tuple[EndpointStatus, str, Clock]:
    """Wait for an endpoint; return its status, what a person saw, and the clock."""
    hosting.deploy(Deployment(name="e", model=MODEL), None)
    seen, clock = io.StringIO(), Clock()
    status = startup.wait_until_in_service(
        hosting, "e", stream=seen, clock=clock, sleep=clock.sleep
    )
    return status, seen.getvalue(), clock


def test_each_stage_is_told_once() -> None:
    """A person sees what the endpoint does, and when it is there."""
    status, seen, clock = waited(MemoryHosting(stages=["Unpacking", "Unpacking", "Loading"]))

    assert EndpointState.IN_SERVICE is status.state
    assert "e: Unpacking\ne: Loading\ne: in service\n" == seen
    assert 3 == len(clock.waits)


def test_what_takes_long_is_asked_less_often() -> None:
    """A short wait is looked at often, a long one seldom."""
    clock = waited(MemoryHosting(stages=["Building environment"] * 300))[2]

    assert (0.02, 5.0) == (clock.waits[0], clock.waits[-1])
    assert sorted(clock.waits) == clock.waits


def test_a_failure_tells_why() -> None:
    """The error has the reason, and what to do."""
    with pytest.raises(EndpointFailed) as raised:
        waited(MemoryHosting(failure="the model is damaged"))

    assert "Error hosting endpoint e: Failed. Reason: the model is damaged" in str(raised.value)
    assert "rlcore delete e" in str(raised.value)
    assert "e" == raised.value.endpoint_name


def test_out_of_service_is_not_the_end() -> None:
    """A worker that died while it loaded is started again: that is waited for."""

    class Restarting(MemoryHosting):
        looks = 0

        def describe(self, name: str) -> EndpointStatus:
            self.looks += 1
            status = super().describe(name)
            out = self.looks < 3
            return attrs.evolve(status, state=EndpointState.OUT_OF_SERVICE) if out else status

    assert EndpointState.IN_SERVICE is waited(Restarting())[0].state


def test_ctrl_c_ends_the_waiting_alone() -> None:
    """The endpoint goes on, and a person is told how to come back."""

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    hosting, seen = MemoryHosting(stages=["Loading"]), io.StringIO()
    hosting.deploy(Deployment(name="e", model=MODEL), None)

    with pytest.raises(KeyboardInterrupt):
        startup.wait_until_in_service(hosting, "e", stream=seen, sleep=interrupt)

    assert 'Predictor("e", platform="memory")' in seen.getvalue()
    assert "rlcore delete e --platform memory" in seen.getvalue()
    assert ["e"] == list(hosting.deployed)


def place(own: Any = None, **given: Any) -> Any:
    """Return the hosting that would be taken."""
    return startup.hosting(startup.arguments_of(given), own)


def test_where_to_deploy() -> None:
    """What is given, then an instance type of this machine, then where was trained."""
    memory = HostingMemoryPlatform()

    assert memory.hosting is place(own=memory)
    assert memory.hosting is place(own=memory, instance_type="memory.large")
    assert memory.hosting is place(own="local", platform=memory)
    assert isinstance(place(), LocalHosting)
    assert isinstance(place(own=memory, instance_type="local"), LocalHosting)
    assert isinstance(place(own="sagemaker", instance_type="local"), LocalHosting)


def test_places_that_serve_nothing() -> None:
    """A platform that is not there, or only trains, is an error that says so."""
    from memory_platform import MemoryPlatform  # noqa: PLC0415 - the only test that needs it

    with pytest.raises(UnknownPlatform, match="Did you mean 'sagemaker'"):
        place(platform="sagemakr")
    with pytest.raises(PlatformError, match='serves no models. .* platform="local"'):
        place(own=MemoryPlatform())


def test_the_deployment_holds_everything() -> None:
    """Every argument has its place: a field, or the options."""
    hosting = MemoryHosting()
    given = startup.arguments_of(
        {
            "endpoint_name": "e",
            "initial_instance_count": 2,
            "instance_type": "memory.large",
            "tags": [{"Key": "k", "Value": "v"}],
            "kms_key": "key",
            "strict": True,
        }
    )

    assert "e" == startup.start(hosting, MODEL, None, given)

    assert hosting.deployed["e"] == Deployment(
        name="e",
        model=MODEL,
        instance_type="memory.large",
        instance_count=2,
        tags={"k": "v"},
        options={"kms_key": "key", "strict": True},
    )


def test_names_made_from_the_time_never_collide() -> None:
    """Many endpoints at once each get a name of their own, after the image or release."""
    hosting, given = MemoryHosting(), startup.arguments_of({})

    names = [startup.start(hosting, MODEL, None, given) for _ in range(20)]

    assert 20 == len(set(names))
    assert names[0].startswith("my-image-20")


def test_a_name_that_is_taken() -> None:
    """A name that was given is not changed behind the caller's back."""
    hosting, given = MemoryHosting(), startup.arguments_of({"endpoint_name": "e"})
    startup.start(hosting, MODEL, None, given)

    with pytest.raises(EndpointExists):
        startup.start(hosting, MODEL, None, given)


@pytest.mark.parametrize("name", ["my_endpoint", "-", "x" * 64, 3])
def test_a_name_that_is_none(name: Any) -> None:
    """A name that a service would refuse is refused everywhere."""
    with pytest.raises(InvalidArgument, match="is not the name of an endpoint|must be a string"):
        startup.start(MemoryHosting(), MODEL, None, startup.arguments_of({"endpoint_name": name}))


def test_a_model_that_is_made_takes_no_more() -> None:
    """What belongs to the model is said when it is made."""
    with pytest.raises(InvalidArgument, match="entry_point: the model is made already"):
        startup.arguments_of({"entry_point": "inference.py"})

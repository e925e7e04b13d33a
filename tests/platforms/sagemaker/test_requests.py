"""Parts of a job's request that several requests share."""

from __future__ import annotations

from rlcore.platforms.sagemaker import requests
from rlcore.registry import default_registry

RAY = default_registry().toolkit("ray.pytorch").release("2.60.0")


def test_tags() -> None:
    """The user's, and those that name the release; a name has one value, which is the user's."""
    ours = {
        "rlcore:toolkit": "ray",
        "rlcore:toolkit_version": "2.60.0",
        "rlcore:framework": "pytorch",
    }
    own = {"rlcore:toolkit_version": "2.60.0-patched", "team": "rl"}

    def tags(given: dict[str, str]) -> dict[str, str]:
        found = requests.tags(given, RAY)
        assert len(found) == len({each["Key"] for each in found})
        return {each["Key"]: each["Value"] for each in found}

    assert ours == tags({})
    assert {**ours, **own} == tags(own)
    assert [{"Key": "team", "Value": "rl"}] == requests.tags({"team": "rl"}, None)

"""What the checks of one plugin share: who is checked, what it cannot do, how a check fails."""

from __future__ import annotations

import functools
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import metadata
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import pytest

from rlcore.errors import PluginError, RLCoreError
from rlcore.registry import TOOLKITS, ToolkitRegistry
from rlcore.testing.contracts.records import CapturedLog, ShortTraining
from rlcore.toolkit import DISABLE

if TYPE_CHECKING:
    from rlcore.spec import ToolkitRelease
    from rlcore.toolkit import Toolkit


Test = TypeVar("Test", bound=Callable[..., Any])

CAPABILITIES = {
    "hashes": "every requirement has the hashes of its files, or none has",
    "images": "SageMaker has images that it trains in",
    "gpu_images": "there are images for GPUs",
    "distinct_images": "each version has an image of its own",
    "release_from_image": "a release can be read back from the address of its image",
    "captured_logs": "its metrics are found in a captured log",
    "training": "a short training runs on this machine",
    "deployment": "the policy of a training can be deployed",
    "evaluation": "a deployed policy can be compared with the one that was trained",
    "evaluation_kept": "policy.json keeps the episodes that the training played of its policy",
}
"""What a toolkit can do, unless it says under `cannot` that it does not."""


class Checks:
    """One plugin key under test. The attributes are told in `ToolkitContract`."""

    key: ClassVar[str] = ""
    logs: ClassVar[tuple[CapturedLog, ...]] = ()
    training: ClassVar[ShortTraining | tuple[ShortTraining, ...]] = ()
    cannot: ClassVar[Mapping[str, str]] = {}
    regions: ClassVar[tuple[str, ...]] = ("us-east-1", "us-west-2", "eu-west-1", "ap-northeast-1")

    def _toolkit(self) -> Toolkit:
        """Return the plugin, as core sees it; where it does not load, another check tells why."""
        try:
            return installed().toolkit(self.key)
        except RLCoreError:
            pytest.skip(f"the plugin {self.key!r} does not load; see the check of its hooks")

    def _releases(self) -> list[ToolkitRelease]:
        """Return its releases; where they cannot be had, another check tells why."""
        toolkit = self._toolkit()
        try:
            return [toolkit.release(version) for version in toolkit.known_versions()]
        except RLCoreError:
            pytest.skip(f"{self.key!r} does not answer for its versions; see the check of these")

    def _trainings(self) -> tuple[ShortTraining, ...]:
        given = self.training
        return (given,) if isinstance(given, ShortTraining) else tuple(given)

    def _able(self, capability: str) -> None:
        """Skip the check of something that the toolkit cannot do."""
        reason = self.cannot.get(capability)
        if reason is not None:
            pytest.skip(f"{self.key} has no {capability.replace('_', ' ')}: {reason}")

    def _unable(self, capability: str, version: str) -> bool:
        """Tell whether the toolkit, or one version of it, is said not to be able to."""
        return bool({capability, f"{capability}:{version}"} & set(self.cannot))

    def _verdict(self, problems: Iterable[str], cure: str) -> None:
        """Fail with all that was found, and what to do; problems that a hook raised are told so."""
        found = list(dict.fromkeys(_told(problems)))
        if found:
            listed = "".join(f"\n  - {problem}" for problem in found)
            pytest.fail(f"{self.key}:{listed}\nWhat to do: {cure}", pytrace=False)


def _told(problems: Iterable[str]) -> Iterator[str]:
    try:
        yield from problems
    except PluginError as error:
        yield str(error)


def installed() -> ToolkitRegistry:
    """Return the registry of the toolkits that are installed now, without any extension.

    A test may have changed the path since it was asked last.
    """
    return _registry(tuple(sys.path), os.environ.get(DISABLE, ""))


@functools.lru_cache(maxsize=1)
def _registry(path: tuple[str, ...], disabled: str) -> ToolkitRegistry:
    del path
    return ToolkitRegistry(metadata.entry_points(group=TOOLKITS), environ={DISABLE: disabled})


def marked(name: str, *arguments: Any) -> Callable[[Test], Test]:
    """Return the marker where the run's configuration allows it, else what marks nothing.

    With `--strict-markers`, one that a stranger's configuration does not know would stop the run;
    with warnings as errors, so would the warning.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pytest.PytestUnknownMarkWarning)
        try:
            marker = getattr(pytest.mark, name)
        except pytest.fail.Exception:
            return lambda test: test
    decorated: Callable[[Test], Test] = marker(*arguments) if arguments else marker
    return decorated

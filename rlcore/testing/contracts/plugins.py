"""Checks of the plugin itself: its key, its hooks, what its import does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from rlcore.cli.probe import Examination, examine
from rlcore.errors import PluginError, did_you_mean
from rlcore.registry import TOOLKITS
from rlcore.testing.contracts.base import CAPABILITIES, Checks, installed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rlcore.toolkit import Listing


_PROCESSOR_SECONDS = 0.02
_SECONDS = 0.25  # Waiting counts, too; far above the other, since the machine may be busy.
_ATTEMPTS = 5
_VARIABLES = {"HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "TMPDIR"}
_KEPT = pytest.StashKey[dict[str, Examination]]()


class PluginChecks(Checks):
    """Whether the plugin comes in by the door, and behaves."""

    def test_its_flags_are_known(self) -> None:
        """What the toolkit cannot do is named as the contract names it, each with a reason."""
        told = "; ".join(f"{name}, {what}" for name, what in CAPABILITIES.items())
        cure = f"capabilities are: {told}. One of a single version is 'capability:version'."
        self._verdict(self._of_flags_given(), cure)

    def test_its_key_is_installed(self) -> None:
        """Installed metadata names the key, once, in characters that the estimator can spell."""
        self._listing()

    def test_its_hooks_fit_their_specifications(self) -> None:
        """The plugin loads: each hook is there, none is misspelt or asks for other arguments."""
        if self.key not in installed().keys():  # noqa: SIM118 - a method, no mapping
            pytest.skip(f"no plugin has the key {self.key!r}; see the check of the key")
        try:
            installed().toolkit(self.key)
        except PluginError as error:
            pytest.fail(str(error), pytrace=False)

    def test_its_import_loads_core_and_the_standard_library_alone(
        self, request: pytest.FixtureRequest
    ) -> None:
        """Importing the plugin imports neither its toolkit nor boto3 nor anything of that kind."""
        found = self._examined(request)
        cure = (
            "import what is heavy inside the functions that need it, in the script's side at best."
        )
        self._verdict((f"its import loads {name}" for name in found.imported), cure)

    def test_its_import_prints_nothing(self, request: pytest.FixtureRequest) -> None:
        """Importing the plugin, and asking it for its releases, writes nothing to the terminal."""
        found = self._examined(request)
        cure = "remove the print, or the warning's cause."
        self._verdict((f"it printed {line!r}" for line in found.printed.splitlines()), cure)

    def test_its_import_changes_no_global_state(self, request: pytest.FixtureRequest) -> None:
        """Environment variables, paths, warnings, logging, signals and such stay as they are."""
        found = self._examined(request)
        cure = "set such things inside the job, on the script's side."
        self._verdict((f"its import changes {name}" for name in found.changed), cure)

    def test_its_import_is_fast(self, request: pytest.FixtureRequest) -> None:
        """Importing the plugin takes under 20 ms of processor time, core's own apart."""
        found = [self._examined(request)]
        while len(found) < _ATTEMPTS and any(_slow(found)):
            found.append(self._fresh(request))
        cure = "read files and compile patterns when a hook is asked, not before."
        self._verdict(_slow(found), cure)

    def _of_flags_given(self) -> Iterator[str]:
        versions = [release.version for release in self._releases()]
        for flag, reason in self.cannot.items():
            name, colon, version = flag.partition(":")
            if name not in CAPABILITIES:
                nearest = did_you_mean(name, CAPABILITIES)
                yield f"cannot names {flag!r}, which is no capability.{nearest}"
            if colon and version not in versions:
                yield f"cannot names {flag!r}, but there are only {', '.join(versions)}"
            if not reason.strip():
                yield f"cannot gives no reason for {flag!r}"
        for name, given in (("captured_logs", self.logs), ("training", self._trainings())):
            if name in self.cannot and given:
                yield f"cannot names {name!r}, but one is given"

    def _listing(self) -> Listing:
        listings = [each for each in installed().available() if each.key == self.key]
        keys = ", ".join(installed().keys()) or "none"
        cure = (
            "name it as the entry point of the group 'rlcore.toolkits' in pyproject.toml, and"
            " install the distribution again."
        )
        if not listings:
            missing = f"no installed distribution names the key {self.key!r}; installed are {keys}"
            self._verdict([missing], cure)
        self._verdict([each.problem for each in listings if each.problem], cure)
        return listings[0]

    def _examined(self, request: pytest.FixtureRequest) -> Examination:
        """Load the plugin in a process of its own, once for all checks of it."""
        kept = request.session.stash.setdefault(_KEPT, {})
        if self.key not in kept:
            kept[self.key] = self._fresh(request)
        return kept[self.key]

    def _fresh(self, request: pytest.FixtureRequest) -> Examination:
        self._toolkit()
        # This process may have imported the plugin: what that did to it must not be passed on.
        plain = {name: value for name, value in os.environ.items() if name in _VARIABLES}
        folder = request.config.invocation_params.dir
        return examine(self._listing(), TOOLKITS, env=plain, cwd=folder)


def _slow(found: list[Examination]) -> Iterator[str]:
    processor = min(each.processor_seconds for each in found)
    seconds = min(each.seconds for each in found)
    if processor > _PROCESSOR_SECONDS:
        yield f"its import takes {processor * 1000:.0f} ms of processor time, of 20 allowed"
    elif seconds > _SECONDS:
        yield f"its import takes {seconds * 1000:.0f} ms, most of which it waits"

"""Checks of metric definitions, against what a release really printed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from rlcore.errors import PluginError
from rlcore.metrics import LearningCurve, MetricParser
from rlcore.spec import LogEvent, MetricDefinition
from rlcore.testing.contracts.base import Checks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rlcore.testing.contracts.records import CapturedLog


_MOST, _LONGEST_NAME, _LONGEST_REGEX = 40, 255, 500  # What the training service takes.
_SHOWN = 6


class MetricChecks(Checks):
    """Whether the metrics find what the toolkit prints."""

    def test_its_metrics_can_be_used(self) -> None:
        """Each regular expression compiles, has a group for the value, and a name of its own."""
        cure = "write e.g. MetricDefinition(name='reward', regex='reward=([0-9.e+-]+)')."
        self._verdict(self._of_definitions(), cure)

    def test_its_metrics_read_a_captured_log(self, log: CapturedLog | None) -> None:
        """In lines that the release really printed, a metric finds the values and their steps."""
        if log is None:
            self._able("captured_logs")
            missing = "no captured log is given, so that nobody knows whether its metrics match"
            cure = "run the toolkit, keep what it prints, and give logs = (CapturedLog(...),)."
            self._verdict([missing], cure)
            return
        cure = "mend the regular expression or the step pattern, or the expected figures."
        self._verdict(self._of_log(log), cure)

    def _of_definitions(self) -> Iterator[str]:
        toolkit = self._toolkit()
        for release in self._releases():
            try:
                metrics = toolkit.default_metrics(release)
            except PluginError as error:
                yield str(error)
                continue
            names = [metric.name for metric in metrics]
            problems = [problem for metric in metrics for problem in _of(metric)]
            problems += [
                f"two metrics are called {name!r}" for name in set(names) if names.count(name) > 1
            ]
            if not metrics and "captured_logs" not in self.cannot:
                problems.append("default_metrics is empty; say cannot={'captured_logs': reason}")
            if len(metrics) > _MOST:
                problems.append(f"{len(metrics)} metrics; the service takes {_MOST}")
            if release.step_pattern is not None:
                problems += _of_regex(release.step_pattern, "step_pattern")
            yield from (f"{release}: {problem}" for problem in problems)

    def _of_log(self, log: CapturedLog) -> Iterator[str]:
        found = [release for release in self._releases() if release.version == log.version]
        if not found:
            yield f"{log} is of a version that known_versions does not list"
            return
        if any(self._of_definitions()):
            pytest.skip("the metrics cannot be used; see the check of them")
        definitions = self._toolkit().default_metrics(found[0])
        if log.metric not in {each.name for each in definitions}:
            names = ", ".join(each.name for each in definitions)
            yield f"{found[0]} has no metric {log.metric!r}; there are {names}"
            return
        if not log.path.is_file():
            yield f"there is no captured log {log.path}"
            return
        lines = log.path.read_text(encoding="utf-8", errors="replace").splitlines()
        events = (LogEvent(timestamp=0.0, host="algo-1", message=line) for line in lines)
        curve = LearningCurve.from_events(events, MetricParser(definitions, found[0].step_pattern))
        series = curve.series(log.metric)
        for what, read, expected in (
            ("values", series.values, log.values),
            ("steps", series.steps, log.steps),
        ):
            if expected is not None and list(read) != pytest.approx(list(expected)):
                told = f"{_shown(read)} instead of {_shown(expected)}"
                yield f"{what} of {log.metric!r} in {log.path.name}: {told}"


def _of(metric: MetricDefinition) -> Iterator[str]:
    if not metric.name or len(metric.name) > _LONGEST_NAME:
        yield f"the name {metric.name!r} is not between 1 and {_LONGEST_NAME} characters long"
    if len(metric.regex) > _LONGEST_REGEX:
        yield f"{metric.name!r} has {len(metric.regex)} characters; the service takes 500"
    yield from _of_regex(metric.regex, repr(metric.name))


def _of_regex(regex: str, name: str) -> list[str]:
    try:
        groups = re.compile(regex).groups
    except re.error as error:
        return [f"{name} is no regular expression, {regex!r}: {error}"]
    return [] if groups else [f"{name} has no group that captures a value: {regex!r}"]


def _shown(figures: tuple[float | None, ...]) -> str:
    first = [*map(str, figures[:_SHOWN]), *["..."] * (len(figures) > _SHOWN)]
    return f"{len(figures)} ({', '.join(first)})"

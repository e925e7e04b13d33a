"""Whether an environment is fit for training: asked before money is spent on it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

import attrs

from rlcore.errors import InvalidArgument
from rlcore.evaluation.engine import plain_kwargs
from rlcore.evaluation.player import ask
from rlcore.evaluation.report import named
from rlcore.evaluation.workshop import to_stderr, workshop
from rlcore.spec import frozen_mapping

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from rlcore.evaluation.workshop import Log
    from rlcore.spec import ToolkitRelease

_PROBLEM = "problem"


@attrs.frozen(kw_only=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        topic: What.
        verdict: `ok`, `note`, `warning` or `problem`.
        detail: What there is to say.
    """

    topic: str
    verdict: str
    detail: str


@attrs.frozen(kw_only=True)
class CheckReport:
    """What the checks of an environment found; `print(report)` shows it.

    Attributes:
        env: The environment, a Gymnasium id or `module:factory`.
        env_kwargs: Its keyword arguments.
        where: The release in whose environment it was made, or the interpreter.
        findings: What was looked at, in order.
        steps_per_second: Its speed under random actions; None where it did not get so far.
    """

    env: str
    env_kwargs: Mapping[str, Any] = attrs.field(factory=dict, converter=frozen_mapping)
    where: str
    findings: tuple[Finding, ...]
    steps_per_second: float | None = None

    @property
    def ok(self) -> bool:
        """Whether no problem was found; warnings are none."""
        return all(finding.verdict != _PROBLEM for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "env": self.env,
            "env_kwargs": dict(self.env_kwargs),
            "where": self.where,
            "ok": self.ok,
            "findings": [attrs.asdict(finding) for finding in self.findings],
            "steps_per_second": self.steps_per_second,
        }

    def __str__(self) -> str:
        """Return a line for each finding; further lines of one are indented."""
        lines = [f"{named(self.env, self.env_kwargs)} in {self.where}", ""]
        width = max(len(finding.topic) for finding in self.findings)
        for finding in self.findings:
            first, *rest = finding.detail.splitlines() or [""]
            lines.append(f"{finding.verdict:<7}  {finding.topic:<{width}}  {first}".rstrip())
            lines.extend(f"{'':{width + 11}}{line}" for line in rest)
        if self.steps_per_second:
            lines.append(f"{'':7}  {'speed':<{width}}  {self.steps_per_second:,.0f} steps a second")
        count = sum(finding.verdict == _PROBLEM for finding in self.findings)
        lines += ["", "No problems." if self.ok else f"{count} problem{'s' * (count > 1)}."]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"


def check_environment(  # noqa: PLR0913 - all but the first are named at the call
    env: str,
    *,
    release: ToolkitRelease | None = None,
    source: str | os.PathLike[str] | None = None,
    env_kwargs: Mapping[str, Any] | None = None,
    steps: int = 10000,
    python: Path | None = None,
    log: Log = to_stderr,
) -> CheckReport:
    """Look at an environment from all sides, in the environment of a toolkit's release.

    Args:
        env: A Gymnasium id or `module:factory`.
        release: The release.
        source: Folder or archive of the user's modules, where the environment is one of them.
        env_kwargs: Keyword arguments of the environment.
        steps: How many random steps to take.
        python: An interpreter to take instead of the release's environment.
        log: Takes each line of progress; they go to stderr by default.

    Raises:
        EvaluationFailed: The environment ended the process that it was looked at in.
        InvalidArgument: An argument is not allowed.
    """
    if steps < 1:
        msg = f"steps must be a whole number from 1; {steps!r} was given."
        raise InvalidArgument(msg)
    kwargs = plain_kwargs(env_kwargs or {})
    with workshop(release, source, python=python, log=log) as place:
        task = {"task": "check", "env": env, "env_kwargs": kwargs, "steps": steps}
        found = ask(place, {**task, "packages": place.packages})
    return CheckReport(
        env=env,
        env_kwargs=kwargs,
        where=str(python or release),
        findings=tuple(Finding(**each) for each in found["findings"]),
        steps_per_second=found["steps_per_second"],
    )

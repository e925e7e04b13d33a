"""What a training job does and when: a pure function of its scenario and of what is asked of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import attrs

IN_PROGRESS, STOPPING = "InProgress", "Stopping"
FINAL = frozenset({"Completed", "Failed", "Stopped"})
"""The states that a job does not leave."""

_MESSAGES = {
    "Pending": "Training job waiting for capacity",
    "Starting": "Preparing the instances for training",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Uploading": "Uploading generated training model",
    "Stopping": "Stopping the training job",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
    "MaxWaitTimeExceeded": "Waiting for capacity exceeded MaxWaitTimeInSeconds provided",
    "Interrupted": "Training job interrupted: spot capacity was reclaimed",
}
_WITHOUT_UPLOAD = ("Interrupted", "MaxWaitTimeExceeded")
_OUTCOMES = ("Completed", "Failed", "Stopped", "MaxRuntimeExceeded", *_WITHOUT_UPLOAD)


def _lines(given: Iterable[tuple[float, int, str]]) -> tuple[tuple[float, int, str], ...]:
    return tuple(given)


@attrs.frozen(kw_only=True)
class JobScript:
    """What a training job of the fake does. Times are seconds.

    A job that is asked to stop, or that reaches the limits of its request, ends by that instead.

    Attributes:
        pending: How long it waits in a queue.
        starting: How long hosts are got for; longer than `MaxWaitTimeInSeconds` where none come.
        downloading: How long data is fetched.
        training: How long the script runs.
        stopping: How long the script takes to end once it is asked to, artefacts included.
        uploading: How long the artefacts are sent.
        lines: The log: seconds since the script began, number of the host from 1, and text.
        late: Hosts that write later than the others: number, and seconds.
        outcome: `Completed`, `Failed`, `Stopped`, `MaxRuntimeExceeded`, `MaxWaitTimeExceeded` for
            hosts that never come, or `Interrupted` for spot hosts that are taken away.
        failure_reason: Why it failed.
        billable: Share of the time that is paid for.
    """

    pending: float = 0.0
    starting: float = 60.0
    downloading: float = 20.0
    training: float = 300.0
    stopping: float = 20.0
    uploading: float = 20.0
    lines: tuple[tuple[float, int, str], ...] = attrs.field(default=(), converter=_lines)
    late: Mapping[int, float] = attrs.field(factory=dict)
    outcome: str = attrs.field(default="Completed", validator=attrs.validators.in_(_OUTCOMES))
    failure_reason: str | None = None
    billable: float = 1.0


class Step(NamedTuple):
    """A change of a job's state: when, and what it is from then on."""

    time: float
    status: str
    secondary: str

    @property
    def message(self) -> str:
        """The service's words on it."""
        return _MESSAGES[self.secondary]


def steps(
    scenario: JobScript,
    created: float,
    max_run: float,
    max_wait: float | None = None,
    stopped: float | None = None,
) -> list[Step]:
    """Return all that becomes of a job unless somebody stops it later.

    Args:
        scenario: What it does.
        created: When it was asked for.
        max_run: How long the script may run.
        max_wait: How long all of it may take, for spot jobs.
        stopped: When it was asked to stop.
    """
    planned = _undisturbed(scenario, created, max_run)
    planned = _within(planned, created, max_wait)
    return planned if stopped is None else _cut(planned, stopped, scenario.stopping)


def final_step(moment: float, outcome: str) -> Step:
    """Return the last step of a job, by what became of it."""
    return Step(moment, outcome if outcome in FINAL else "Stopped", outcome)


def _undisturbed(scenario: JobScript, created: float, max_run: float) -> list[Step]:
    start = created + scenario.pending
    download = start + scenario.starting
    queue = [Step(created, IN_PROGRESS, "Pending")] if scenario.pending else []
    found = [*queue, Step(start, IN_PROGRESS, "Starting")]
    if scenario.outcome == "MaxWaitTimeExceeded":
        return [*found, final_step(download, scenario.outcome)]
    train = download + scenario.downloading
    end = train + min(scenario.training, max_run)
    found += [Step(download, IN_PROGRESS, "Downloading"), Step(train, IN_PROGRESS, "Training")]
    outcome = "MaxRuntimeExceeded" if scenario.training > max_run else scenario.outcome
    if outcome in _WITHOUT_UPLOAD:
        return [*found, final_step(end, outcome)]
    upload = Step(end, IN_PROGRESS, "Uploading")
    return [*found, upload, final_step(end + scenario.uploading, outcome)]


def _within(planned: list[Step], created: float, max_wait: float | None) -> list[Step]:
    if max_wait is None or planned[-1].time - created <= max_wait:
        return planned
    end = created + max_wait
    return [*_before(planned, end), final_step(end, "MaxWaitTimeExceeded")]


def _cut(planned: list[Step], stopped: float, stopping: float) -> list[Step]:
    if stopped >= planned[-1].time:
        return planned
    end = final_step(stopped + stopping, "Stopped")
    return [*_before(planned, stopped), Step(stopped, STOPPING, "Stopping"), end]


def _before(planned: list[Step], moment: float) -> list[Step]:
    return [step for step in planned if step.time <= moment]

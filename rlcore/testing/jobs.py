"""The fake's training jobs: created once, moved by the clock, stopped, described, listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rlcore.testing.errors import invalid, taken
from rlcore.testing.metrics import Series, series
from rlcore.testing.pages import page
from rlcore.testing.timelines import FINAL, IN_PROGRESS, JobScript, Step, steps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LONGEST = 86400  # seconds that a job may run, unless its request says otherwise
_NOT_DESCRIBED = {"Tags", "SessionChainingConfig"}
_LISTED = (
    *("TrainingJobName", "TrainingJobArn", "CreationTime", "TrainingEndTime", "LastModifiedTime"),
    *("TrainingJobStatus", "SecondaryStatus"),
)
_SORTED_BY = {
    "Name": "TrainingJobName",
    "Status": "TrainingJobStatus",
    "CreationTime": "CreationTime",
}


class Job:
    """One training job.

    Attributes:
        request: What it was created with.
        script: What it does.
        arn: Its ARN.
        stopped: When it was asked to stop, if ever.
    """

    def __init__(
        self, request: Mapping[str, Any], arn: str, script: JobScript, clock: Callable[[], float]
    ) -> None:
        """Begin now."""
        self.request = dict(request)
        self.script = script
        self.arn = arn
        self.stopped: float | None = None
        self._clock = clock
        self._created = clock()
        self._written: list[tuple[float, int, str]] = []

    @property
    def name(self) -> str:
        """The job's name."""
        return str(self.request["TrainingJobName"])

    @property
    def hosts(self) -> int:
        """How many hosts it has."""
        resources = self.request["ResourceConfig"]
        groups = resources.get("InstanceGroups") or [resources]
        return sum(each.get("InstanceCount", 1) for each in groups)

    @property
    def status(self) -> str:
        """Its state now, as `TrainingJobStatus` has it."""
        return self.passed()[-1].status

    def steps(self) -> list[Step]:
        """Return all that becomes of it, as far as anybody knows now."""
        limits = self.request["StoppingCondition"]
        run = limits.get("MaxRuntimeInSeconds", _LONGEST)
        wait = limits.get("MaxWaitTimeInSeconds")
        return steps(self.script, self._created, run, wait, self.stopped)

    def passed(self) -> list[Step]:
        """Return the changes that there were."""
        now = self._clock()
        return [step for step in self.steps() if step.time <= now]

    def stop(self) -> None:
        """Ask it to end; one that is ending or has ended does as it did."""
        if self.status == IN_PROGRESS:
            self.stopped = self._clock()

    def close(self) -> None:
        """End what runs for it; here nothing does."""

    def write(self, host: int, text: str) -> None:
        """Write a line now, for a host that is numbered from 1."""
        self._written.append((self._clock(), host, text))

    def streams(self) -> dict[int, str]:
        """Return the names of the log's streams that there are, by the host's number."""
        began, now = self._began(), self._clock()
        if began is None:
            return {}
        return {
            host: f"{self.name}/algo-{host}-{int(began)}"
            for host in range(1, self.hosts + 1)
            if began + self.script.late.get(host, 0.0) <= now
        }

    def lines(self, host: int) -> list[tuple[float, str]]:
        """Return the lines of a host that were written, with their times."""
        written = [(time, text) for time, number, text in self._written if number == host]
        # Sorting keeps the order of lines that have one time.
        return sorted([*self._planned(host), *written], key=lambda line: line[0])

    def all_lines(self) -> list[tuple[float, str]]:
        """Return the lines of all hosts that were written, by time."""
        found = [line for host in range(1, self.hosts + 1) for line in self.lines(host)]
        return sorted(found, key=lambda line: line[0])

    def values(self) -> Series:
        """Return the values that its own definitions read from its lines, by metric."""
        definitions = self.request["AlgorithmSpecification"].get("MetricDefinitions", [])
        return series(definitions, self.all_lines())

    def description(self) -> dict[str, Any]:
        """Return what DescribeTrainingJob answers."""
        passed = self.passed()
        last = passed[-1]
        sent = {name: value for name, value in self.request.items() if name not in _NOT_DESCRIBED}
        return {
            **sent,
            "TrainingJobArn": self.arn,
            "TrainingJobStatus": last.status,
            "SecondaryStatus": last.secondary,
            "SecondaryStatusTransitions": _transitions(passed),
            "CreationTime": self._created,
            "LastModifiedTime": last.time,
            **self._artefacts(passed),
            **self._times(passed),
            **self._failure(last),
            **self._final_metrics(),
        }

    def summary(self) -> dict[str, Any]:
        """Return its line of ListTrainingJobs."""
        known = self.description()
        return {name: known[name] for name in _LISTED if name in known}

    def _planned(self, host: int) -> list[tuple[float, str]]:
        """Return the lines of its scenario that its script came to write."""
        began = self._began()
        if began is None:
            return []
        until = min(self._clock(), self._script_ended())
        wait = self.script.late.get(host, 0.0)
        found = [
            (began + max(wait, at), text) for at, each, text in self.script.lines if each == host
        ]
        return [line for line in found if line[0] <= until]

    def _began(self) -> float | None:
        passed = (step.time for step in self.passed() if step.secondary == "Training")
        return next(passed, None)

    def _script_ended(self) -> float:
        """Return when its script ended, since it was done, was stopped or ran out of time."""
        after = False
        for step in self.steps():
            if after:
                return step.time
            after = step.secondary == "Training"
        return float("inf")

    def _artefacts(self, passed: list[Step]) -> dict[str, Any]:
        """Return where the model is, once it was sent."""
        sent = any(step.secondary in {"Uploading", "Stopping"} for step in passed)
        if not sent or self._began() is None or passed[-1].status not in {"Completed", "Stopped"}:
            return {}
        root = self.request["OutputDataConfig"]["S3OutputPath"].rstrip("/")
        return {"ModelArtifacts": {"S3ModelArtifacts": f"{root}/{self.name}/output/model.tar.gz"}}

    def _times(self, passed: list[Step]) -> dict[str, Any]:
        started = next((step.time for step in passed if step.secondary == "Downloading"), None)
        if started is None:
            return {}
        found: dict[str, Any] = {"TrainingStartTime": started}
        if passed[-1].status in FINAL:
            took = int(passed[-1].time - started)
            found["TrainingEndTime"] = passed[-1].time
            found["TrainingTimeInSeconds"] = max(1, took)
            found["BillableTimeInSeconds"] = max(1, int(took * self.script.billable))
        return found

    def _failure(self, last: Step) -> dict[str, str]:
        if last.status != "Failed":
            return {}
        return {"FailureReason": self.script.failure_reason or "AlgorithmError: ExitCode 1"}

    def _final_metrics(self) -> dict[str, Any]:
        found = [
            {"MetricName": name, "Value": points[-1][1], "Timestamp": points[-1][0]}
            for name, points in self.values().items()
            if points
        ]
        return {"FinalMetricDataList": found} if found else {}


def _transitions(passed: list[Step]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for step in passed:
        if found:
            found[-1]["EndTime"] = step.time
        found.append(
            {"Status": step.secondary, "StartTime": step.time, "StatusMessage": step.message}
        )
    if passed[-1].status in FINAL:
        found[-1]["EndTime"] = passed[-1].time
    return found


class Jobs:
    """All training jobs of the fake.

    Args:
        arn: Returns the ARN of a resource, for its kind and name.
        clock: The time.
        make: Makes a job, from the arguments of `Job`.
    """

    def __init__(
        self,
        arn: Callable[[str, str], str],
        clock: Callable[[], float],
        make: Callable[..., Job] = Job,
    ) -> None:
        """There is none yet."""
        self.by_name: dict[str, Job] = {}
        self.scripts: dict[str | None, JobScript] = {None: JobScript()}
        self._arn = arn
        self._clock = clock
        self._make = make

    def create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer CreateTrainingJob."""
        name = request["TrainingJobName"]
        if name in self.by_name:
            msg = "Training job names must be unique within an AWS account and region"
            raise taken(msg)
        script = self.scripts.get(name, self.scripts[None])
        job = self._make(request, self._arn("training-job", name), script, self._clock)
        self.by_name[name] = job
        return {"TrainingJobArn": job.arn}

    def describe(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer DescribeTrainingJob."""
        return self._job(request).description()

    def stop(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer StopTrainingJob."""
        job = self._job(request)
        if job.status in FINAL:
            msg = f"The request was rejected because the training job is in status {job.status}."
            raise invalid(msg)
        job.stop()
        return {}

    def list(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer ListTrainingJobs, newest first unless it is asked for otherwise."""
        contained, status = request.get("NameContains", ""), request.get("StatusEquals")
        found = [
            each
            for each in (job.summary() for job in self.by_name.values())
            if contained in each["TrainingJobName"]
            and status in {None, each["TrainingJobStatus"]}
            and _within(each, request)
        ]
        key = _SORTED_BY[request.get("SortBy", "CreationTime")]
        descending = request.get("SortOrder", "Descending") == "Descending"
        found.sort(key=lambda each: each[key], reverse=descending)
        return page("TrainingJobSummaries", found, request)

    def _job(self, request: Mapping[str, Any]) -> Job:
        name = request["TrainingJobName"]
        if name not in self.by_name:
            msg = "Requested resource not found."
            raise invalid(msg)
        return self.by_name[name]


def _within(summary: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    """Tell whether a job was made and changed in the time that is asked about."""
    after, before = float("-inf"), float("inf")
    return all(
        request.get(f"{name}After", after) < summary[name] < request.get(f"{name}Before", before)
        for name in ("CreationTime", "LastModifiedTime")
    )

"""The frozen records that the rooms of rlcore hand to each other; collections are copied in."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs


class FrozenMapping(Mapping[str, Any]):
    """A read-only copy of a mapping; unlike a mapping proxy, it can be pickled and deep-copied."""

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, Any]) -> None:
        self._items = dict(items)

    def __getitem__(self, name: str) -> Any:
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"FrozenMapping({self._items})"


def frozen_mapping(value: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return a read-only copy of *value*; empty for None."""
    return FrozenMapping(value or {})


def _strings(value: Iterable[str]) -> tuple[str, ...]:
    if isinstance(value, str):
        msg = f"A sequence of strings is wanted, not the single string {value!r}."
        raise TypeError(msg)
    return tuple(value)


@attrs.frozen(kw_only=True)
class MetricDefinition:
    """A metric's name and the regular expression whose only group captures its value."""

    name: str
    regex: str


@attrs.frozen(kw_only=True)
class Environment:
    """A Python environment as data: an interpreter's specifier and locked requirements.

    Attributes:
        python: Version specifier of the interpreter, e.g. `>=3.10,<3.14`.
        requirements: Every distribution of the environment, pinned, without local versions, with
            the hashes of its files where they are known.
    """

    python: str
    requirements: tuple[str, ...] = attrs.field(converter=_strings, repr=False)


@attrs.frozen(kw_only=True)
class Unavailable:
    """Why an environment does not exist; raised as `ReleaseUnavailable` when asked for."""

    reason: str


@attrs.frozen(kw_only=True)
class ToolkitRelease:
    """One version of a toolkit on one framework, and all that the core needs to know of it.

    Attributes:
        toolkit: Name of the toolkit.
        version: The version as written by the user; `0.11` and `0.11.0` may differ.
        framework: Name of the framework, None for a toolkit without one.
        framework_version: Version of the framework that belongs to this release.
        training: The environment that trains it on this machine, or why there is none.
        serving: The environment that serves its policies, or why there is none.
        native_serving: The environment that serves models in the framework's own format and code of
            the user's, where that is another one.
        display: Whether scripts may want to draw: they get a display of their own where Xvfb is
            installed.
        inspection: Module that looks at the model of a job that has succeeded, in the job's own
            environment, and says what is wrong with it.
        image_requirements: What a deep-learning image lacks, without the framework itself.
        script_packages: Import names of the script-side packages that travel with the source.
        step_pattern: Regular expression with one group, the step, where metrics carry none.
        data: Facts that only the plugin reads.
    """

    toolkit: str
    version: str
    framework: str | None = None
    framework_version: str | None = None
    training: Environment | Unavailable
    serving: Environment | Unavailable
    native_serving: Environment | Unavailable | None = None
    display: bool = False
    inspection: str | None = None
    image_requirements: tuple[str, ...] = attrs.field(default=(), converter=_strings)
    script_packages: tuple[str, ...] = attrs.field(default=(), converter=_strings)
    step_pattern: str | None = None
    data: Mapping[str, Any] = attrs.field(
        factory=dict, converter=frozen_mapping, repr=False, eq=False
    )

    def __str__(self) -> str:
        """Return e.g. `ray 2.60.0 (pytorch 2.13.0)`."""
        framework = f" ({self.framework} {self.framework_version})" if self.framework else ""
        return f"{self.toolkit} {self.version}{framework}"


@attrs.frozen(kw_only=True)
class Channel:
    """One named input of a training job.

    Attributes:
        name: The channel's name; the data appears in `input/data/<name>`.
        uri: Where the data is: `s3://`, `file://`, or empty where *source* says it.
        content_type: MIME type, if any.
        input_mode: `File`, `FastFile` or `Pipe`; None for the job's own.
        source: Any other field of the service's Channel structure, as it spells them.
    """

    name: str
    uri: str
    content_type: str | None = None
    input_mode: str | None = None
    source: Mapping[str, Any] = attrs.field(factory=dict, converter=frozen_mapping)


@attrs.frozen(kw_only=True)
class Resources:
    """What a job runs on and how long it may.

    Attributes:
        instance_type: `local`, `local_gpu`, an `ml.*` type, or None.
        instance_count: Number of hosts.
        volume_size: Disk of each host, in GB.
        max_run: Time limit, in seconds.
    """

    instance_type: str | None = None
    instance_count: int = 1
    volume_size: int = 30
    max_run: int = 86400


@attrs.frozen(kw_only=True)
class JobRequest:
    """Everything that a platform needs to run a training job.

    Attributes:
        name: The job's unique name.
        release: The toolkit release; None when the user gave an image of their own.
        image_uri: The user's own image, which wins over the release's.
        entry_point: The script, relative to the root of the source archive.
        source_digest: SHA-256 of the uncompressed source archive; None for an S3 *source_uri*.
        source_uri: `s3://` address of an archive that is there already.
        hyperparameters: The user's own, with their types.
        metric_definitions: What to read from the log; None where the user gave an image alone.
        channels: The inputs, in the order given.
        resources: Hosts and limits.
        output_path: Where artefacts go, an address or a path; None for the platform's default.
        checkpoint_s3_uri: Where checkpoints are kept and found again.
        checkpoint_local_path: Where the script sees them.
        environment: Environment variables of the job.
        tags: The job's tags, name to value.
        options: Every other argument, by its second-generation name, that was given.
    """

    name: str
    release: ToolkitRelease | None = None
    image_uri: str | None = None
    entry_point: str
    source_digest: str | None = None
    source_uri: str | None = None
    hyperparameters: Mapping[str, Any] = attrs.field(factory=dict, converter=frozen_mapping)
    metric_definitions: tuple[MetricDefinition, ...] | None = None
    channels: tuple[Channel, ...] = ()
    resources: Resources = attrs.field(factory=Resources)
    output_path: str | None = None
    checkpoint_s3_uri: str | None = None
    checkpoint_local_path: str | None = None
    environment: Mapping[str, str] = attrs.field(factory=dict, converter=frozen_mapping)
    tags: Mapping[str, str] = attrs.field(factory=dict, converter=frozen_mapping)
    options: Mapping[str, Any] = attrs.field(factory=dict, converter=frozen_mapping)


@attrs.frozen(kw_only=True)
class Plan:
    """What a platform would do for a request: data to send and text to read.

    Attributes:
        platform: Name of the platform.
        request: The job as asked for.
        document: What the platform sends or stores when it starts, as plain data.
        text: The same for a person; `print(plan)` shows it.
    """

    platform: str
    request: JobRequest
    document: Mapping[str, Any] = attrs.field(converter=frozen_mapping)
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        from html import escape  # noqa: PLC0415 - a table of entities, for notebooks alone

        return f"<pre>{escape(self.text)}</pre>"


class JobState(enum.Enum):
    """State of a job; the last three are final."""

    PENDING = "Pending"
    RUNNING = "Running"
    STOPPING = "Stopping"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    STOPPED = "Stopped"

    @property
    def final(self) -> bool:
        """Whether the job has ended."""
        return self in {JobState.SUCCEEDED, JobState.FAILED, JobState.STOPPED}


@attrs.frozen(kw_only=True)
class JobStatus:
    """A job as its platform sees it now. Times are seconds since the epoch, UTC.

    Attributes:
        name: The job's name.
        state: Its state.
        stage: What it is doing, in the platform's words, e.g. `Building environment`.
        failure_reason: Why it failed, or why it was stopped.
        exit_code: Exit code of the training script.
        created_at: When it was asked for.
        started_at: When the training script started.
        ended_at: When it reached its final state.
        model_data: Address of `model.tar.gz`, once it is there.
        output_data: Address of `output.tar.gz`, once it is there.
        release: `toolkit version (framework version)` for lists.
        training_seconds: How long the hosts ran, for platforms that bill by it.
        billable_seconds: For how long of that a platform bills.
        warnings: What whoever deploys its model must know.
    """

    name: str
    state: JobState
    stage: str = ""
    failure_reason: str | None = None
    exit_code: int | None = None
    created_at: float
    started_at: float | None = None
    ended_at: float | None = None
    model_data: str | None = None
    output_data: str | None = None
    release: str = ""
    training_seconds: int | None = None
    billable_seconds: int | None = None
    warnings: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class LogEvent:
    """One line of a job's log: when (seconds since the epoch), which host, what."""

    timestamp: float
    host: str
    message: str

"""Watching a job: all that it says and becomes, in order, with as few calls as that takes."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError
from cloudwatch import CloudWatch, refused

from rlcore.errors import ServiceError
from rlcore.platforms.sagemaker import watching
from rlcore.platforms.sagemaker.session import AwsSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rlcore.spec import LogEvent

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
CUT = EndpointConnectionError(endpoint_url="https://logs")


class Logs(AwsSession):
    """A session whose only service is CloudWatch Logs."""

    def __init__(self, log: CloudWatch) -> None:
        """Hold it."""
        super().__init__()
        self._log = log

    def client(self, service: str, *, polling: bool = False) -> Any:
        """Return it."""
        assert (service, polling) == ("logs", True)
        return self._log


class Story:
    """A job whose life is told by the clock.

    Attributes:
        log: What its hosts write.
        hosts: How many there are.
        transitions: Second, state and message of each change.
        ends: When it ends.
        plot: What happens at some second of the clock.
        described: When it was described.
        errors: Raised by the next descriptions, one each.
        now: Seconds on the clock.
    """

    def __init__(self, log: CloudWatch, *, ends: float = 0.0, hosts: int = 1) -> None:
        """Begin."""
        self.log = log
        self.hosts = hosts
        self.transitions: list[tuple[float, str, str]] = []
        self.ends = ends
        self.plot: dict[float, Callable[[], None]] = {}
        self.described: list[float] = []
        self.pauses: list[float] = []
        self.errors: list[Exception] = []
        self.now = 0.0

    def describe(self, name: str) -> Mapping[str, Any]:
        """Answer as DescribeTrainingJob."""
        assert name == "job"
        self.described.append(self.now)
        if self.errors:
            raise self.errors.pop(0)
        final = self.now >= self.ends
        return {
            "TrainingJobStatus": "Completed" if final else "InProgress",
            "SecondaryStatus": "Completed" if final else "Training",
            "SecondaryStatusTransitions": [
                {
                    "StartTime": EPOCH + timedelta(seconds=time),
                    "Status": status,
                    "StatusMessage": message,
                }
                for time, status, message in self.transitions
                if time <= self.now
            ],
            "ResourceConfig": {"InstanceCount": self.hosts},
            "LastModifiedTime": EPOCH + timedelta(seconds=self.ends),
        }

    def sleep(self, seconds: float) -> None:
        """Let time pass, and what happens in it."""
        self.pauses.append(seconds)
        self.now += seconds
        for time in [each for each in self.plot if each <= self.now]:
            self.plot.pop(time)()

    def watch(self, *, follow: bool = True, group: str = watching.GROUP) -> Iterator[LogEvent]:
        """Watch it."""
        return watching.events(
            Logs(self.log),
            "job",
            self.describe,
            follow=follow,
            group=group,
            clock=lambda: self.now,
            sleep=self.sleep,
        )

    def write(self, *texts: str, host: int = 1) -> None:
        """Let a host write."""
        streams = self.log.streams or {}
        lines = [(round(self.now * 1000), text) for text in texts]
        streams.setdefault(f"job/algo-{host}-0", []).extend(lines)
        self.log.streams = streams


def texts(events: Iterator[LogEvent]) -> list[str]:
    """Return what was said."""
    return [event.message for event in events]


def refusal(code: str) -> ServiceError:
    """Return an error as a description raises it."""
    words = f"DescribeTrainingJob failed: {code}."
    return ServiceError(words, operation="DescribeTrainingJob", code=code)


def test_by_time() -> None:
    """Lines of all hosts and changes of the state are merged by their time."""
    log = CloudWatch({"job/algo-1-0": [(1000, "a"), (4000, "d")], "job/algo-2-0": [(3000, "c")]})
    story = Story(log, hosts=2)
    story.now = 5.0
    story.transitions = [
        (0.5, "Starting", "Launching"),
        (2, "Training", ""),
        (4.5, "Completed", ""),
    ]

    assert [
        ("rlcore", 0.5, "Starting - Launching"),
        ("algo-1", 1.0, "a"),
        ("rlcore", 2.0, "Training"),
        ("algo-2", 3.0, "c"),
        ("algo-1", 4.0, "d"),
        ("rlcore", 4.5, "Completed"),
    ] == [(event.host, event.timestamp, event.message) for event in story.watch()]


def test_each_change_of_the_state_once() -> None:
    """The same words after a restart are another change, new words of one state are told."""
    story = Story(CloudWatch(None), ends=60)
    story.transitions = [(1, "Downloading", "data"), (1, "Downloading", "image"),
                         (5, "Interrupted", ""), (9, "Downloading", "data")]  # fmt: skip

    assert ["Downloading - data", "Downloading - image", "Interrupted", "Downloading - data"] == (
        texts(story.watch())
    )


def test_without_following() -> None:
    """What is there is told, and nobody waits."""
    story = Story(CloudWatch({}), ends=60)
    story.write("a")

    assert ["a"] == texts(story.watch(follow=False))
    assert ([], [0.0]) == (story.pauses, story.described)


def test_lines_that_come_late() -> None:
    """After the end the log is read until it has been silent twice."""
    story = Story(CloudWatch({}), ends=1)
    story.write("a")
    story.plot = {3: lambda: story.write("b"), 4.5: lambda: story.write("c")}

    assert ["a", "b", "c"] == texts(story.watch())


def test_an_outage_is_no_silence() -> None:
    """What CloudWatch could not answer at the end is asked for until it can."""
    story = Story(CloudWatch({}), ends=1)
    story.write("a")
    story.plot = {
        2: lambda: story.log.errors.extend([CUT, refused("ThrottlingException"), CUT, CUT]),
        5: lambda: story.write("b"),
    }

    assert ["a", "b"] == texts(story.watch())


def test_pauses() -> None:
    """They grow while nothing comes, up to ten seconds, and shrink when something does."""
    story = Story(CloudWatch({}), ends=120)
    story.plot = {60: lambda: story.write("a")}
    list(story.watch())

    written = next(n for n, _ in enumerate(story.pauses) if sum(story.pauses[: n + 1]) >= 60)
    assert [1.5, 2.25, 3.375, 5.0625, 7.59375, 10.0] == story.pauses[:6]
    assert [10.0, 1.0, 1.5] == story.pauses[written : written + 3]
    assert [1.0] == story.pauses[-1:]


def test_descriptions() -> None:
    """While lines come, the job is described every half a minute."""
    story = Story(CloudWatch({}), ends=100)
    story.write("x")
    story.plot = {float(second): lambda: story.write("x") for second in range(1, 101)}
    list(story.watch())

    assert [0, 30, 60, 90] == story.described[:4]


def test_many_hosts() -> None:
    """They are asked less often, so that the account's quota is enough."""
    story = Story(CloudWatch({f"job/algo-{n}-0": [] for n in range(64)}), ends=30, hosts=64)
    list(story.watch())

    assert {6.4} <= set(story.pauses)
    assert min(story.pauses) == 6.4


def test_descriptions_that_fail() -> None:
    """What passes is borne; the log goes on meanwhile."""
    story = Story(CloudWatch({}), ends=20)
    story.plot = {
        1: lambda: story.errors.extend([refusal("ThrottlingException"), refusal("503")]),
        3: lambda: story.write("a"),
    }

    assert ["a"] == texts(story.watch())


@pytest.mark.parametrize(
    ("group", "advice"),
    [(watching.GROUP, "Come back to the job: rlcore logs -f job"), ("/aws/sagemaker/Other", "")],
)
def test_credentials_that_expire(group: str, advice: str) -> None:
    """What was told is told; the error says how to come back."""
    story = Story(CloudWatch({}), ends=60)
    story.write("a")
    story.plot = {3: lambda: story.log.errors.append(refused("ExpiredTokenException"))}
    told: list[str] = []
    with pytest.raises(ServiceError, match="Refresh the credentials") as raised:
        told.extend(event.message for event in story.watch(group=group))

    assert (["a"], True) == (told, str(raised.value).endswith(advice or "None)"))


def test_a_description_that_is_refused() -> None:
    """It says how to come back, too."""
    story = Story(CloudWatch({}), ends=60)
    story.plot = {1: lambda: story.errors.append(refusal("AccessDeniedException"))}
    with pytest.raises(ServiceError, match="AccessDeniedException. Come back to the job"):
        list(story.watch())


def test_the_bill(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the original's words, when the job has ended."""
    story = Story(CloudWatch({}), hosts=2)
    facts = {
        "TrainingTimeInSeconds": 100,
        "BillableTimeInSeconds": 30,
        "EnableManagedSpotTraining": True,
        "TrainingEndTime": EPOCH,
    }
    plain = story.describe
    monkeypatch.setattr(story, "describe", lambda name: {**plain(name), **facts})

    assert [
        *("Training seconds: 200", "Billable seconds: 60"),
        "Managed Spot Training savings: 70.0%",
    ] == texts(story.watch())

"""CloudWatch Logs of the fake, read by a real client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from rlcore.testing import JobScript

if TYPE_CHECKING:
    from collections.abc import Callable

    from rlcore.testing import FakeSageMaker

GROUP = "/aws/sagemaker/TrainingJobs"
TRAINING = 80  # seconds from the request to the beginning of the script
STREAM = f"job/algo-1-{1_580_000_000 + TRAINING}"


@pytest.fixture
def logs(aws: FakeSageMaker, client: Callable[[str], Any]) -> Any:
    """Return a client of CloudWatch Logs."""
    aws.clock.advance(1_580_000_000 - aws.clock())
    return client("logs")


@pytest.fixture
def start(
    aws: FakeSageMaker, sagemaker: Any, job: Callable[..., dict[str, Any]]
) -> Callable[..., None]:
    """Return what starts a job of so many hosts that does what it is told."""

    def make(hosts: int = 1, name: str = "job", **scenario: Any) -> None:
        aws.script(name, JobScript(**scenario))
        resources = {**job()["ResourceConfig"], "InstanceCount": hosts}
        sagemaker.create_training_job(**job(name, ResourceConfig=resources))

    return make


def read(logs: Any, stream: str = STREAM, **asked: Any) -> dict[str, Any]:
    """Return a page of a stream."""
    found: dict[str, Any] = logs.get_log_events(logGroupName=GROUP, logStreamName=stream, **asked)
    return found


def texts(page: dict[str, Any]) -> list[str]:
    """Return the lines of a page."""
    return [event["message"] for event in page["events"]]


def test_there_is_no_group_before_the_first_line(logs: Any, start: Callable[..., None]) -> None:
    """Until a script has begun, the group is not found."""
    start()

    with pytest.raises(logs.exceptions.ResourceNotFoundException, match="log group does not exist"):
        logs.describe_log_streams(logGroupName=GROUP)
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        read(logs)


def test_streams_appear_when_training_begins(
    aws: FakeSageMaker, logs: Any, start: Callable[..., None]
) -> None:
    """Each host has one, which is named after it and the time; one that is late comes later."""
    start(hosts=3, late={3: 30})

    def names() -> list[str]:
        found = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix="job/")
        return [each["logStreamName"] for each in found["logStreams"]]

    aws.clock.advance(TRAINING)
    epoch = int(aws.clock())
    assert [f"job/algo-1-{epoch}", f"job/algo-2-{epoch}"] == names()
    aws.clock.advance(30)
    assert [f"job/algo-{number}-{epoch}" for number in (1, 2, 3)] == names()


def test_streams_in_pages(aws: FakeSageMaker, logs: Any, start: Callable[..., None]) -> None:
    """More than fifty come in pages, and a prefix keeps those of other jobs away."""
    start(hosts=60)
    start(name="job-2")
    aws.clock.advance(TRAINING)

    pages = list(
        logs.get_paginator("describe_log_streams").paginate(
            logGroupName=GROUP, logStreamNamePrefix="job/"
        )
    )

    assert [50, 10] == [len(page["logStreams"]) for page in pages]
    names = [each["logStreamName"] for page in pages for each in page["logStreams"]]
    assert 60 == len(set(names))
    assert sorted(names) == names


def test_a_stream_that_is_not_there(
    aws: FakeSageMaker, logs: Any, start: Callable[..., None]
) -> None:
    """It is not found, though the group is there."""
    start()
    aws.clock.advance(TRAINING)

    with pytest.raises(logs.exceptions.ResourceNotFoundException, match="log stream does not"):
        read(logs, "job/algo-9-1")


def test_lines_come_with_the_clock(
    aws: FakeSageMaker, logs: Any, start: Callable[..., None]
) -> None:
    """A line is there from its second on, with its time in milliseconds."""
    start(lines=[(0, 1, "first"), (1.5, 1, "second"), (1.5, 2, "of a host that is not there")])
    aws.clock.advance(TRAINING)
    assert ["first"] == texts(read(logs, startFromHead=True))

    aws.clock.advance(1.5)

    (_, event) = read(logs, startFromHead=True)["events"]
    moment = 1_580_000_081_500
    assert {"message": "second", "timestamp": moment, "ingestionTime": moment} == event


def test_lines_end_with_the_script(
    aws: FakeSageMaker, sagemaker: Any, logs: Any, start: Callable[..., None]
) -> None:
    """What a stopped script would have written later is never written."""
    start(lines=[(float(second), 1, str(second)) for second in range(10)])
    aws.clock.advance(TRAINING + 4.5)
    sagemaker.stop_training_job(TrainingJobName="job")

    aws.clock.advance(100)

    assert ["0", "1", "2", "3", "4"] == texts(read(logs, startFromHead=True))


def test_lines_that_the_test_writes(
    aws: FakeSageMaker, logs: Any, start: Callable[..., None]
) -> None:
    """They come between those of the scenario, at the time of the clock."""
    start(lines=[(0, 1, "a"), (10, 1, "c")])
    aws.clock.advance(TRAINING + 5)

    aws.write_log("job", 1, "b")
    aws.clock.advance(5)

    assert ["a", "b", "c"] == texts(read(logs, startFromHead=True))


def test_reading_on(aws: FakeSageMaker, logs: Any, start: Callable[..., None]) -> None:
    """Whoever follows the tokens sees each line once; at the end the token stays."""
    start(lines=[(float(second), 1, str(second)) for second in range(7)])
    aws.clock.advance(TRAINING + 4)
    seen, token = [], None
    while True:
        given: dict[str, Any] = {"nextToken": token} if token else {}
        page = read(logs, startFromHead=True, limit=2, **given)
        seen += texts(page)
        if page["nextForwardToken"] == token:
            break
        token = page["nextForwardToken"]

    assert ["0", "1", "2", "3", "4"] == seen
    aws.clock.advance(10)
    assert ["5", "6"] == texts(read(logs, nextToken=token))


def test_reading_from_the_end(aws: FakeSageMaker, logs: Any, start: Callable[..., None]) -> None:
    """Without more words the last lines come first, and the token leads back."""
    start(lines=[(float(second), 1, str(second)) for second in range(5)])
    aws.clock.advance(TRAINING + 100)

    page = read(logs, limit=2)
    before = read(logs, limit=2, nextToken=page["nextBackwardToken"])

    assert (["3", "4"], ["1", "2"]) == (texts(page), texts(before))


def test_pages_have_ten_thousand_lines(
    aws: FakeSageMaker, logs: Any, start: Callable[..., None]
) -> None:
    """No page has more."""
    start(lines=[(0.0, 1, "x")] * 10_001)
    aws.clock.advance(TRAINING)

    page = read(logs, startFromHead=True)

    assert 10_000 == len(page["events"])
    assert 1 == len(read(logs, nextToken=page["nextForwardToken"])["events"])


def test_pages_have_a_megabyte(aws: FakeSageMaker, logs: Any, start: Callable[..., None]) -> None:
    """Long lines make a page of fewer."""
    start(lines=[(0.0, 1, "x" * 100_000)] * 20)
    aws.clock.advance(TRAINING)

    assert 10 == len(read(logs, startFromHead=True)["events"])


def test_times(aws: FakeSageMaker, logs: Any, start: Callable[..., None]) -> None:
    """Lines are found by their time, the first included and the last not."""
    start(lines=[(float(second), 1, str(second)) for second in range(5)])
    aws.clock.advance(TRAINING + 100)
    began = 1_580_000_080_000

    page = read(logs, startFromHead=True, startTime=began + 1000, endTime=began + 3000)

    assert ["1", "2"] == texts(page)


@pytest.mark.parametrize("token", ["x", "f/x", "b/", "g/0"])
def test_tokens_that_nobody_gave(
    aws: FakeSageMaker, logs: Any, start: Callable[..., None], token: str
) -> None:
    """They are refused."""
    start()
    aws.clock.advance(TRAINING)

    with pytest.raises(logs.exceptions.InvalidParameterException, match="nextToken is invalid"):
        read(logs, nextToken=token)


def test_what_a_stream_tells(aws: FakeSageMaker, logs: Any, start: Callable[..., None]) -> None:
    """It has its ARN and the times of its first and last line, by which streams are ordered."""
    start(hosts=2, lines=[(1, 2, "a"), (2, 2, "b"), (3, 1, "c")])
    aws.clock.advance(TRAINING + 10)

    found = logs.describe_log_streams(logGroupName=GROUP, orderBy="LastEventTime", descending=True)[
        "logStreams"
    ]

    assert [STREAM, STREAM.replace("-1-", "-2-")] == [each["logStreamName"] for each in found]
    assert {
        "logStreamName": STREAM,
        "arn": f"arn:aws:logs:us-west-2:111122223333:log-group:{GROUP}:log-stream:{STREAM}",
        "creationTime": 1_580_000_080_000,
        "firstEventTimestamp": 1_580_000_083_000,
        "lastEventTimestamp": 1_580_000_083_000,
    } == found[0]
    with pytest.raises(ClientError, match="Cannot order by LastEventTime"):
        logs.describe_log_streams(
            logGroupName=GROUP, orderBy="LastEventTime", logStreamNamePrefix="job/"
        )

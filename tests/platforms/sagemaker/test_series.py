"""Metrics from CloudWatch: any span, page by page, with time as their axis."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from rlcore.errors import ServiceError
from rlcore.metrics import MetricPoint
from rlcore.platforms.sagemaker import series
from rlcore.testing import Fault, JobScript

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rlcore.testing import FakeSageMaker, ManualClock
    from rlcore.training import TrainingJob

DAY = 86400.0
NOW = 1_600_000_020.0  # no full hour, and no full five minutes


def moment(seconds: float) -> datetime:
    """Return a time as boto3 does."""
    return datetime.fromtimestamp(seconds, timezone.utc)


class CloudWatch:
    """Answers with pages that were prepared.

    Attributes:
        asked: The requests.
    """

    def __init__(self, *pages: dict[str, Any]) -> None:
        """Hold the pages."""
        self.pages = pages
        self.asked: list[dict[str, Any]] = []

    def get_paginator(self, operation: str) -> CloudWatch:
        """Return what has pages."""
        assert operation == "get_metric_data"
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        """Yield them."""
        self.asked.append(request)
        yield from self.pages


def page(number: int, *found: tuple[float, float], **given: Any) -> dict[str, Any]:
    """Return a page with the values of one metric."""
    result = {
        "Id": f"m{number}",
        "Timestamps": [moment(time) for time, _ in found],
        "Values": [value for _, value in found],
        "StatusCode": "PartialData",
        **given,
    }
    return {"MetricDataResults": [result], "Messages": []}


def asked(client: CloudWatch, names: list[str], start: float, **given: Any) -> list[MetricPoint]:
    """Return the points of a job from a time until now."""
    found = series.points(client, "job", names, start, NOW, clock=lambda: NOW, **given)
    return list(found)


def test_pages_and_metrics() -> None:
    """A metric may come in parts; what is no number gives no point."""
    client = CloudWatch(
        page(0, (60, 1.0)), page(1, (60, -1.0)), page(0, (120, math.nan), (180, 3.0))
    )

    assert [
        MetricPoint("return", 1.0, None, 60.0),
        MetricPoint("loss", -1.0, None, 60.0),
        MetricPoint("return", 3.0, None, 180.0),
    ] == asked(client, ["return", "loss"], 0)


def test_the_request() -> None:
    """Each metric is one query, by the time, of a span of whole periods."""
    client = CloudWatch()
    asked(client, ["return"], NOW - 90)

    metric = {
        "Namespace": "/aws/sagemaker/TrainingJobs",
        "MetricName": "return",
        "Dimensions": [{"Name": "TrainingJobName", "Value": "job"}],
    }
    stat = {"Metric": metric, "Period": 60, "Stat": "Average"}
    assert [
        {
            "MetricDataQueries": [{"Id": "m0", "MetricStat": stat}],
            "StartTime": moment(NOW - 120),
            "EndTime": moment(NOW + 60 - NOW % 60),
            "ScanBy": "TimestampAscending",
        }
    ] == client.asked


def test_more_metrics_than_a_request_takes() -> None:
    """They are asked for in several, and keep their names."""
    client = CloudWatch(page(0, (60, 1.0)))
    found = asked(client, [str(n) for n in range(501)], 0)

    assert [500, 1] == [len(request["MetricDataQueries"]) for request in client.asked]
    assert ["0", "500"] == [point.name for point in found]


@pytest.mark.parametrize(
    ("days", "period", "expected"),
    [(14, 60, 60), (14, 90, 120), (16, 60, 300), (16, 400, 600), (64, 60, 3600), (64, 7200, 7200)],
)
def test_what_is_kept_of_old_jobs(days: int, period: int, expected: int) -> None:
    """CloudWatch would answer with nothing to a period that it has not."""
    client = CloudWatch()
    start = NOW - days * DAY
    asked(client, ["return"], start, period=period)

    request = client.asked[0]
    assert expected == request["MetricDataQueries"][0]["MetricStat"]["Period"]
    assert 0 == request["StartTime"].timestamp() % expected
    assert request["StartTime"] <= moment(start)


def test_no_metrics() -> None:
    """Nothing is asked."""
    client = CloudWatch()

    assert [] == asked(client, [], 0)
    assert [] == client.asked


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"StatusCode": "InternalError"}, r"InternalError: \(no message\)"),
        (
            {"StatusCode": "Forbidden", "Messages": [{"Code": "Forbidden", "Value": "Not yours"}]},
            "GetMetricData failed: Forbidden: Not yours",
        ),
    ],
)
def test_a_metric_that_is_refused(given: dict[str, Any], words: str) -> None:
    """CloudWatch refuses single metrics inside of a good answer."""
    with pytest.raises(ServiceError, match=words):
        asked(CloudWatch(page(0, **given)), ["return"], 0)


# Over HTTP.


@pytest.fixture
def job(
    aws: FakeSageMaker, started: Callable[..., TrainingJob], clock: ManualClock
) -> dict[str, Any]:
    """Return the description of a job of two days that has ended, with a value a minute."""
    lines = tuple((60.0 * n, 1 + n % 2, f"score={n};time={n / 10}") for n in range(2880))
    aws.script(None, JobScript(lines=lines, training=60.0 * 2880))
    definitions = [
        {"Name": "score", "Regex": "score=([0-9]+)"},
        {"Name": "time", "Regex": "time=([0-9.]+)"},
    ]
    name = started(metric_definitions=definitions, max_run=5 * 86400).name
    clock.advance(3 * DAY)
    found: dict[str, Any] = (
        aws.session().client("sagemaker").describe_training_job(TrainingJobName=name)
    )
    return found


def test_the_curve(
    aws: FakeSageMaker,
    job: dict[str, Any],
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """More points than GetMetricStatistics has; in pages, which may end inside of a metric."""
    monkeypatch.setattr("rlcore.testing.metrics._PAGE", 700)
    client = aws.session().client("cloudwatch")
    curve = series.learning_curve(client, job, clock=clock)

    assert ("score", "time") == curve.names
    assert tuple(float(n) for n in range(2880)) == curve.series("score").values
    assert tuple(n / 10 for n in range(2880)) == curve.series("time").values
    assert {None} == set(curve.series("score").steps)
    times = [point.time for point in curve]
    assert sorted(times) == times
    assert 9 == aws.operations().count("GetMetricData")


def test_a_curve_of_a_running_job_and_one_without_metrics(job: dict[str, Any]) -> None:
    """The span ends now; without definitions there is nothing to ask."""
    begun = job["TrainingStartTime"].timestamp()
    running = {name: value for name, value in job.items() if name != "TrainingEndTime"}
    client = CloudWatch()
    series.learning_curve(client, running, clock=lambda: begun + 600)
    assert moment((begun + 600) // 60 * 60 + 60) == client.asked[0]["EndTime"]

    bare = {**job, "AlgorithmSpecification": {}}
    assert 0 == len(series.learning_curve(client, bare))
    assert 1 == len(client.asked)


@pytest.mark.parametrize("fault", [Fault.throttled(), Fault.reset(), Fault.partial()])
def test_a_fault_that_passes(
    aws: FakeSageMaker, job: dict[str, Any], clock: ManualClock, fault: Fault
) -> None:
    """No point is missing and none is there twice."""
    aws.fail("GetMetricData", fault)

    curve = series.learning_curve(aws.session().client("cloudwatch"), job, clock=clock)
    assert 2 * 2880 == len(curve)


def test_a_fault_that_stays(aws: FakeSageMaker, job: dict[str, Any], clock: ManualClock) -> None:
    """It is told as an error of ours."""
    aws.fail("GetMetricData", Fault.access_denied())
    with pytest.raises(ServiceError, match="GetMetricData failed: AccessDenied") as raised:
        series.learning_curve(aws.session().client("cloudwatch"), job, clock=clock)

    assert isinstance(raised.value.__cause__, ClientError)

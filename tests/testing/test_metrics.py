"""CloudWatch of the fake, read by a real client."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from rlcore.testing import JobScript
from rlcore.testing.metrics import series

if TYPE_CHECKING:
    from collections.abc import Callable

    from rlcore.testing import FakeSageMaker

BEGAN = 1_580_000_040  # on a full minute
LINES = [(0, 1, "reward=1"), (30, 1, "reward=3"), (60, 2, "reward=5"), (61, 1, "nothing")]
DEFINITIONS = [{"Name": "reward", "Regex": r"reward=(\S+)"}]
STATISTICS = ["Average", "Maximum", "Minimum", "SampleCount", "Sum"]


def moment(seconds: float) -> datetime:
    """Return a time by the seconds since the script began."""
    return datetime.fromtimestamp(BEGAN + seconds, timezone.utc)


@pytest.fixture
def cloudwatch(aws: FakeSageMaker, sagemaker: Any, client: Callable[[str], Any], job: Any) -> Any:
    """Return a client of CloudWatch, which has the values of a job of two hosts."""
    aws.clock.advance(BEGAN - 80 - aws.clock())
    aws.script(None, JobScript(lines=LINES))
    fields = job()
    fields["AlgorithmSpecification"]["MetricDefinitions"] = DEFINITIONS
    fields["ResourceConfig"]["InstanceCount"] = 2
    sagemaker.create_training_job(**fields)
    aws.clock.advance(1000)
    return client("cloudwatch")


def metric(name: str = "reward", job: str = "job") -> dict[str, Any]:
    """Return a metric of the job."""
    return {
        "Namespace": "/aws/sagemaker/TrainingJobs",
        "MetricName": name,
        "Dimensions": [{"Name": "TrainingJobName", "Value": job}],
    }


def query(stat: str = "Average", *, period: int = 60, **given: Any) -> dict[str, Any]:
    """Return a query of GetMetricData."""
    return {"Id": "q", "MetricStat": {"Metric": metric(**given), "Period": period, "Stat": stat}}


def test_statistics_by_the_minute(cloudwatch: Any) -> None:
    """Values of all hosts are counted in the minute that they came in."""
    found = cloudwatch.get_metric_statistics(
        **metric(), StartTime=moment(0), EndTime=moment(600), Period=60, Statistics=STATISTICS
    )

    first, second = sorted(found["Datapoints"], key=lambda each: each["Timestamp"])
    assert (moment(0), moment(60)) == (first["Timestamp"], second["Timestamp"])
    assert [2.0, 3.0, 1.0, 2.0, 4.0] == [first[name] for name in STATISTICS]
    assert [5.0, 5.0, 5.0, 1.0, 5.0] == [second[name] for name in STATISTICS]
    assert "reward" == found["Label"]


@pytest.mark.parametrize(
    "asked",
    [
        metric("loss"),
        metric(job="ghost"),
        {**metric(), "Namespace": "/aws/sagemaker/Endpoints"},
        {**metric(), "Dimensions": []},
        {**metric(), "Dimensions": [*metric()["Dimensions"], {"Name": "Host", "Value": "algo-1"}]},
    ],
)
def test_metrics_that_nobody_has(cloudwatch: Any, asked: dict[str, Any]) -> None:
    """They have no values."""
    found = cloudwatch.get_metric_statistics(
        **asked, StartTime=moment(0), EndTime=moment(600), Period=60, Statistics=["Sum"]
    )

    assert [] == found["Datapoints"]


def test_the_time_that_is_asked_about(cloudwatch: Any) -> None:
    """It has its beginning, and not its end."""
    found = cloudwatch.get_metric_statistics(
        **metric(), StartTime=moment(30), EndTime=moment(60), Period=60, Statistics=["Sum"]
    )

    assert [3.0] == [each["Sum"] for each in found["Datapoints"]]


def test_too_many_statistics(cloudwatch: Any) -> None:
    """More than a day by the minute is refused, as by CloudWatch."""
    with pytest.raises(ClientError, match="more datapoints than the limit of 1,440") as raised:
        cloudwatch.get_metric_statistics(
            **metric(), StartTime=moment(0), EndTime=moment(86_460), Period=60, Statistics=["Sum"]
        )

    error: Any = raised.value.response["Error"]
    assert "InvalidParameterCombination" == error["Code"]


def test_data(cloudwatch: Any) -> None:
    """Queries are answered newest first, unless it is asked for otherwise."""
    span = {"StartTime": moment(0), "EndTime": moment(600)}

    (found,) = cloudwatch.get_metric_data(MetricDataQueries=[query()], **span)["MetricDataResults"]
    (turned,) = cloudwatch.get_metric_data(
        MetricDataQueries=[query("Maximum")], ScanBy="TimestampAscending", **span
    )["MetricDataResults"]

    assert ([moment(60), moment(0)], [5.0, 2.0]) == (found["Timestamps"], found["Values"])
    assert ([moment(0), moment(60)], [3.0, 5.0]) == (turned["Timestamps"], turned["Values"])
    assert ("q", "reward", "Complete") == (found["Id"], found["Label"], found["StatusCode"])


def test_data_in_pages(cloudwatch: Any) -> None:
    """Each value comes once, under the query that asked for it."""
    other = {**query("Sum"), "Id": "other", "Label": "all"}
    pages = list(
        cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=[query(), other],
            StartTime=moment(0),
            EndTime=moment(600),
            MaxDatapoints=3,
        )
    )

    results = [each for page in pages for each in page["MetricDataResults"]]
    assert 2 == len(pages)
    for identity, values in {"q": [5.0, 2.0], "other": [5.0, 4.0]}.items():
        mine = [each for each in results if each["Id"] == identity]
        assert values == [value for each in mine for value in each["Values"]]
    assert {"PartialData", "Complete"} == {each["StatusCode"] for each in results}


def test_queries_that_the_fake_does_not_have(cloudwatch: Any) -> None:
    """Mathematics and percentiles are refused, rather than answered wrongly."""
    for asked in ({"Id": "e", "Expression": "1"}, query("p90")):
        with pytest.raises(ClientError, match="one of the five statistics"):
            cloudwatch.get_metric_data(
                MetricDataQueries=[asked], StartTime=moment(0), EndTime=moment(60)
            )


def test_what_is_no_value() -> None:
    """Words, and numbers that are none, are left out; so is a pattern without a group."""
    lines = [(0.0, "r=x"), (1.0, "r=nan"), (2.0, "r=inf"), (3.0, "r=-1e3")]

    assert {"r": [(3.0, -1000.0)]} == series([{"Name": "r", "Regex": r"r=(\S+)"}], lines)
    assert {"r": []} == series([{"Name": "r", "Regex": r"r="}], lines)

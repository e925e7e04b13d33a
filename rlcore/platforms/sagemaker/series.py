"""The metrics of a training job from CloudWatch, where its log is no longer needed for them.

The service searches the log for the definitions of the job, and keeps a mean for each minute. It
knows no steps: the axis is time. What is older than 15 days is kept for every five minutes, what is
older than 63 days for every hour, and after 455 days there is nothing left.
"""

from __future__ import annotations

import math
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from rlcore.errors import ServiceError
from rlcore.metrics import LearningCurve, MetricPoint
from rlcore.platforms.sagemaker.failures import service_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

NAMESPACE = "/aws/sagemaker/TrainingJobs"
_OPERATION = "GetMetricData"
_QUERIES = 500  # of one request
_DAY = 86400.0
_KEPT = ((63 * _DAY, 3600), (15 * _DAY, 300))  # older than this: for every so many seconds
_REFUSED = {"InternalError", "Forbidden"}


def learning_curve(
    client: Any, description: Mapping[str, Any], *, clock: Callable[[], float] = time.time
) -> LearningCurve:
    """Return the metrics of a job.

    Args:
        client: boto3's of CloudWatch.
        description: What DescribeTrainingJob answers.
        clock: Seconds since the epoch.

    Raises:
        ServiceError: AWS refused, or could not be reached.
    """
    definitions = description["AlgorithmSpecification"].get("MetricDefinitions") or ()
    start = description.get("TrainingStartTime") or description["CreationTime"]
    end = description.get("TrainingEndTime")
    found = points(
        client,
        description["TrainingJobName"],
        [each["Name"] for each in definitions],
        start.timestamp(),
        end.timestamp() if end else clock(),
        clock=clock,
    )
    return LearningCurve(sorted(found, key=lambda point: point.time))


def points(  # noqa: PLR0913 - a clock for tests
    client: Any,
    job_name: str,
    names: Sequence[str],
    start: float,
    end: float,
    *,
    period: int = 60,
    clock: Callable[[], float] = time.time,
) -> Iterator[MetricPoint]:
    """Yield the points of metrics, those of each by time; of any span, page by page.

    Args:
        client: boto3's of CloudWatch.
        job_name: The job.
        names: The metrics; those that it does not have give no points.
        start: Of the span, in seconds since the epoch.
        end: Its end; the period that holds it is the last.
        period: Seconds that a point stands for; more where CloudWatch keeps less.
        clock: Seconds since the epoch.

    Raises:
        ServiceError: AWS refused, or could not be reached.
    """
    period = _kept(period, clock() - start)
    span = {
        "StartTime": _moment(start // period * period),
        "EndTime": _moment((end // period + 1) * period),
        "ScanBy": "TimestampAscending",
    }
    for first in range(0, len(names), _QUERIES):
        wanted = names[first : first + _QUERIES]
        queries = [_query(number, job_name, name, period) for number, name in enumerate(wanted)]
        for result in _results(client, MetricDataQueries=queries, **span):
            name = wanted[int(result["Id"][1:])]
            yield from _points(name, result["Timestamps"], result["Values"])


def _kept(period: int, age: float) -> int:
    """Return the shortest period that CloudWatch has of that age, as a multiple of its own."""
    own = next((seconds for limit, seconds in _KEPT if age > limit), 60)
    return math.ceil(period / own) * own


def _query(number: int, job_name: str, name: str, period: int) -> dict[str, Any]:
    metric = {
        "Namespace": NAMESPACE,
        "MetricName": name,
        "Dimensions": [{"Name": "TrainingJobName", "Value": job_name}],
    }
    return {
        "Id": f"m{number}",
        "MetricStat": {"Metric": metric, "Period": period, "Stat": "Average"},
    }


def _results(client: Any, **request: Any) -> Iterator[Mapping[str, Any]]:
    with service_errors(_OPERATION):
        for page in client.get_paginator("get_metric_data").paginate(**request):
            for result in page["MetricDataResults"]:
                if result.get("StatusCode") in _REFUSED:
                    raise _refused(result, page.get("Messages") or ())
                yield result


def _refused(result: Mapping[str, Any], said: Iterable[Mapping[str, Any]]) -> ServiceError:
    told = [*said, *(result.get("Messages") or ())]
    words = "; ".join(each.get("Value", "") for each in told) or "(no message)"
    code = result["StatusCode"]
    msg = f"{_OPERATION} failed: {code}: {words}"
    return ServiceError(msg, operation=_OPERATION, code=code)


def _points(name: str, times: Iterable[datetime], values: Iterable[float]) -> Iterator[MetricPoint]:
    for moment, value in zip(times, values, strict=True):
        if math.isfinite(value):
            yield MetricPoint(name, value, None, moment.timestamp())


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)

"""The fake's CloudWatch: what a job's definitions read from its lines, by the minute."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from rlcore.testing.errors import wrong_combination
from rlcore.testing.pages import index, token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from rlcore.testing.jobs import Jobs

Series = dict[str, list[tuple[float, float]]]
"""Times and values, by the metric's name."""

NAMESPACE = "/aws/sagemaker/TrainingJobs"
_DIMENSION = "TrainingJobName"
_MOST = 1440  # values of one answer of GetMetricStatistics
_PAGE = 100_800  # values of one answer of GetMetricData
_STATISTICS: dict[str, Callable[[list[float]], float]] = {
    "Average": lambda values: sum(values) / len(values),
    "Maximum": max,
    "Minimum": min,
    "SampleCount": lambda values: float(len(values)),
    "Sum": sum,
}


def series(definitions: Iterable[Mapping[str, str]], lines: list[tuple[float, str]]) -> Series:
    """Return what definitions read from lines, which have their times."""
    found: Series = {}
    for each in definitions:
        pattern = re.compile(each["Regex"])
        points = found.setdefault(each["Name"], [])
        for time, text in lines:
            value = _value(pattern.search(text))
            if value is not None:
                points.append((time, value))
    return found


def _value(match: re.Match[str] | None) -> float | None:
    try:
        value = float(match[1]) if match else math.nan
    except (ValueError, IndexError, TypeError):
        return None
    return value if math.isfinite(value) else None


class Metrics:
    """The metrics of every training job.

    Args:
        jobs: Whose metrics they are.
    """

    def __init__(self, jobs: Jobs) -> None:
        """Hold the jobs; they hold the lines."""
        self._jobs = jobs

    def get_metric_statistics(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer GetMetricStatistics; the values come in no order."""
        period = request["Period"]
        if (request["EndTime"] - request["StartTime"]) / period > _MOST:
            msg = (
                "You have requested more datapoints than the limit of 1,440. You may reduce the"
                " datapoints requested by increasing Period, or decreasing the time range."
            )
            raise wrong_combination(msg)
        found = self._by_period(request, request, period)
        statistics = request.get("Statistics", ())
        points = [
            {"Timestamp": time, "Unit": "None"}
            | {name: _STATISTICS[name](values) for name in statistics}
            for time, values in found.items()
        ]
        return {"Label": request["MetricName"], "Datapoints": points[::-1]}

    def get_metric_data(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer GetMetricData in pages, newest first unless it is asked for otherwise."""
        values = [
            (number, time, value)
            for number, query in enumerate(request["MetricDataQueries"])
            for time, value in self._queried(query, request)
        ]
        start = index(request.get("NextToken"))
        end = start + int(request.get("MaxDatapoints") or _PAGE)
        more = {"NextToken": token(end)} if end < len(values) else {}
        results = [
            _result(query, [each[1:] for each in values[start:end] if each[0] == number], more)
            for number, query in enumerate(request["MetricDataQueries"])
        ]
        return {"MetricDataResults": results, "Messages": [], **more}

    def _queried(
        self, query: Mapping[str, Any], request: Mapping[str, Any]
    ) -> list[tuple[float, float]]:
        wanted = query.get("MetricStat")
        if wanted is None or wanted["Stat"] not in _STATISTICS:
            msg = "The fake answers queries that have a MetricStat of one of the five statistics."
            raise wrong_combination(msg)
        found = self._by_period(wanted["Metric"], request, wanted["Period"])
        points = [(time, _STATISTICS[wanted["Stat"]](values)) for time, values in found.items()]
        ascending = request.get("ScanBy") == "TimestampAscending"
        return points if ascending else points[::-1]

    def _by_period(
        self, metric: Mapping[str, Any], span: Mapping[str, Any], period: int
    ) -> dict[float, list[float]]:
        """Return the values of a metric by the beginning of the period that they came in."""
        found: dict[float, list[float]] = defaultdict(list)
        for time, value in self._points(metric):
            if span["StartTime"] <= time < span["EndTime"]:
                found[time // period * period].append(value)
        return found

    def _points(self, metric: Mapping[str, Any]) -> list[tuple[float, float]]:
        dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions", ())}
        job = self._jobs.by_name.get(dimensions.get(_DIMENSION, ""))
        if metric.get("Namespace") != NAMESPACE or set(dimensions) != {_DIMENSION} or job is None:
            return []
        return job.values().get(metric["MetricName"], [])


def _result(
    query: Mapping[str, Any], points: list[tuple[float, float]], more: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "Id": query["Id"],
        "Label": query.get("Label") or query["MetricStat"]["Metric"]["MetricName"],
        "Timestamps": [time for time, _ in points],
        "Values": [value for _, value in points],
        "StatusCode": "PartialData" if more else "Complete",
    }

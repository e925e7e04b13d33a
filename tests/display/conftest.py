"""Curves and jobs to look at."""

from __future__ import annotations

import pytest

from rlcore.metrics import LearningCurve, MetricParser, MetricPoint
from rlcore.spec import JobState, JobStatus, MetricDefinition


@pytest.fixture
def curve() -> LearningCurve:
    """Return sixty points that rise from 0 to 590, and an evaluation of two episodes at each tenth.

    Each evaluation has one episode 10 above the training's return and one 30 above it.
    """
    points = []
    for index in range(60):
        step, value, time = 1000.0 * (index + 1), 10.0 * index, 500.0 + index
        points.append(MetricPoint("episode_return_mean", value, step, time))
        if index % 10 == 9:
            points.append(MetricPoint("evaluation_return_mean", value + 10, step, time))
            points.append(MetricPoint("evaluation_return_mean", value + 30, step, time))
    return LearningCurve(points)


@pytest.fixture
def succeeded() -> JobStatus:
    """Return a job that took 30 s to its script and 90 s from there."""
    return JobStatus(
        name="rl-job",
        state=JobState.SUCCEEDED,
        created_at=1000.0,
        started_at=1030.0,
        ended_at=1120.0,
        model_data="file:///out/rl-job/output/model.tar.gz",
        output_data="s3://bucket/rl-job/output/output.tar.gz",
    )


@pytest.fixture
def parser() -> MetricParser:
    """Return a parser of `episode_return_mean=...` and `evaluation_return_mean=...`."""
    names = ("episode_return_mean", "evaluation_return_mean")
    return MetricParser(MetricDefinition(name=name, regex=rf"{name}=(\S+)") for name in names)

"""The face of batch transforms; what the service is sent is tested beside its platform."""

from __future__ import annotations

import pytest

from rlcore import Transformer
from rlcore.errors import InvalidArgument, JobNotStarted, PlatformError


def test_nothing_is_asked_before_a_job() -> None:
    """It is made from a name alone, in the original's order of arguments."""
    made = Transformer("m", 2, "ml.m5.large", "MultiRecord", "Line", "s3://b/out")

    assert ("m", 2, "MultiRecord", "Line", "s3://b/out") == (
        made.model_name,
        made.instance_count,
        made.strategy,
        made.assemble_with,
        made.output_path,
    )
    assert "<Transformer of m on 2 x ml.m5.large>" == repr(made)
    for ask in (made.wait, made.stop_transform_job):
        with pytest.raises(JobNotStarted, match="No transform job available"):
            ask()


def test_what_it_is_given_stays_as_it_is() -> None:
    """The environment is a copy of the caller's."""
    env = {"A": "1"}
    made = Transformer("m", 1, "ml.m5.large", env=env)
    made.env["B"] = "2"

    assert {"A": "1"} == env


def test_on_this_machine() -> None:
    """There is no such thing there, which is told when it is asked for."""
    made = Transformer("m", 1, "local", base_transform_job_name="base")
    with pytest.raises(PlatformError, match="'local' runs no batch transforms"):
        made.transform("s3://b/in")
    with pytest.raises(InvalidArgument, match="'a b' is not a job name"):
        made.transform("s3://b/in", job_name="a b")

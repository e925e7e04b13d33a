"""Curves and jobs in a notebook."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import attrs

from rlcore.display import curve_html, job_html
from rlcore.metrics import LearningCurve, MetricPoint
from rlcore.spec import JobState, JobStatus

SVG = "{http://www.w3.org/2000/svg}"


def test_curve_html(curve: LearningCurve) -> None:
    """The drawing is well-formed, and has the raw line, the smoothed one, marks and labels."""
    drawing = ET.fromstring(curve_html(curve, goal=700))  # noqa: S314  (our own)
    assert f"{SVG}svg" == drawing.tag
    lines = drawing.findall(f"{SVG}polyline")
    assert [60, 60] == [len(line.get("points", "").split()) for line in lines]
    assert 6 == len(drawing.findall(f"{SVG}polygon"))
    texts = [text.text for text in drawing.findall(f"{SVG}text")]
    assert {"environment steps", "20k", "400", "goal"} <= set(texts)


def test_curve_of_one_point() -> None:
    """One point is a dot."""
    assert "<circle" in curve_html(LearningCurve([MetricPoint("a", 1.0, 1.0, 1.0)]))


def test_no_points() -> None:
    """An empty curve says so."""
    assert "No points yet." in curve_html(LearningCurve())


def test_everything_is_escaped(succeeded: JobStatus) -> None:
    """Nothing that a script can write becomes markup."""
    evil = "<script>alert(1)</script>&"
    points = [MetricPoint(f"{name}return{evil}", 1.0, 1.0, 1.0) for name in ("", "evaluation_")]
    status = attrs.evolve(
        succeeded, name=evil, failure_reason=evil, model_data=evil, output_data=evil
    )
    text = job_html(status, LearningCurve(points))
    assert "<script" not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;&amp;") >= 5
    ET.fromstring(text)  # noqa: S314  (our own)


def test_no_points_after_the_end(succeeded: JobStatus) -> None:
    """A job that has ended will have no more points, one that runs may."""
    running = attrs.evolve(succeeded, state=JobState.RUNNING, ended_at=None)
    texts = [job_html(status, LearningCurve()) for status in (succeeded, running)]
    assert [False, True] == ["No points yet." in text for text in texts]
    assert [True, False] == ["No metric has matched a line of the log." in text for text in texts]


def test_the_reason_of_a_failure(succeeded: JobStatus) -> None:
    """A reason of one line is a paragraph, one of many a line that opens to all of them."""
    failed = attrs.evolve(succeeded, state=JobState.FAILED, exit_code=1)
    one = attrs.evolve(failed, failure_reason="No <room> left", exit_code=None)
    many = attrs.evolve(failed, failure_reason="Mine:\n  a <\x1b[31mred\x1b[0m>\n  line")
    assert "<p>No &lt;room&gt; left</p>" in job_html(one, LearningCurve())
    expected = (
        "<details><summary>Mine, exit code 1</summary>"
        "<pre>Mine:\n  a &lt;red&gt;\n  line</pre></details>"
    )
    assert expected in job_html(many, LearningCurve())


def test_job_html(curve: LearningCurve, succeeded: JobStatus) -> None:
    """A job has state, times and files, a running one its stage, and its curve."""
    text = job_html(succeeded, curve)
    assert "<b>rl-job</b> Succeeded" in text
    assert "training 1:30" in text
    assert "<svg" in text
    running = attrs.evolve(succeeded, state=JobState.RUNNING, stage="Training", ended_at=None)
    assert "<b>rl-job</b> Running, Training" in job_html(running, curve)

"""Requests as JSON, there and back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlcore.names import RLToolkit
from rlcore.platforms.local import documents
from rlcore.spec import (
    Channel,
    Environment,
    JobRequest,
    MetricDefinition,
    Resources,
    ToolkitRelease,
    Unavailable,
)

text = st.text(max_size=8)
optional = st.none() | text
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=5,
)
mappings = st.dictionaries(text, values, max_size=3)
strings = st.dictionaries(text, text, max_size=3)
tuples = st.lists(text, max_size=3).map(tuple)
environments = st.builds(Environment, python=text, requirements=tuples) | st.builds(
    Unavailable, reason=text
)
releases = st.builds(
    ToolkitRelease,
    toolkit=text,
    version=text,
    framework=optional,
    framework_version=optional,
    training=environments,
    serving=environments,
    image_requirements=tuples,
    script_packages=tuples,
    step_pattern=optional,
    data=mappings,
)
channels = st.builds(
    Channel, name=text, uri=text, content_type=optional, input_mode=optional, source=mappings
)
metrics = st.builds(MetricDefinition, name=text, regex=text)
requests = st.builds(
    JobRequest,
    name=text,
    release=st.none() | releases,
    image_uri=optional,
    entry_point=text,
    source_digest=optional,
    source_uri=optional,
    hyperparameters=mappings,
    metric_definitions=st.none() | st.lists(metrics, max_size=3).map(tuple),
    channels=st.lists(channels, max_size=3).map(tuple),
    resources=st.builds(Resources, instance_type=optional, max_run=st.integers()),
    output_path=optional,
    checkpoint_s3_uri=optional,
    checkpoint_local_path=optional,
    environment=strings,
    tags=strings,
    options=mappings,
)


@given(requests)
def test_round_trip(request_):
    """Every field of a request survives JSON, what only plugins read included."""
    found = documents.request(json.loads(json.dumps(documents.plain(request_))))

    assert request_ == found
    if request_.release:
        assert request_.release.data == found.release.data


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, (2,)), [1, [2]]),
        ({1: {"a": None}}, {"1": {"a": None}}),
        (Path("/x"), "/x"),
        (RLToolkit.RAY, "ray"),
        (True, True),
    ],
)
def test_plain(value, expected):
    """What JSON does not know becomes what it knows."""
    found = documents.plain(value)

    assert (expected, type(expected)) == (found, type(found))

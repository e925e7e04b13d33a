"""Streams are read on, page by page: no line is lost or told twice, whatever fails in between."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from cloudwatch import TOO_OLD, CloudWatch, refused
from hypothesis import given
from hypothesis import strategies as st

from rlcore.errors import ServiceError
from rlcore.platforms.sagemaker.streams import Patience, Streams, hosts

GROUP = "/aws/sagemaker/TrainingJobs"
RUNNING: dict[str, Any] = {
    "TrainingJobStatus": "InProgress",
    "SecondaryStatus": "Training",
    "ResourceConfig": {"InstanceCount": 2},
}
CUT = EndpointConnectionError(endpoint_url="https://logs")


def stream(host: int, start: int = 0) -> str:
    """Return the name of a host's stream."""
    return f"job/algo-{host}-{start}"


def reader(log: CloudWatch, *, lasting: bool = True) -> Streams:
    """Return what reads a log."""
    return Streams(log, GROUP, "job", Patience("Come back.", lasting=lasting))


def poll(streams: Streams, description: dict[str, Any] = RUNNING) -> list[tuple[str, float, str]]:
    """Return all that is new, host by host."""
    streams.look_for(description)
    return [(event.host, event.timestamp, event.message) for new in streams.new() for event in new]


def test_lines_of_all_hosts() -> None:
    """Each with its host and its time in seconds; the token says that there is no more."""
    log = CloudWatch({stream(1): [(1500, "a\r\x1b[32mb"), (1600, "")], stream(2): [(1, "c")]})
    streams = reader(log)

    assert [("algo-1", 1.5, "a\r\x1b[32mb"), ("algo-1", 1.6, ""), ("algo-2", 0.001, "c")] == poll(
        streams
    )
    assert [] == poll(streams)
    assert 6 == log.count("GetLogEvents")


def test_other_jobs_and_other_names() -> None:
    """The prefix ends with the job's name; a host of another name is called as it is."""
    streams = reader(CloudWatch({"jobs/algo-1-1": [(1, "no")], "job/data-log": [(1, "yes")]}))

    assert [("data-log", 0.001, "yes")] == poll(streams)


ACTIONS = st.one_of(
    st.tuples(st.just("write"), st.integers(0, 2), st.integers(0, 4), st.integers(0, 1)),
    st.tuples(st.sampled_from(["poll", "a day", "cut", "throttle", "late"])),
)


@given(st.lists(ACTIONS, max_size=25), st.integers(1, 3), st.integers(0, 2))
def test_no_line_is_lost_or_told_twice(
    actions: list[tuple[Any, ...]], most: int, empty: int
) -> None:
    """Whatever is written, fails, comes late or grows old, in whatever order."""
    log = CloudWatch({})
    log.most, log.empty = most, empty
    written: dict[str, list[str]] = {}
    read: dict[str, list[str]] = {}
    streams = reader(log)

    def look() -> None:
        description = {**RUNNING, "ResourceConfig": {"InstanceCount": 4}}
        for host, _, message in poll(streams, description):
            read.setdefault(host, []).append(message)

    now = 1000
    for action, *facts in actions:
        if action == "write" and log.streams is not None:
            host, count, passed = facts
            for _ in range(count):
                now += passed  # else many lines have one time
                text = str(len(written.setdefault(f"algo-{host}", [])))
                written[f"algo-{host}"].append(text)
                log.streams.setdefault(stream(host), []).append((now, text))
        elif action == "a day":
            log.a_day_passes()
        elif action in {"cut", "throttle"}:
            log.errors.append(CUT if action == "cut" else refused("ThrottlingException"))
        else:
            look()
    log.errors.clear()
    look()
    look()  # where a token was too old, the poll before noted it

    assert written == read


def test_a_group_that_is_not_there() -> None:
    """As long as no host has written there may be none."""
    log = CloudWatch(None)
    streams = reader(log, lasting=False)

    assert [] == poll(streams)
    log.streams = {stream(1): [(1, "a")]}
    assert [("algo-1", 0.001, "a")] == poll(streams)


def test_a_stream_that_is_gone() -> None:
    """Somebody deleted the group while it was read."""
    log = CloudWatch({stream(1): [(1, "a")]})
    streams = reader(log, lasting=False)
    poll(streams)
    log.streams = None

    assert [] == poll(streams)


def test_a_day_old_token_of_a_log_without_lines() -> None:
    """There is no last line: it is read from the beginning."""
    log = CloudWatch({stream(1): []})
    streams = reader(log)
    poll(streams)
    log.a_day_passes()
    poll(streams)
    log.streams = {stream(1): [(1, "a")]}

    assert [("algo-1", 0.001, "a")] == poll(streams)


def test_what_else_is_wrong_with_a_request() -> None:
    """Only a token can be too old: without one, the service's error is told."""
    log = CloudWatch({stream(1): []})
    streams = reader(log)
    streams.look_for(RUNNING)
    log.errors = [refused(TOO_OLD)]
    with pytest.raises(ServiceError, match=TOO_OLD):
        list(streams.new()[0])


def test_a_log_whose_lines_expired() -> None:
    """CloudWatch has an endless number of empty pages there; the reader has not."""
    log = CloudWatch({stream(1): []})
    log.endless = True

    assert [] == poll(reader(log))
    assert 50 == log.count("GetLogEvents")


def test_streams_are_looked_for_while_hosts_are_missing() -> None:
    """And once for each state after that: a call that is not made cannot be throttled."""
    log = CloudWatch({stream(1): []})
    streams = reader(log)
    poll(streams)
    poll(streams)
    assert 2 == log.count("DescribeLogStreams")
    log.streams = {stream(1): [], stream(2): []}
    for _ in range(3):
        poll(streams)
    assert 3 == log.count("DescribeLogStreams")
    for _ in range(3):
        poll(streams, {**RUNNING, "SecondaryStatus": "Uploading"})
    assert 4 == log.count("DescribeLogStreams")


def test_a_look_that_failed() -> None:
    """It is made again, or the streams of the last state would be missed."""
    log = CloudWatch({stream(1): [], stream(2): []})
    streams = reader(log)
    poll(streams)
    log.errors = [CUT]
    for _ in range(3):
        poll(streams, {**RUNNING, "SecondaryStatus": "Uploading"})

    assert 3 == log.count("DescribeLogStreams")


@pytest.mark.parametrize("status", ["Interrupted", "Restarting"])
def test_a_job_that_was_started_again(status: str) -> None:
    """Its hosts write new streams, some time after the state has changed."""
    log = CloudWatch({stream(1): [(1, "a")], stream(2): []})
    streams = reader(log)
    poll(streams)
    again = {**RUNNING, "SecondaryStatusTransitions": [{"Status": status}, {"Status": "Training"}]}
    assert [] == poll(streams, again)
    log.streams = {**(log.streams or {}), stream(1, 9): [(2, "b")], stream(2, 9): [(3, "c")]}

    assert [("algo-1", 0.002, "b"), ("algo-2", 0.003, "c")] == poll(streams, again)
    assert len(streams) == 4
    looks = log.count("DescribeLogStreams")
    poll(streams, again)
    assert looks == log.count("DescribeLogStreams")


@pytest.mark.parametrize(("count", "limit"), [(1, 10_000), (25, 10_000), (64, 4000), (300, 1000)])
def test_what_is_held(count: int, limit: int) -> None:
    """A page of every host is in memory at once, so many hosts have smaller ones."""
    log = CloudWatch({stream(host): [] for host in range(count)})
    poll(reader(log))

    assert {limit} == {given["limit"] for name, given in log.calls if name == "GetLogEvents"}


def test_pages_are_asked_for_when_they_are_read() -> None:
    """Nothing is fetched ahead, and nothing is held that was read."""
    log = CloudWatch({stream(1): [(n, "a") for n in range(30)]})
    log.most = 10
    streams = reader(log)
    streams.look_for(RUNNING)
    lines = streams.new()[0]
    for _ in range(11):
        next(lines)

    assert 2 == log.count("GetLogEvents")


def test_hosts_of_groups() -> None:
    """A job has the hosts of all its groups."""
    groups = [{"InstanceCount": 2}, {"InstanceCount": 3}, {}]

    assert 6 == hosts({"ResourceConfig": {"InstanceGroups": groups}})
    assert 2 == hosts(RUNNING)


# Patience.


@pytest.mark.parametrize("code", ["ThrottlingException", "ServiceUnavailable", "InternalFailure"])
def test_what_passes(code: str) -> None:
    """It is borne while one waits, and told who only asks."""
    log = CloudWatch({stream(1): [(1, "a")]})
    streams = reader(log)
    log.errors = [refused(code)]
    assert [] == poll(streams)
    assert [("algo-1", 0.001, "a")] == poll(streams)

    log.errors = [refused(code)]
    with pytest.raises(ServiceError, match=code) as raised:
        poll(reader(log, lasting=False))
    assert "Come back" not in str(raised.value)


@pytest.mark.parametrize("code", ["AccessDeniedException", "ExpiredTokenException"])
def test_what_does_not_pass(code: str) -> None:
    """It is told with what to do, and the facts of the error."""
    log = CloudWatch({stream(1): []})
    log.errors = [refused(code)]
    with pytest.raises(ServiceError, match=r"\(Request id: None\) Come back\.$") as raised:
        poll(reader(log))

    assert (code, "GetLogEvents") == (raised.value.code, raised.value.operation)


def test_patience_has_an_end() -> None:
    """After so many failures in a row the last one is told; a success begins anew."""
    patience, words = Patience("", lasting=True), "Rate exceeded"

    def fail() -> None:
        with patience:
            raise ServiceError(words, operation="x", code="ThrottlingException")

    for _ in range(60):
        fail()
    assert patience.tried
    with patience:
        pass
    for _ in range(60):
        fail()
    with pytest.raises(ServiceError):
        fail()


def test_patience_is_for_services() -> None:
    """An error of the program is none of theirs."""
    with pytest.raises(KeyError), Patience("", lasting=True):
        raise KeyError

"""`PlatformContract` and `HostingContract`: what a place to train, or to serve, must keep."""

from __future__ import annotations

import os
import socket
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from rlcore.endpoints import Answer, EndpointState, EndpointStatus
from rlcore.errors import EndpointExists, EndpointNotFound, JobExists, JobNotFound
from rlcore.metrics import PLATFORM_HOST
from rlcore.source import Bundle
from rlcore.spec import JobRequest, JobState, JobStatus, LogEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rlcore.endpoints import Deployment
    from rlcore.platforms.base import Hosting, Platform

_NOBODY = "nobody-has-this-name"
_PATIENCE = 120.0
_WAITS = (
    *("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo"),
    *("socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"),
)
_STARTS = (
    *("subprocess.Popen", "os.posix_spawn", "os.fork", "os.forkpty", "os.exec", "os.system"),
    "os.spawn",
)
_WRITES = (
    *("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate"),
    *("os.chmod", "os.chown", "os.utime", "os.setxattr", "os.removexattr"),
    *("tempfile.mkstemp", "tempfile.mkdtemp", "sqlite3.connect"),
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
# What makes a platform's job the same job when it is recovered.
_KEPT = (
    *("name", "release", "image_uri", "entry_point", "hyperparameters", "metric_definitions"),
    *("channels", "environment", "tags"),
)


@attrs.frozen(kw_only=True)
class TrialJob:
    """A job for the checks of a platform, whose script prints *lines* and ends well.

    Attributes:
        request: The job.
        bundle: Its packed source.
        lines: What its script prints, in order.
    """

    request: JobRequest
    bundle: Bundle | None = None
    lines: tuple[str, ...]


class PlatformContract:
    """Checks of one platform; a subclass gives the fixtures `platform` and `trial`."""

    @pytest.fixture
    def platform(self) -> Platform:
        """Return the platform; it has no job of the trial's name."""
        raise NotImplementedError

    @pytest.fixture
    def trial(self) -> TrialJob:
        """Return the job to try it with."""
        raise NotImplementedError

    def test_a_plan_is_pure(self, platform: Platform, trial: TrialJob) -> None:
        """Planning twice gives the same, and makes no file, no connection and no process."""
        platform.plan(trial.request)  # Modules that are imported now are not imported below.
        with _effects() as seen:
            first, second = platform.plan(trial.request), platform.plan(trial.request)
        _hold(first == second, f"two plans of one request differ: {first!r} and {second!r}")
        _hold(first.request == trial.request, f"the plan is of another request: {first.request}")
        _hold(not seen, f"planning has effects: {', '.join(seen)}; they belong into start")

    def test_a_job_starts_once(self, platform: Platform, trial: TrialJob) -> None:
        """`start` returns the job's name; a second job of that name raises `JobExists`."""
        name = _start(platform, trial)
        _hold(name == trial.request.name, f"start returned {name!r}, not {trial.request.name!r}")
        with _raises(JobExists, "starting a job a second time"):
            _start(platform, trial)
        _end(platform, name)
        found = [status.name for status in platform.jobs()]
        _hold(found.count(name) == 1, f"jobs lists {name!r} {found.count(name)} times: {found}")

    def test_its_states_are_those_of_jobs(self, platform: Platform, trial: TrialJob) -> None:
        """`describe` answers with a `JobState`; the final one of a sound job is `SUCCEEDED`."""
        name = _start(platform, trial)
        first = platform.describe(name)
        last = _end(platform, name)
        for status in (first, last, platform.describe(name)):
            _hold(isinstance(status, JobStatus), f"describe answered with {status!r}")
            _hold(isinstance(status.state, JobState), f"{status.state!r} is no JobState")
            _hold(status.name == name, f"describe({name!r}) told of {status.name!r}")
        _hold(
            last.state is JobState.SUCCEEDED,
            f"the trial ended as {last.state.value}: {last.failure_reason}",
        )

    def test_its_logs_are_whole_and_in_order(self, platform: Platform, trial: TrialJob) -> None:
        """The script's lines come once each, in their order, while the job runs and afterwards."""
        name = _start(platform, trial)
        followed = list(platform.logs(name, follow=True))
        for told, events in (("followed", followed), ("read again", list(platform.logs(name)))):
            lines = [event.message for event in events if event.host != PLATFORM_HOST]
            wanted = [line for line in lines if line in trial.lines]
            _hold(all(isinstance(each, LogEvent) for each in events), f"{told}: no LogEvent")
            _hold(wanted == list(trial.lines), f"the log, {told}, has {wanted}, of all {lines}")
            times = [event.timestamp for event in events if event.host != PLATFORM_HOST]
            _hold(times == sorted(times), f"the log, {told}, goes back in time: {times}")

    def test_stopping_is_idempotent(self, platform: Platform, trial: TrialJob) -> None:
        """A job may be stopped twice, and after its end; it ends in either case."""
        name = _start(platform, trial)
        platform.stop(name)
        platform.stop(name)
        ended = _end(platform, name)
        platform.stop(name)
        _hold(ended.state.final, f"a job that was stopped is {ended.state.value}")
        _hold(platform.describe(name).state is ended.state, "a final state changed")

    def test_a_job_is_recovered(self, platform: Platform, trial: TrialJob) -> None:
        """`recover` returns the request again, with the address of its source."""
        name = _start(platform, trial)
        found = platform.recover(name)
        _end(platform, name)
        for field in _KEPT:
            given, again = getattr(trial.request, field), getattr(found, field)
            _hold(given == again, f"recover changed {field} from {given!r} to {again!r}")
        if trial.bundle:
            _hold(bool(found.source_uri), "recover gave no source_uri, where the source is kept")

    def test_an_unknown_name_is_refused(self, platform: Platform) -> None:
        """Whatever is asked of a job that there is not raises `JobNotFound`."""
        questions: dict[str, Callable[[], Any]] = {
            "describe": lambda: platform.describe(_NOBODY),
            "logs": lambda: list(platform.logs(_NOBODY)),
            "stop": lambda: platform.stop(_NOBODY),
            "recover": lambda: platform.recover(_NOBODY),
        }
        for method, question in questions.items():
            with _raises(JobNotFound, f"{method} of an unknown job"):
                question()


class HostingContract:
    """Checks of one hosting; a subclass gives the fixtures `hosting` and `trial`."""

    body = b'{"a": 1}'

    def pause(self, seconds: float) -> None:
        """Wait between two looks; for a hosting whose clock the test moves, move it."""
        time.sleep(seconds)

    @pytest.fixture
    def hosting(self) -> Hosting:
        """Return the hosting; it has no endpoint of the trial's name."""
        raise NotImplementedError

    @pytest.fixture
    def trial(self) -> Deployment:
        """Return a deployment whose endpoint answers JSON by JSON."""
        raise NotImplementedError

    def test_an_endpoint_lives_and_is_deleted(self, hosting: Hosting, trial: Deployment) -> None:
        """It comes into service, is listed, answers, and is unknown once it is deleted."""
        name = hosting.deploy(trial, None)
        _hold(name == trial.name, f"deploy returned {name!r}, not {trial.name!r}")
        try:
            status = self._in_service(hosting, name)
            listed = [each.name for each in hosting.endpoints()]
            _hold(listed.count(name) == 1, f"endpoints lists {name!r} wrongly: {listed}")
            kind = "application/json"
            answer = hosting.invoke(name, self.body, content_type=kind, accept=kind)
            _hold(isinstance(answer, Answer), f"invoke answered with {answer!r}")
            _hold(
                status.model_data.endswith(trial.model.model_data),
                f"it serves {status.model_data}, not {trial.model.model_data}",
            )
            with _raises(EndpointExists, "deploying under a name that is taken"):
                hosting.deploy(trial, None)
        finally:
            hosting.delete(name)
        hosting.delete_model(name)
        self._wait(lambda: not _is_there(hosting, name), f"{name} is there though deleted")
        self._check_unknown(hosting, name)

    def test_an_unknown_endpoint_is_refused(self, hosting: Hosting) -> None:
        """Whatever is asked of an endpoint that there is not raises `EndpointNotFound`."""
        self._check_unknown(hosting, _NOBODY)

    def _in_service(self, hosting: Hosting, name: str) -> EndpointStatus:
        creating = f"{name} is still being created"
        self._wait(lambda: hosting.describe(name).state is not EndpointState.CREATING, creating)
        status = hosting.describe(name)
        told = f"{name} is {status.state.value}: {status.failure_reason}"
        _hold(status.state is EndpointState.IN_SERVICE, told)
        return status

    def _wait(self, condition: Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not condition():
            _hold(time.monotonic() < deadline, f"after {_PATIENCE:g} s, {otherwise}")
            self.pause(0.05)

    def _check_unknown(self, hosting: Hosting, name: str) -> None:
        questions: dict[str, Callable[[], Any]] = {
            "describe": lambda: hosting.describe(name),
            "invoke": lambda: hosting.invoke(name, b"", content_type="a/b", accept="a/b"),
            "delete": lambda: hosting.delete(name),
        }
        for method, question in questions.items():
            with _raises(EndpointNotFound, f"{method} of an endpoint that there is not"):
                question()


def _start(platform: Platform, trial: TrialJob) -> str:
    return platform.start(platform.plan(trial.request), trial.bundle)


def _end(platform: Platform, name: str) -> JobStatus:
    for _ in platform.logs(name, follow=True):
        pass
    return platform.describe(name)


def _is_there(hosting: Hosting, name: str) -> bool:
    try:
        hosting.describe(name)
    except EndpointNotFound:
        return False
    return True


def _hold(condition: bool, message: str) -> None:  # noqa: FBT001 - as in an assertion
    if not condition:
        pytest.fail(message, pytrace=False)


@contextmanager
def _raises(error: type[Exception], when: str) -> Iterator[None]:
    try:
        yield
    except error:
        return
    except Exception as other:  # noqa: BLE001 - whatever else is raised is what is wrong
        pytest.fail(f"{when} raised {type(other).__name__}, not {error.__name__}: {other}")
    pytest.fail(f"{when} raised no {error.__name__}", pytrace=False)


@contextmanager
def _effects() -> Iterator[list[str]]:
    """Collect what Python itself sees of files made, connections and processes."""
    seen: list[str] = []
    watching = [True]

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and (event in {*_WAITS, *_STARTS, *_WRITES} or _opens(event, arguments)):
            told = [repr(each) for each in arguments if not isinstance(each, socket.socket)]
            seen.append(" ".join([event, *told[:1]]))

    sys.addaudithook(audit)  # For the rest of the process; without eyes once it has been used.
    try:
        yield seen
    finally:
        watching.clear()


def _opens(event: str, arguments: tuple[Any, ...]) -> bool:
    """Tell whether a file is opened for writing, a module's own cache apart."""
    if event != "open":
        return False
    path, mode, flags = arguments
    writes = set(mode or "") & set("wax+") or flags & _WRITING
    return "__pycache__" not in str(path) and bool(writes)

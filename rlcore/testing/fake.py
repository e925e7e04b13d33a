"""A fake SageMaker that a real boto3 talks to: an HTTP service on loopback."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

from rlcore.testing import clients, motoserver
from rlcore.testing.clocks import SystemClock
from rlcore.testing.server import OWN_KEY, serve
from rlcore.testing.service import Service

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    import boto3
    from typing_extensions import Self

    from rlcore.platforms.local.platform import LocalPlatform
    from rlcore.testing.clocks import Clock
    from rlcore.testing.endpoints import Answering, EndpointScript
    from rlcore.testing.faults import Fault
    from rlcore.testing.jobs import Job
    from rlcore.testing.operations import Call
    from rlcore.testing.timelines import JobScript
    from rlcore.testing.transforms import TransformScript


class FakeSageMaker:
    """SageMaker, its runtime, CloudWatch and CloudWatch Logs on loopback; moto for the rest.

    What a test does by hand, such as moving the clock, it does between the client's calls::

        clock = ManualClock()
        with FakeSageMaker(clock=clock) as aws:
            client = aws.session().client("sagemaker")
            client.create_training_job(...)
            clock.advance(3600)
            client.describe_training_job(...)

    Requests are checked against the service's model, names are taken once, and jobs and endpoints
    are moved by the clock alone. S3, STS, IAM and EC2 are moto's, one for all fakes of a process;
    IAM has the role `MyRole`.

    Attributes:
        calls: Every call of every client, in order.
        clock: The time.

    Args:
        clock: The time; the machine's by default.
        region: The region.
        account: Number of the account.
        real: Whether training jobs and endpoints run on this machine, on the platform `local` or on
            the one given, rather than by scripts.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        region: str = "us-west-2",
        account: str = motoserver.ACCOUNT,
        real: bool | LocalPlatform = False,
    ) -> None:
        """Nothing is started before the block is entered."""
        self.clock: Clock = clock or SystemClock()
        self.region = region
        self.account = account
        self.moto = ("127.0.0.1", 0)
        self.url = ""
        self._real = real
        self._lock = threading.RLock()
        self._running = contextlib.ExitStack()
        self._ending = contextlib.ExitStack()
        self._begin()

    def _begin(self) -> None:
        self.calls: list[Call] = []
        self._faults: list[tuple[str, Fault]] = []
        self._service = self._made_service()

    # What a test does with it.

    @property
    def environ(self) -> dict[str, str]:
        """Variables by which boto3 in any process talks to it."""
        return clients.environ(self.url, self.region)

    @property
    def jobs(self) -> Mapping[str, Job]:
        """The training jobs, by name."""
        return self._service.jobs.by_name

    def session(self) -> boto3.Session:
        """Return a session of boto3's whose clients talk to it, whatever the environment says."""
        return clients.session(self.url, self.region)

    def reset(self) -> None:
        """Forget everything, and be as new; the clock goes on."""
        with self._lock:
            self._ending.close()
            self._begin()
            motoserver.empty(self.moto, self.account)

    def script(self, name: str | None, script: JobScript) -> None:
        """Say what a training job will do, before it is created; None means each other one."""
        self._service.jobs.scripts[name] = script

    def script_endpoint(self, name: str | None, script: EndpointScript) -> None:
        """Say what an endpoint does; None means each other one."""
        self._service.endpoints.scripts[name] = script

    def script_transform(self, name: str | None, script: TransformScript) -> None:
        """Say what a transform job does; None means each other one."""
        self._service.transforms.scripts[name] = script

    def answer(self, endpoint: str, answering: Answering | bytes) -> None:
        """Say what an endpoint answers: always the same, or a function of body and headers.

        A function that returns a status, too, other than 200, is a model that fails.
        """
        answers = self._service.endpoints.answers
        answers[endpoint] = answering if callable(answering) else lambda *_: answering

    def write_log(self, job: str, host: int, text: str) -> None:
        """Write a line to the log of a host of a job, numbered from 1, now."""
        self._service.write_log(job, host, text)

    def fail(self, operation: str, fault: Fault, times: int = 1) -> None:
        """Let the next calls of an operation fail, so many times; `*` means any operation."""
        with self._lock:
            self._faults += [(operation, fault)] * times

    def operations(self) -> list[str]:
        """Return the names of the operations that were called, in order."""
        return [call.operation for call in self.calls]

    # How it runs.

    def __enter__(self) -> Self:
        """Start the services."""
        self.moto = motoserver.start()
        motoserver.empty(self.moto, self.account)
        server = serve(_Backend(self))
        self.url = "http://{}:{}".format(*server.server_address[:2])
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        self._running.callback(thread.join)
        self._running.callback(server.server_close)
        self._running.callback(server.shutdown)
        self._running.callback(self._ending.close)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End them, and forget what moto has."""
        self._running.close()
        motoserver.empty(self.moto, self.account)

    def _made_service(self) -> Service:
        place = (self.clock, self.region, self.account)
        if not self._real:
            return Service(*place)
        from rlcore.testing import real  # noqa: PLC0415 - scripts need none of it

        platform = None if self._real is True else self._real

        def session() -> boto3.Session:
            return clients.session(self.url, self.region, OWN_KEY)

        return real.service(place, platform, session, self._ending)

    def _called(self, call: Call) -> Fault | None:
        with self._lock:
            self.calls.append(call)
            for index, (wanted, fault) in enumerate(self._faults):
                if wanted in {call.operation, "*"}:
                    del self._faults[index]
                    return fault
        return None


class _Backend:
    """What the server asks of a fake."""

    def __init__(self, fake: FakeSageMaker) -> None:
        self._fake = fake
        self.moto = fake.moto
        self.account = fake.account

    def called(self, call: Call) -> Fault | None:
        """Note a call, and return the fault that is on order for it."""
        return self._fake._called(call)  # noqa: SLF001 - two halves of one thing

    def answer(self, service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer an operation of SageMaker, CloudWatch or CloudWatch Logs."""
        return self._fake._service.answer(service, operation, request)  # noqa: SLF001 - likewise

    def invoke(self, name: str, body: bytes, headers: Mapping[str, str]) -> tuple[str, bytes]:
        """Answer a request to an endpoint; several may be answered at once."""
        return self._fake._service.endpoints.invoke(name, body, headers)  # noqa: SLF001 - likewise

    def now(self) -> float:
        """Return the time of the fake's clock."""
        return self._fake.clock()

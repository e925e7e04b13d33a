"""Requests on their way to workers, which are real processes."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from rlcore.platforms.local.dispatcher import Dispatcher, Limits, QueueFull
from rlcore.platforms.local.worker import NoWorker
from rlserving.frames import Request

WORKER = Path(__file__).parents[2] / "helpers/toy_worker.py"


class Bench:
    """A dispatcher over toy workers, and what it told."""

    def __init__(self, *options: object, **limits: float) -> None:
        """Make the dispatcher; nothing is started."""
        self.options = [str(option) for option in options]
        self.told: list[str] = []
        self.changes = asyncio.Semaphore(0)
        self.processes: list[subprocess.Popen[bytes]] = []
        self.program = sys.executable
        self.dispatcher = Dispatcher(
            self.spawn, Limits(**limits), tell=self.told.append, changed=self.changed
        )

    def spawn(self, descriptor: int) -> subprocess.Popen[bytes]:
        """Start a worker."""
        command = [self.program, str(WORKER), *self.options, str(descriptor)]
        self.processes.append(subprocess.Popen(command, pass_fds=[descriptor]))
        return self.processes[-1]

    def changed(self) -> None:
        """Count a change."""
        self.changes.release()

    async def __aenter__(self):
        """Start the workers."""
        await self.dispatcher.start()
        return self

    async def __aexit__(self, *_: object):
        """End them."""
        await self.dispatcher.close()
        assert [] == [process for process in self.processes if process.poll() is None]

    def ask(self, text: str) -> asyncio.Future:
        """Ask for an answer."""
        return self.dispatcher.ask(Request(text.encode(), "text/plain", "application/json"))

    async def said(self, text: str) -> dict:
        """Return the answer to a text."""
        return dict(json.loads((await self.ask(text)).body))


def run(coroutine):
    """Run a test's coroutine; it has half a minute."""
    return asyncio.run(asyncio.wait_for(coroutine, 30))


def test_answers_come_to_whom_they_belong():
    """Of a hundred requests each gets its own answer, and its observations outside."""

    async def test():
        async with Bench("--batches") as bench:
            texts = [f"{number} {'outside ' * (number % 3)}" for number in range(100)]
            answers = await asyncio.gather(*map(bench.ask, texts))

            assert texts == [json.loads(answer.body)["said"] for answer in answers]
            assert [number % 3 for number in range(100)] == [answer.outside for answer in answers]
            assert ("default",) == bench.dispatcher.policies

    run(test())


def test_what_waits_is_one_batch():
    """A lone request is not kept waiting; what comes while the worker is busy goes together."""

    async def test():
        async with Bench("--batches") as bench:
            first = bench.ask("sleep 0.1")
            await asyncio.sleep(0)
            others = [bench.ask(str(number)) for number in range(70)]

            assert 1 == json.loads((await first).body)["of"]
            sizes = [json.loads((await other).body)["of"] for other in others]
            assert [64] * 64 + [6] * 6 == sizes

    run(test())


def test_large_bodies_are_no_large_batch():
    """A batch ends with the body that makes it large, so that it fits into memory."""

    async def test():
        async with Bench("--batches") as bench:
            first = bench.ask("sleep 0.1")
            await asyncio.sleep(0)
            others = [bench.ask("x" * 600_000) for _ in range(5)]

            await first
            sizes = [json.loads((await other).body)["of"] for other in others]
            assert [2, 2, 2, 2, 1] == sizes

    run(test())


def test_user_code_gets_one_at_a_time():
    """A worker that takes no batches never gets one."""

    async def test():
        async with Bench() as bench:
            answers = await asyncio.gather(*(bench.said(str(number)) for number in range(20)))

            assert {1} == {answer["of"] for answer in answers}

    run(test())


def test_several_workers():
    """While one worker is busy the others answer."""

    async def test():
        async with Bench(workers=3) as bench:
            for _ in range(3):
                await bench.changes.acquire()
            answers = await asyncio.gather(*(bench.said("sleep 0.2") for _ in range(3)))

            assert 3 == len({answer["pid"] for answer in answers})

    run(test())


def test_a_full_queue():
    """More than may wait are refused, and the others answered."""

    async def test():
        async with Bench(queue_size=2) as bench:
            asked = [bench.ask("sleep 0.1")]
            await asyncio.sleep(0)
            asked += [bench.ask("a"), bench.ask("b")]
            with pytest.raises(QueueFull):
                bench.ask("c")

            assert [200, 200, 200] == [(await each).status for each in asked]

    run(test())


def test_a_full_queue_before_an_idle_worker():
    """What comes in one turn of the loop is not refused for it while a worker is idle."""

    async def test():
        async with Bench(queue_size=1) as bench:
            asked = [bench.ask("a"), bench.ask("b")]

            assert [200, 200] == [(await each).status for each in asked]

    run(test())


def test_a_worker_that_dies():
    """What it was answering is refused, what waits is answered by the next worker."""

    async def test():
        async with Bench() as bench:
            dying, waiting = bench.ask("die"), bench.ask("after")

            refused = await dying
            assert (503, True) == (refused.status, b"started again" in refused.body)
            assert "after" == json.loads((await waiting).body)["said"]
            assert (1, None) == (bench.dispatcher.restarts, bench.dispatcher.failure)
            assert ["The worker ended with the exit code 3. It is started again."] == bench.told

    run(test())


def test_a_worker_that_is_too_slow():
    """Its request is answered in time, with 504, and another worker is there for the next."""

    async def test():
        async with Bench(timeout=0.3) as bench:
            answer = await bench.ask("sleep 60")

            assert (504, True) == (answer.status, b"within 0.3 s" in answer.body)
            assert "next" == (await bench.said("next"))["said"]

    run(test())


@pytest.mark.parametrize(
    ("option", "reason", "explained"),
    [
        ("--unable", "the model is of wood", True),
        ("--dead", "The worker ended with the exit code 4.", False),
    ],
)
def test_a_model_that_cannot_be_loaded(option, reason, explained):
    """The start fails with what the worker says, and nothing is started again."""

    async def test():
        bench = Bench(option)
        with pytest.raises(NoWorker) as raised:
            await bench.dispatcher.start()
        await bench.dispatcher.close()

        assert (reason, explained) == (str(raised.value), raised.value.explained)
        assert 1 == len(bench.processes)

    run(test())


def test_a_worker_that_cannot_be_replaced(tmp_path):
    """When the next one cannot start, what waits is refused, until there is one that can."""

    async def test():
        async with Bench("--once", tmp_path / "seen") as bench:
            asked = [bench.ask("die"), bench.ask("waits")]

            assert [503, 503] == [(await each).status for each in asked]
            assert "The worker ended with the exit code 4." == bench.dispatcher.failure
            with pytest.raises(NoWorker):
                bench.ask("later")

            (tmp_path / "seen").unlink()
            while bench.dispatcher.failure:
                await bench.changes.acquire()
            assert "back" == (await bench.said("back"))["said"]

    run(test())


def test_a_worker_that_hangs_up(tmp_path):
    """It is asked nothing while its process lives on; the next worker answers."""

    async def test():
        async with Bench() as bench:
            await bench.ask(f"hang up {tmp_path / 'gone'}")
            while not (tmp_path / "gone").exists():  # noqa: ASYNC110 - another process is waited for
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.01)  # in which the loop sees the end of its socket

            assert bench.processes[0].poll() is None
            answer = await bench.said("next")
            assert bench.processes[1].pid == answer["pid"]

    run(test())


def test_a_worker_whose_program_is_gone():
    """What waits is refused with the reason, and it is tried again."""

    async def test():
        async with Bench() as bench:
            bench.program = "/no/such/python"
            asked = [bench.ask("die"), bench.ask("waits")]

            assert [503, 503] == [(await each).status for each in asked]
            assert "could not be started: [Errno 2]" in str(bench.dispatcher.failure)
            bench.program = sys.executable
            while bench.dispatcher.failure:
                await bench.changes.acquire()
            assert "back" == (await bench.said("back"))["said"]

    run(test())


def test_closing_while_a_worker_starts(tmp_path):
    """A worker that loads the model still is not waited for."""

    async def test():
        bench = Bench("--slow-start", tmp_path / "begun")
        starting = asyncio.ensure_future(bench.dispatcher.start())
        while not (tmp_path / "begun").exists():  # noqa: ASYNC110 - another process is waited for
            await asyncio.sleep(0.01)
        await bench.dispatcher.close(patience=60)
        with pytest.raises(NoWorker, match="exit code -9"):
            await starting

    run(test())


def test_closing_waits_for_the_answer():
    """A request under way is answered when the endpoint ends."""

    async def test():
        bench = Bench()
        await bench.dispatcher.start()
        asked = bench.ask("sleep 0.2")
        await asyncio.sleep(0.05)
        await bench.dispatcher.close()

        assert asked.done()

    run(test())

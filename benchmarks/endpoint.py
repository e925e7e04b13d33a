"""A CartPole policy behind HTTP: our endpoint, a bare application, Ray Serve, MLflow."""

from __future__ import annotations

import contextlib
import json
import socket
import statistics
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.load import Load, Target, load
from benchmarks.report import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.workbench import Workbench

SERVERS = Path(__file__).with_name("servers")
OBSERVATION = [0.0123456, -0.0456789, 0.0234567, 0.0345678]
BODY = json.dumps({"observation": OBSERVATION}).encode()
MLFLOW_BODY = json.dumps({"inputs": {"observation": [OBSERVATION], "noise": [[0, 0]]}}).encode()
SERVING = ("ray.pytorch", "2.60.0", "--serving")
DEPLOY = """
import json, sys, time
from rlcore import Model
started = time.perf_counter()
predictor = Model.from_archive(sys.argv[1]).deploy(1, "local", endpoint_name=sys.argv[2])
print("seconds", json.dumps(time.perf_counter() - started))
"""
START = 180.0  # seconds
MANY = 32


class Served(NamedTuple):
    """How a server is started and asked."""

    script: str
    body: bytes


class Requests(NamedTuple):
    """How often a server is asked in a round: by one client, and by many."""

    one: int
    many: int


MANY_REQUESTS = Requests(3000, 20000)
FEW = Requests(200, 400)  # what the slow ones can take
LIMITS = {"bare ASGI": Served("bare.py", BODY)}
PEERS = {
    "Ray Serve": Served("ray_serve.py", BODY),
    "MLflow": Served("mlflow_server.py", MLFLOW_BODY),
}


class Measured(NamedTuple):
    """What a server does with one client, and with many."""

    one: Load
    many: Load


def results(bench: Workbench) -> Iterator[Result]:
    """Measure ours and the limit in turns, so that a noisy moment hits both; then each peer alone.

    Some peers keep a core busy while nobody asks them.
    """
    archive, graph = _policy(bench)
    rounds = 1 if bench.quick else 5
    with contextlib.ExitStack() as running:
        ready, target, pids = running.enter_context(_endpoint(bench, archive))
        targets = {"ours": target}
        for name in _installed(bench, LIMITS):
            targets[name] = running.enter_context(_served(bench, name, graph))
        found = _measure(targets, rounds, FEW if bench.quick else MANY_REQUESTS)
        growth, size = _memory(target, pids, requests=200 if bench.quick else 10000)
    for name in _installed(bench, PEERS):
        with _served(bench, name, graph) as target:
            found.update(_measure({name: target}, rounds, FEW))
    yield from _latency(found)
    yield Result(what="endpoint: ready after `deploy`", unit="s, wall", ours=ready, bar=2)
    yield Result(what="endpoint: memory of front and worker", unit="MB", ours=size, bar=250)
    what = "endpoint: growth of memory over 10,000 requests"
    yield Result(what=what, unit="%", ours=growth, bar=5)


def _latency(found: dict[str, Measured]) -> Iterator[Result]:
    ours = found.pop("ours")
    bare = found.get("bare ASGI")
    beside = found
    yield Result(
        what="endpoint, 1 client: p50",
        unit="ms",
        ours=ours.one.p50,
        bar=(bare.one.p50 if bare else 0.15) + 0.35,
        others={name: each.one.p50 for name, each in beside.items()},
    )
    yield Result(
        what=f"endpoint, {MANY} clients: throughput",
        unit="requests/s",
        ours=ours.many.rate,
        bar=bare.many.rate if bare else 0.0,
        higher_is_better=True,
        others={name: each.many.rate for name, each in beside.items()},
    )
    yield Result(
        what=f"endpoint, {MANY} clients: p99",
        unit="ms",
        ours=ours.many.p99,
        bar=bare.many.p99 if bare else 1000.0,
        others={name: each.many.p99 for name, each in beside.items()},
    )


def _policy(bench: Workbench) -> tuple[Path, Path]:
    """Build the serving environment and a model; return archive and graph."""
    environment = Path(_output(bench, "rlcore", "env", "build", *SERVING).strip())
    folder = bench.folder / "policy"
    python = environment / "bin/python"
    subprocess.run([python, SERVERS / "policy.py", folder], check=True)
    archive = bench.folder / "model.tar.gz"
    subprocess.run(["tar", "-czf", archive, "-C", folder, "."], check=True)  # noqa: S607
    return archive, next(folder.glob("*.onnx"))


def _output(bench: Workbench, program: str, *arguments: str) -> str:
    command = [str(bench.bin / program), *arguments]
    return subprocess.check_output(command, env=dict(bench.environ), text=True)


@contextlib.contextmanager
def _endpoint(bench: Workbench, archive: Path) -> Iterator[tuple[float, Target, list[int]]]:
    """Deploy the model twice, the second time to measure it; delete both."""
    seconds = 0.0
    try:
        for name in ("warm", "measured"):
            said = _output(bench, "python", "-c", DEPLOY, str(archive), name)
            seconds = json.loads(said.rpartition("seconds ")[2])
        folder = Path(bench.environ["RLCORE_HOME"]) / "endpoints/measured"
        token = (folder / "token").read_text("utf-8").strip()
        url = _url(bench, "measured")
        headers = {"Authorization": f"Bearer {token}"}
        target = Target(url=f"{url}/invocations", body=BODY, headers=headers)
        yield seconds, target, _processes(folder)
    finally:
        _output(bench, "rlcore", "delete", "warm", "measured")


def _url(bench: Workbench, name: str) -> str:
    listed = json.loads(_output(bench, "rlcore", "endpoints", "--json"))
    return next(str(each["url"]) for each in listed if each["name"] == name)


def _processes(folder: Path) -> list[int]:
    """Return the processes that have the endpoint's folder on their command line."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(folder).encode() in (process / "cmdline").read_bytes():
                found.append(int(process.name))
    return found


def _installed(bench: Workbench, servers: dict[str, Served]) -> list[str]:
    return [name for name in servers if name in bench.peers]


@contextlib.contextmanager
def _served(bench: Workbench, name: str, graph: Path) -> Iterator[Target]:
    """Run a server until the block ends; it ends when its standard input does."""
    script, body = {**LIMITS, **PEERS}[name]
    python = bench.peers[name] / "python"
    port = _free_port()
    target = Target(url=f"http://127.0.0.1:{port}/invocations", body=body)
    command = [str(python), str(SERVERS / script), str(graph), str(port)]
    output = graph.with_name(f"{script}.log")
    with (
        output.open("wb") as log,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=graph.parent
        ) as process,
    ):
        _wait(lambda: _answers(target), process, output)
        yield target
        if process.stdin:
            process.stdin.close()


def _free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])


def _answers(target: Target) -> bool:
    try:
        load(target, clients=1, requests=1)
    except (OSError, ValueError):
        return False
    return True


def _wait(ready: Callable[[], bool], process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + START
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            msg = f"{process.args!r} does not serve: {output.read_text('utf-8', 'replace')}"
            raise RuntimeError(msg)
        time.sleep(0.2)


def _measure(targets: dict[str, Target], rounds: int, requests: Requests) -> dict[str, Measured]:
    """Return the medians of all rounds."""
    found: dict[str, list[Measured]] = {name: [] for name in targets}
    for _ in range(rounds):
        for name, target in targets.items():
            load(target, clients=1, requests=20)
            found[name].append(
                Measured(
                    load(target, clients=1, requests=requests.one),
                    load(target, clients=MANY, requests=requests.many),
                )
            )
    return {name: Measured(*map(_median, zip(*each, strict=True))) for name, each in found.items()}


def _median(loads: tuple[Load, ...]) -> Load:
    return Load(
        rate=statistics.median(each.rate for each in loads),
        p50=statistics.median(each.p50 for each in loads),
        p99=statistics.median(each.p99 for each in loads),
    )


def _memory(target: Target, pids: list[int], *, requests: int) -> tuple[float, float]:
    """Return by how much percent memory grew over so many requests, and the MB afterwards."""
    before = _resident(pids)
    load(target, clients=MANY, requests=requests)
    after = _resident(pids)
    return 100 * (after - before) / before, after


def _resident(pids: list[int]) -> float:
    """Return the resident memory of processes, in MB; what they share counts for each."""
    kilobytes = 0
    for pid in pids:
        status = Path(f"/proc/{pid}/status").read_text("utf-8")
        kilobytes += next(int(line.split()[1]) for line in status.splitlines() if "VmRSS:" in line)
    return kilobytes / 1000

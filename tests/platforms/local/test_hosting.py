"""Endpoints of this machine: real fronts, workers, environments and HTTP."""

from __future__ import annotations

import http.client
import io
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import tarfile
import textwrap
import threading
import time
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import attrs
import cartpole
import pytest

from rlcore import source
from rlcore.endpoints import EndpointState
from rlcore.errors import (
    EndpointExists,
    EndpointNotFound,
    InvalidArgument,
    InvocationFailed,
    NotDeployable,
    PlatformError,
    PortTaken,
)
from rlcore.platforms.local import fronts, processes
from rlcore.platforms.local.endpointfolder import endpoint_folder
from rlcore.platforms.local.locks import locked
from rlcore.spec import Unavailable

ECHO = """
    import json, os, time
    def model_fn(model_dir):
        print("loaded", os.path.basename(model_dir))
        return {"dir": model_dir}
    def transform_fn(model, body, content_type, accept):
        asked = json.loads(body)
        time.sleep(asked.get("sleep", 0))
        if asked.get("die"):
            os._exit(7)
        return json.dumps({"said": asked, "pid": os.getpid(), "mine": os.environ.get("MINE")})
"""


def folder():
    """Return the endpoint's folder."""
    return endpoint_folder(Path(os.environ["RLCORE_HOME"]), "endpoint")


def request(status, method="POST", path="/invocations", body=b'{"a": 1}', **headers):
    """Send a request as it is and return status, headers and the JSON of the answer."""
    connection = http.client.HTTPConnection(urlsplit(status.url).netloc, timeout=20)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, given)
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    return response.status, response.headers, answer


def bearer():
    """Return the header that lets a request in."""
    return f"Bearer {folder().token.read_text()}"


def test_the_life_of_an_endpoint(endpoints, until):
    """It comes into service, answers, counts, and is gone when it is deleted; the model stays."""
    status = endpoints.deploy(ECHO, request={"environment": {"MINE": "yes"}})

    assert (EndpointState.IN_SERVICE, "", None) == (
        status.state, status.stage, status.failure_reason,
    )  # fmt: skip
    assert "toy 1.0" == status.release
    answer = endpoints.ask({"observation": [1, 2]})
    assert ({"observation": [1, 2]}, "yes") == (answer["said"], answer["mine"])
    until(lambda: endpoints.hosting.describe("endpoint").requests == 1)
    assert [status.name] == [each.name for each in endpoints.hosting.endpoints()]
    assert "loaded model" in folder().log.read_text()

    mark = folder().read_document()["id"]
    endpoints.hosting.delete("endpoint")
    assert [] == endpoints.hosting.endpoints()
    assert [] == processes.of_job(mark)
    assert [] == list(folder().path.parent.iterdir())
    assert (endpoints.folder / "model.tar.gz").exists()


def test_only_the_owner_reads_it(endpoints):
    """Token and folder are readable by their owner alone."""
    endpoints.deploy(ECHO)

    assert 0o600 == folder().token.stat().st_mode & 0o777
    assert 0o700 == folder().path.stat().st_mode & 0o777


def test_it_outlives_its_client(endpoints, until):
    """An endpoint that another process deployed goes on when that has ended."""
    archive = endpoints.pack({"code/inference.py": ECHO})
    script = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from conftest import Endpoints
from rlcore.platforms.local.platform import LocalPlatform
from pathlib import Path
environments = Path({str(endpoints.environments)!r})
hosting = LocalPlatform(environments=environments).hosting
Endpoints(hosting, environments, Path(".")).start(Path({str(archive)!r}))
"""
    subprocess.run([sys.executable, "-c", script], check=True)
    until(lambda: endpoints.hosting.describe("endpoint").state is EndpointState.IN_SERVICE)

    assert {"b": 2} == endpoints.ask({"b": 2})["said"]


def test_names(endpoints):
    """A name that is taken, unknown or no name is told with what to do."""
    endpoints.deploy(ECHO)
    with pytest.raises(EndpointExists, match="rlcore delete endpoint"):
        endpoints.start(ECHO)
    with pytest.raises(EndpointNotFound, match="Did you mean 'endpoint'?"):
        endpoints.hosting.describe("endpont")
    for name in ("..", "", "endpoint/../endpoint"):
        with pytest.raises(EndpointNotFound):
            endpoints.hosting.delete(name)
    with pytest.raises(InvalidArgument, match="is not a job name"):
        endpoints.start(ECHO, "../outside")
    assert {"c": 3} == endpoints.ask({"c": 3})["said"]


def test_a_port(endpoints):
    """The port that is asked for is the endpoint's; one that is taken is refused, at once."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port} cannot be had"):
            endpoints.start(ECHO, port=port)
    assert [] == endpoints.hosting.endpoints()

    assert f"http://127.0.0.1:{port}" == endpoints.deploy(ECHO, port=port).url


def test_a_release_that_is_not_served(endpoints):
    """The reason is told, and nothing is left behind."""
    release = attrs.evolve(endpoints.release, serving=Unavailable(reason="It never was."))
    with pytest.raises(NotDeployable, match="It never was."):
        endpoints.start(ECHO, release=release)

    assert not folder().path.exists()


def test_requests_that_are_refused(endpoints):
    """Each gets its status and a reason as JSON, and the endpoint goes on serving."""
    status = endpoints.deploy(ECHO, max_body_size=1000, body_timeout=0.5)
    let = {"Authorization": bearer()}

    refusals = {
        "no token": (401, request(status)),
        "a wrong token": (401, request(status, Authorization=bearer() + "x")),
        "loopback address alone": (403, request(status, Host="evil.example", **let)),
        "there are /invocations and /ping": (404, request(status, path="/models", **let)),
        "POST is": (405, request(status, "GET", **let)),
        "GET is": (405, request(status, path="/ping", **let)),
        "1000 bytes at most": (413, request(status, body=b"x" * 1001, **let)),
        "at most; ask": (413, request(status, body=iter([b"x" * 600, b"x" * 600]), **let)),
        "within 0.5 s": (408, unfinished(status, '{"a"')),
        "did not come": (408, unfinished(status, "")),
    }
    for words, (expected, (code, _, answer)) in refusals.items():
        assert (expected, True) == (code, words in answer["error"]), answer

    assert {"d": 4} == endpoints.ask({"d": 4})["said"]


def unfinished(status, part):
    """Send a part of a body of 8 bytes, and return what comes back."""
    with socket.create_connection(("127.0.0.1", urlsplit(status.url).port), 20) as connection:
        head = f"POST /invocations HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer()}\r\n"
        connection.sendall(f"{head}Content-Length: 8\r\n\r\n{part}".encode())
        response = http.client.HTTPResponse(connection)
        response.begin()
        return response.status, response.headers, json.loads(response.read())


def test_a_client_that_leaves(endpoints, until):
    """A request whose body never came is no request: the worker is not asked."""
    status = endpoints.deploy(ECHO)
    with socket.create_connection(("127.0.0.1", urlsplit(status.url).port), 20) as connection:
        head = f"POST /invocations HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer()}\r\n"
        connection.sendall(f"{head}Content-Length: 8\r\n\r\n".encode())
    until(lambda: " 400 POST " in folder().access_log.read_text())

    assert {"h": 8} == endpoints.ask({"h": 8})["said"]
    until(lambda: endpoints.hosting.describe("endpoint").requests == 1)


@pytest.mark.parametrize("megabytes", [20, 80])
def test_a_body_that_is_far_too_large(endpoints, megabytes):
    """Its sender hears of it, also where the endpoint does not read it to its end."""
    endpoints.deploy(ECHO)
    for _ in range(2):
        with pytest.raises(InvocationFailed, match="6291456 bytes at most") as raised:
            endpoints.hosting.invoke(
                "endpoint", bytes(megabytes << 20), content_type="text/csv", accept="*/*"
            )
        assert 413 == raised.value.status

    assert {"e": 5} == endpoints.ask({"e": 5})["said"]


def test_an_endpoint_that_loads_its_model(endpoints, until):
    """It says that it is not in service yet, and is deleted at once."""
    endpoints.start("import time\ndef model_fn(folder): time.sleep(600)")
    until(lambda: endpoints.hosting.describe("endpoint").stage == "Starting worker")
    status = endpoints.hosting.describe("endpoint")

    code, headers, answer = request(status, Authorization=bearer())
    assert (503, "1") == (code, headers["Retry-After"])
    assert "the endpoint is not in service yet: Starting worker" == answer["error"]
    begun = time.monotonic()
    endpoints.hosting.delete("endpoint")
    assert time.monotonic() - begun < 8  # and not the ten seconds of a worker that answers


def test_a_full_disk(endpoints):
    """The endpoint goes on, starts a worker again and is deleted, though nothing can be written."""
    endpoints.deploy(ECHO)
    front = int(folder().process.read_text())
    resource.prlimit(front, resource.RLIMIT_FSIZE, (0, 0))
    with pytest.raises(InvocationFailed, match="The worker died"):
        endpoints.ask({"die": True})

    assert {"f": 6} == endpoints.ask({"f": 6})["said"]
    assert [] == list(folder().path.glob(".status*"))
    endpoints.hosting.delete("endpoint")
    assert [] == endpoints.hosting.endpoints()


def test_http_of_every_kind(endpoints):
    """Requests in pieces, two at once, and without a body are answered one by one."""
    status = endpoints.deploy(ECHO)
    head = f"POST /invocations HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer()}\r\n"
    whole = f'{head}Content-Length: 8\r\n\r\n{{"i": 9}}'.encode()
    with socket.create_connection(("127.0.0.1", urlsplit(status.url).port), 20) as connection:
        connection.sendall(f"{head}Expect: 100-continue\r\nContent-Length: 8\r\n\r\n".encode())
        assert b"HTTP/1.1 100 Continue\r\n\r\n" == connection.recv(1000)
        connection.sendall(b'{"i": 9}')
        first = connection.recv(1000)
        connection.sendall(whole + whole)
        chunks = f'{head}Transfer-Encoding: chunked\r\n\r\n4\r\n{{"i"\r\n4\r\n: 9}}\r\n0\r\n\r\n'
        connection.sendall(chunks.encode())
        connection.sendall(b"HEAD /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answers = b"".join(iter(lambda: connection.recv(1 << 16), b""))

    assert (1, 1) == (first.count(b"HTTP/1.1 200"), first.count(b'{"said": {"i": 9}'))
    assert 3 == answers.count(b'{"said": {"i": 9}')
    assert (3, 1) == (answers.count(b"HTTP/1.1 200"), answers.count(b"HTTP/1.1 405"))
    assert answers.endswith(b"\r\n\r\n")


def test_ping(endpoints):
    """Anybody on this machine may ask whether the endpoint is in service."""
    status = endpoints.deploy(ECHO)

    code, _, answer = request(status, "GET", "/ping", b"")
    assert (200, "InService") == (code, answer["state"])


def test_code_that_fails(endpoints):
    """An exception in the user's code is that request's answer, and no other's."""
    endpoints.deploy(ECHO)
    with pytest.raises(InvocationFailed, match="500") as raised:
        endpoints.ask([1])

    assert (500, True) == (raised.value.status, "AttributeError" in str(raised.value))
    assert {"e": 5} == endpoints.ask({"e": 5})["said"]


def test_a_worker_that_dies(endpoints, until):
    """What it was answering gets 503, the next request an answer; the endpoint says so."""
    endpoints.deploy(ECHO)
    with pytest.raises(InvocationFailed, match="The worker died") as raised:
        endpoints.ask({"die": True})

    assert 503 == raised.value.status
    assert {"f": 6} == endpoints.ask({"f": 6})["said"]
    assert 1 == endpoints.hosting.describe("endpoint").restarts
    assert "exit code 7. It is started again." in folder().log.read_text()
    until(lambda: " 503 POST " in folder().access_log.read_text())


def test_a_front_that_dies(endpoints, until):
    """The endpoint is failed, and can be deleted; its worker ends by itself."""
    endpoints.deploy(ECHO)
    worker = endpoints.ask({})["pid"]
    os.kill(int(folder().process.read_text()), signal.SIGKILL)
    until(lambda: endpoints.hosting.describe("endpoint").state is EndpointState.FAILED)

    assert "process died" in endpoints.hosting.describe("endpoint").failure_reason
    with pytest.raises(InvocationFailed, match="did not answer"):
        endpoints.ask({})
    until(lambda: not processes.carries(worker, folder().read_document()["id"]))
    endpoints.hosting.delete("endpoint")
    assert [] == endpoints.hosting.endpoints()


def test_a_full_queue(endpoints):
    """What does not fit is refused with 503 and the time to try again; the rest is answered."""
    status = endpoints.deploy(ECHO, queue_size=1)
    let = {"Authorization": bearer()}
    answers = []

    def ask():
        answers.append(request(status, body=b'{"sleep": 0.5}', **let))

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [200, 200, 503, 503, 503] == sorted(code for code, _, _ in answers)
    assert {"1"} == {headers["Retry-After"] for code, headers, _ in answers if code == 503}


def test_deleting_answers_what_is_in_flight(endpoints, until):
    """A request that is being answered when the endpoint is deleted gets its answer."""
    endpoints.deploy(ECHO)
    answers = []
    asked = threading.Thread(target=lambda: answers.append(endpoints.ask({"sleep": 1})))
    asked.start()
    endpoints_busy = f"{folder().read_document()['port']:04X}"
    until(lambda: connected(endpoints_busy))
    endpoints.hosting.delete("endpoint")
    asked.join()

    assert [{"sleep": 1}] == [answer["said"] for answer in answers]


def connected(port):
    """Whether somebody is connected to the port."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return any(line.split()[1].endswith(port) and line.split()[3] == "01" for line in lines)


def test_the_access_log(endpoints, until):
    """Each request has a line: time, status, method, path, bytes, milliseconds, outside."""
    status = endpoints.deploy(ECHO)
    request(status, "GET", "/ping%0A200", b"")
    endpoints.ask({})
    until(lambda: len(folder().access_log.read_text().splitlines()) == 2)

    foreign, own = (line.split() for line in folder().access_log.read_text().splitlines())
    assert ["404", "GET", r"'/ping\n200'"] == foreign[1:4]
    assert ["200", "POST", "'/invocations'"] == own[1:4]
    assert float(own[0]) > status.created_at
    assert (True, "0") == (float(own[5]) > 0, own[6])


HOSTILE = {
    "leads out of the folder": ("../outside", tarfile.REGTYPE),
    "'/tmp/outside' leads out": ("/tmp/outside", tarfile.REGTYPE),  # noqa: S108
    "'link' is a link": ("link", tarfile.SYMTYPE),
    "'hard' is a link": ("hard", tarfile.LNKTYPE),
    "'device' is a link, device": ("device", tarfile.CHRTYPE),
}


@pytest.mark.parametrize(("words", "member"), HOSTILE.items())
def test_a_dangerous_archive(endpoints, words, member):
    """It fails the endpoint with its reason, and nothing is written outside."""
    info = tarfile.TarInfo(member[0])
    info.type, info.linkname = member[1], "/etc/passwd"
    archive = endpoints.folder / "bad.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.addfile(info, io.BytesIO())
    status = endpoints.deploy(archive)

    assert (EndpointState.FAILED, True) == (status.state, words in status.failure_reason)
    assert [] == list(folder().model.iterdir())


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"weights.bin": "w"}, "policy.json"),
        ({"code/inference.py": "def model_fn(d): raise KeyError('w')"}, "KeyError: 'w'\nTraceback"),
        ({"code/inference.py": "import os; os._exit(9)"}, "exit code 9"),
        ({"code/inference.py": "syntax error"}, "SyntaxError"),
    ],
)
def test_a_model_that_cannot_be_served(endpoints, files, words):
    """The endpoint fails with what is wrong."""
    status = endpoints.deploy(endpoints.pack(files))

    assert (EndpointState.FAILED, True) == (status.state, words in status.failure_reason)


def test_a_damaged_archive(endpoints):
    """It fails the endpoint, and says so."""
    archive = endpoints.folder / "bad.tar.gz"
    archive.write_bytes(b"no archive")

    assert "is no whole .tar.gz archive" in endpoints.deploy(archive).failure_reason


def test_code_beside_the_model(endpoints, tmp_path):
    """Inference code of the caller's own, with its requirements, goes before the archive's."""
    code = tmp_path / "code"
    (code / "helpers").mkdir(parents=True)
    (code / "helpers/__init__.py").write_text("WORD = 'mine'\n")
    wheel = toothpaste(tmp_path)
    (code / "requirements.txt").write_text(f"{wheel}\n")
    (code / "serve.py").write_text(
        "import helpers, toothpaste\n"
        "def model_fn(folder): return (folder + '/weights')\n"
        "def transform_fn(model, body, content_type, accept):\n"
        "    return open(model).read() + helpers.WORD + toothpaste.TASTE, 'text/plain'\n"
    )
    archive = endpoints.pack({"weights": "w-", "code/inference.py": "raise Exception"})
    bundle = source.bundle("serve.py", code)
    status = endpoints.deploy(archive, bundle=bundle, request={"entry_point": "serve.py"})

    assert EndpointState.IN_SERVICE is status.state, status.failure_reason
    answer = endpoints.hosting.invoke("endpoint", b"", content_type="text/plain", accept="*/*")
    assert ("w-minemint", True) == (answer.body.decode(), "text/plain" in answer.content_type)


@pytest.mark.usefixtures("namespaces")
def test_code_that_names_opt_ml(endpoints):
    """A user's code finds its model where every container has it, in each worker."""
    before = sorted(Path("/opt").iterdir())
    script = """
        def model_fn(folder):
            return open("/opt/ml/model/weights").read()
        def transform_fn(model, body, content_type, accept):
            return model
    """
    archive = endpoints.pack({"weights": "mine", "code/inference.py": textwrap.dedent(script)})
    status = endpoints.deploy(archive, model_server_workers=2)

    assert EndpointState.IN_SERVICE is status.state, status.failure_reason
    answer = endpoints.hosting.invoke("endpoint", b"", content_type="text/plain", accept="*/*")
    assert "mine" == answer.body.decode()
    assert before == sorted(Path("/opt").iterdir())


def test_code_that_was_added_to_an_export(endpoints, tmp_path):
    """Inference code that a policy's manifest does not name is a user's: it has its packages."""
    wheel = toothpaste(tmp_path)
    files = {
        "policy.json": json.dumps(cartpole.manifest("p.onnx", files={"p.onnx": "0" * 64})),
        "code/requirements.txt": f"{wheel}\n",
        "code/inference.py": "import toothpaste\n" + textwrap.dedent(ECHO),
    }
    status = endpoints.deploy(endpoints.pack(files))

    assert EndpointState.IN_SERVICE is status.state, status.failure_reason


def toothpaste(folder):
    """Return a wheel with a module `toothpaste`."""
    path = folder / "toothpaste-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("toothpaste.py", "TASTE = 'mint'\n")
        for name, text in {
            "METADATA": "Metadata-Version: 2.1\nName: toothpaste\nVersion: 1.0\n",
            "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            "RECORD": "",
        }.items():
            wheel.writestr(f"toothpaste-1.0.dist-info/{name}", text)
    return path


def test_deleting_while_it_is_being_built(endpoints, tmp_path, until):
    """The installation that is under way ends with the endpoint, at once."""
    code = tmp_path / "code"
    (code / "slow").mkdir(parents=True)
    (code / "slow/pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "slow"\nbackend-path = ["."]\n'
    )
    (code / "slow/slow.py").write_text(f"open({str(tmp_path / 'begun')!r}, 'w')\n"
                                       "import time\ntime.sleep(600)\n")  # fmt: skip
    (code / "requirements.txt").write_text("./slow\n")
    (code / "serve.py").write_text("def model_fn(folder): pass\n")
    bundle = source.bundle("serve.py", code)
    endpoints.start(ECHO, bundle=bundle, request={"entry_point": "serve.py"})
    until((tmp_path / "begun").exists)
    assert "Installing requirements" == endpoints.hosting.describe("endpoint").stage

    mark = folder().read_document()["id"]
    endpoints.hosting.delete("endpoint")
    assert ([], []) == (endpoints.hosting.endpoints(), processes.of_job(mark))


def test_deleting_twice_at_once(endpoints):
    """Of several who delete an endpoint none fails."""
    endpoints.deploy(ECHO)
    failures = []

    def delete():
        try:
            endpoints.hosting.delete("endpoint")
        except EndpointNotFound:
            pass
        except Exception as error:  # noqa: BLE001 - whatever it is
            failures.append(error)

    threads = [threading.Thread(target=delete) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [] == failures
    assert [] == endpoints.hosting.endpoints()


def test_deleting_what_somebody_else_replaces(endpoints, until):
    """Who deletes an endpoint does not hit another that has its name by then."""
    endpoints.deploy(ECHO)
    with locked(folder().deleting):
        inode = folder().deleting.stat().st_ino
        deleting = threading.Thread(target=lambda: endpoints.hosting.delete("endpoint"))
        deleting.start()
        until(lambda: re.search(rf"-> FLOCK .*:{inode} ", Path("/proc/locks").read_text()))
        fronts.end(folder(), folder().read_document()["id"])
        folder().path.rename(endpoints.folder / "gone")
        endpoints.deploy(ECHO)
    deleting.join()

    assert {"g": 7} == endpoints.ask({"g": 7})["said"]


def test_deleting_before_its_process_is_known(endpoints):
    """An endpoint whose front has not told its number yet is ended as soon as it has."""
    endpoints.deploy(ECHO)
    number = folder().process.read_text()
    folder().process.write_text("")
    telling = threading.Timer(0.3, folder().process.write_text, [number])
    telling.start()
    begun = time.monotonic()
    endpoints.hosting.delete("endpoint")
    telling.join()

    assert time.monotonic() - begun < 20  # and not the half minute until it is killed
    assert [] == endpoints.hosting.endpoints()


def test_a_front_that_does_not_start(endpoints, monkeypatch):
    """It is told with the reason, and nothing is left behind."""
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(PlatformError, match="could not be started: .*/no/such/python"):
        endpoints.start(ECHO)

    assert [] == list(folder().path.parent.iterdir())


def test_many_look_at_once(endpoints):
    """Whoever asks whether an endpoint lives sees the same, whoever else asks."""
    endpoints.deploy(ECHO)
    os.kill(int(folder().process.read_text()), signal.SIGKILL)
    with locked(folder().lock), locked(folder().deleting):  # once it is dead
        pass
    with locked(folder().lock, shared=True):
        assert not fronts.is_alive(folder())


def test_deploying_twice_at_once(endpoints):
    """Of many who deploy under one name at the same time one gets it."""
    archive = endpoints.pack({"code/inference.py": ECHO})
    outcomes = []

    def deploy():
        try:
            outcomes.append(endpoints.start(archive))
        except EndpointExists:
            outcomes.append("taken")

    threads = [threading.Thread(target=deploy) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ["endpoint", "taken", "taken", "taken"] == sorted(outcomes)

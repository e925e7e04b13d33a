"""The local platform, with real supervisors and scripts."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attrs
import pytest

from rlcore import source, storage
from rlcore.errors import (
    InterpreterNotFound,
    JobExists,
    JobNotFound,
    PlatformError,
    SourceError,
    StorageError,
)
from rlcore.platforms.local import processes
from rlcore.platforms.local.environments import Environments
from rlcore.platforms.local.locks import locked
from rlcore.platforms.local.platform import LocalPlatform
from rlcore.platforms.local.store import Record, Store
from rlcore.spec import Channel, Environment, JobState, Resources

DAEMON = """
    import os, signal, time
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            print("daemon", os.getpid())
            time.sleep(600)
        os._exit(0)
"""
STUBBORN = """
    import signal, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("ready")
    time.sleep(600)
"""
OBEDIENT = """
    import os, pathlib, signal, sys, time
    def save(*_):
        pathlib.Path(os.environ["SM_MODEL_DIR"], "weights").write_text("saved")
        sys.exit(0)
    signal.signal(signal.SIGTERM, save)
    print("ready")
    time.sleep(600)
"""


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def record() -> Record:
    """Return the store's record of the job."""
    return Store(Path(os.environ["RLCORE_HOME"], "jobs.sqlite")).find("job")


def kill_supervisor() -> None:
    """Kill the job's supervisor, which cannot do anything about it."""
    pid = record().supervisor
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def parent(pid: int) -> int:
    """Return the parent of a process."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def members(uri: str) -> dict[str, bytes | None]:
    """Return the files of an archive and what is in them."""
    with tarfile.open(storage.to_path(uri)) as archive:
        files = {member.name: archive.extractfile(member) for member in archive}
        return {name: file.read() if file else None for name, file in files.items()}


def test_a_job_that_succeeds(jobs):
    """State, times, exit code, model and log of a job are there when it has ended."""
    status = jobs.run("""
        import os, pathlib
        print("hello")
        pathlib.Path(os.environ["SM_MODEL_DIR"], "weights").write_text("w")
    """)

    assert (JobState.SUCCEEDED, 0, None) == (status.state, status.exit_code, status.failure_reason)
    assert status.created_at <= status.started_at <= status.ended_at
    assert "toy 1.0" == status.release
    assert {"weights": b"w"} == members(status.model_data)
    assert status.output_data is None
    assert ["hello"] == jobs.lines()
    assert [
        "stage: Starting", "stage: Training", "stage: Packing", "stage: Succeeded",
    ] == jobs.lines(host="rlcore")  # fmt: skip


def test_a_job_that_fails(jobs):
    """The reason is the traceback, the exit code the script's own; what it saved is kept."""
    status = jobs.run("""
        import os, pathlib, sys
        pathlib.Path(os.environ["SM_MODEL_DIR"], "weights").write_text("w")
        print("before")
        try:
            raise RuntimeError("the reward is not finite")
        except RuntimeError:
            __import__("traceback").print_exc()
            sys.exit(3)
    """)

    assert (JobState.FAILED, 3) == (status.state, status.exit_code)
    assert status.failure_reason.startswith("ExecuteUserScriptError:\nExitCode 3\n")
    assert "RuntimeError: the reward is not finite" in status.failure_reason
    assert "before" not in status.failure_reason
    assert {"weights": b"w"} == members(status.model_data)


def test_an_empty_model_of_a_failed_job_is_no_model(jobs):
    """A job that failed without saving anything has no model to deploy."""
    assert jobs.run("raise SystemExit(1)").model_data is None


def test_a_script_that_is_killed_has_the_shells_exit_code(jobs):
    """A script that the kernel killed for want of memory is told as such."""
    status = jobs.run("import os; os.kill(os.getpid(), 9)")

    assert 137 == status.exit_code
    assert "OutOfMemory" in status.failure_reason


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_disk_that_is_full_in_the_end(jobs):
    """When the model cannot be packed the job fails by that name, and nothing is half there."""
    archive = Path(os.environ["RLCORE_HOME"], "jobs/job/model_data.tar.gz")
    status = jobs.run(f"import os; os.symlink('/dev/full', {str(archive)!r})")

    assert (JobState.FAILED, 0, None) == (status.state, status.exit_code, status.model_data)
    assert status.failure_reason.startswith("DiskFull: No room left")
    assert [] == list(Path(os.environ["RLCORE_HOME"], "output").iterdir())


def test_artefacts_that_cannot_be_brought_to_their_place(jobs, tmp_path):
    """Reason and log tell where the model still is, from where it can be copied."""
    status = jobs.run(
        f"""
        import os, pathlib
        pathlib.Path(os.environ["SM_MODEL_DIR"], "weights").write_text("hours of work")
        pathlib.Path({str(tmp_path / "out" / "job")!r}).write_text("in the way")
        """,
        output_path=str(tmp_path / "out"),
    )

    model = Path(os.environ["RLCORE_HOME"], "jobs/job/opt_ml/model")
    assert (JobState.FAILED, "hours of work") == (status.state, (model / "weights").read_text())
    assert f"The model folder is still {model}: copy it" in status.failure_reason.splitlines()[0]
    assert any(str(model) in line for line in jobs.lines(host="rlcore"))


@pytest.mark.parametrize("argument", ["output_path", "checkpoint_s3_uri"])
def test_a_place_that_cannot_be_written_is_known_before_the_training(jobs, tmp_path, argument):
    """A start whose artefacts would be lost is refused, and leaves nothing."""
    plan = jobs.platform.plan(jobs.request(**{argument: str(tmp_path / "file" / "out")}))
    (tmp_path / "file").touch()

    with pytest.raises(StorageError, match="file/out could not be written"):
        jobs.platform.start(plan, None)

    assert [] == jobs.platform.jobs()
    assert not Path(os.environ["RLCORE_HOME"], "jobs").exists()


def test_a_model_that_was_never_written(jobs):
    """The archive is there all the same, and the log says why it is empty."""
    status = jobs.run("")

    assert JobState.SUCCEEDED is status.state
    assert {} == members(status.model_data)
    said = "The script wrote nothing to SM_MODEL_DIR: model.tar.gz is empty."
    assert 1 == jobs.lines(host="rlcore").count(said)


def test_stop(jobs):
    """A job that is stopped has time to save, and ends as stopped; stopping it again is nothing."""
    jobs.start(OBEDIENT)
    jobs.wait_for("ready")

    jobs.platform.stop("job")
    jobs.platform.stop("job")
    status = jobs.end()
    jobs.platform.stop("job")

    assert (JobState.STOPPED, "stopped on request") == (status.state, status.failure_reason)
    assert {"weights": b"saved"} == members(status.model_data)
    assert status == jobs.platform.describe("job")


def test_a_script_that_does_not_listen_is_killed(jobs):
    """After the time of grace a script is killed, and the job is stopped, not failed."""
    jobs.start(STUBBORN)
    jobs.wait_for("ready")

    jobs.platform.stop("job")
    status = jobs.end()

    assert (JobState.STOPPED, 137) == (status.state, status.exit_code)


def test_stop_before_the_script_has_started(jobs):
    """A stop that comes at once is not lost."""
    jobs.start(STUBBORN)
    jobs.platform.stop("job")

    assert JobState.STOPPED is jobs.end().state


def test_stop_while_the_job_is_prepared(jobs, environments, until):
    """A job that still waits, here for an environment that another process holds, stops at once."""
    built = Environments(environments).find(jobs.request().release.training)
    with locked(built.lock):
        jobs.start("")
        until(lambda: record().supervisor)
        jobs.platform.stop("job")
        status = jobs.end()

    assert (JobState.STOPPED, None) == (status.state, status.exit_code)


def test_max_run(jobs):
    """A job that takes too long is stopped, with what it saved."""
    status = jobs.run(OBEDIENT, resources=Resources(max_run=1))

    assert (JobState.STOPPED, "max_run of 1 s reached") == (status.state, status.failure_reason)
    assert {"weights": b"saved"} == members(status.model_data)


def test_a_shell_script_and_its_children_are_stopped(jobs):
    """A shell passes no signal on, so its children get it too."""
    jobs.start("python child.py", files={"child.py": OBEDIENT}, entry_point="train.sh")
    jobs.wait_for("ready")

    jobs.platform.stop("job")

    assert {"weights": b"saved"} == members(jobs.end().model_data)


def test_nothing_that_a_script_started_survives_it(jobs):
    """A daemon with a session of its own, deaf to SIGTERM, ends with the job all the same."""
    status = jobs.run(DAEMON + "    time.sleep(0.3)")

    assert JobState.SUCCEEDED is status.state
    assert not alive(int(jobs.lines()[0].split()[1]))


def test_a_supervisor_that_dies(jobs, until):
    """Whoever looks next finds the job failed, and nothing of it runs any more."""
    jobs.start(DAEMON + "    time.sleep(600)")
    until(lambda: any(line.startswith("daemon") for line in jobs.lines()))
    daemon = int(jobs.lines()[0].split()[1])

    kill_supervisor()
    status = jobs.end()

    assert JobState.FAILED is status.state
    assert "supervisor" in status.failure_reason
    assert "stage: Failed" == jobs.lines(host="rlcore")[-1]
    until(lambda: not alive(daemon) and not processes.of_job(record().id))


def test_a_supervisor_and_its_runner_that_die_together(jobs, until):
    """Even when nobody of the job is left to clean up, its processes end."""
    jobs.start("import os, time; print(os.getpid()); time.sleep(600)")
    until(jobs.lines)
    script = int(jobs.lines()[0])
    supervisor = record().supervisor
    assert supervisor is not None

    os.kill(supervisor, signal.SIGSTOP)
    os.kill(parent(script), signal.SIGKILL)
    kill_supervisor()

    assert JobState.FAILED is jobs.end().state
    until(lambda: not alive(script))


def test_a_runner_that_dies(jobs, until):
    """When the runner alone is killed, the job fails and the script ends."""
    jobs.start("import os, time; print(os.getpid()); time.sleep(600)")
    until(jobs.lines)
    script = int(jobs.lines()[0])

    os.kill(parent(script), signal.SIGKILL)

    assert JobState.FAILED is jobs.end().state
    assert not alive(script)


def test_a_runner_that_dies_before_it_could_tell(jobs):
    """Files that were left empty, as on a full disk, are no reason; the job still has one."""
    status = jobs.run("""
        import os, pathlib, signal, time
        root = pathlib.Path(os.environ["SM_MODEL_DIR"]).parent
        (root / ".runner.json").touch()
        (root / "output/failure").touch()
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(600)
    """)

    assert (JobState.FAILED, None) == (status.state, status.exit_code)
    assert "was killed" in status.failure_reason


def test_a_client_that_dies(jobs, environments, tmp_path):
    """Training goes on, and another process reads the whole log, no line lost or doubled."""
    (tmp_path / "train.py").write_text(
        "import time\nfor number in range(2000):\n    print(number)\n    time.sleep(0.0005)\n"
    )
    client = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from conftest import RELEASE
from pathlib import Path
from rlcore import source
from rlcore.platforms.local.platform import LocalPlatform
from rlcore.spec import JobRequest
platform = LocalPlatform(environments=Path({str(environments)!r}))
request = JobRequest(name="job", release=RELEASE, entry_point="train.py")
platform.start(platform.plan(request), source.bundle("train.py", Path({str(tmp_path)!r})))
for event in platform.logs("job", follow=True):
    print(event.message, flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", client], stdout=subprocess.PIPE) as process:
        while process.stdout.readline() != b"100\n":
            assert process.poll() is None
        process.kill()

    assert JobState.SUCCEEDED is jobs.end().state
    assert [str(number) for number in range(2000)] == jobs.lines()


def test_followers_see_every_line_once(jobs):
    """A reader beside the writer gets what a reader afterwards gets."""
    jobs.start("for number in range(50000): print(number)")

    followed = [
        event.message for event in jobs.platform.logs("job", follow=True) if event.host == "algo-1"
    ]

    assert [str(number) for number in range(50000)] == followed == jobs.lines()


def test_of_ten_starts_with_one_name_one_wins(jobs, tmp_path):
    """A name belongs to one job, whoever asks at the same time."""
    (tmp_path / "train.py").touch()
    bundle = source.bundle("train.py", tmp_path)
    plan = jobs.platform.plan(jobs.request())

    def start(_: int) -> bool:
        try:
            jobs.platform.start(plan, bundle)
        except JobExists:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        won = list(pool.map(start, range(10)))

    assert 1 == sum(won)
    assert JobState.SUCCEEDED is jobs.end().state
    assert ["job"] == [path.name for path in Path(os.environ["RLCORE_HOME"], "jobs").iterdir()]


def test_a_start_that_fails_leaves_nothing(jobs, tmp_path):
    """When the source cannot be packed, there is no job and no folder."""
    script = tmp_path / "train.py"
    script.touch()
    bundle = source.bundle("train.py", tmp_path)
    script.write_text("changed")

    with pytest.raises(SourceError):
        jobs.platform.start(jobs.platform.plan(jobs.request()), bundle)

    assert [] == list(Path(os.environ["RLCORE_HOME"], "jobs").iterdir())
    assert [] == jobs.platform.jobs()


def test_leftovers_of_killed_clients_go(jobs, environments):
    """A later start removes what is old and nobody fills; a job is no leftover, however old."""
    folder = Path(os.environ["RLCORE_HOME"], "jobs")
    for name in (".new-abandoned", ".new-being-filled"):
        (folder / name).mkdir(parents=True)
    later = LocalPlatform(environments=environments, clock=lambda: time.time() + 7200)

    jobs.run("", "now")
    assert 3 == len(list(folder.iterdir()))
    with locked(folder / ".new-being-filled" / "supervisor.lock"):
        attrs.evolve(jobs, platform=later).run("", "later")

    assert {".new-being-filled", "now", "later"} == {path.name for path in folder.iterdir()}


def test_a_supervisor_that_cannot_start(jobs, monkeypatch):
    """The caller hears what it said, and the job is failed, not pending for ever."""
    monkeypatch.setattr(sys, "executable", shutil.which("ls"))

    with pytest.raises(PlatformError, match="could not be started.*\n.*rlcore"):
        jobs.start("")

    assert JobState.FAILED is jobs.platform.describe("job").state


def test_channels_are_writable_copies(jobs, tmp_path, until):
    """A script may write into its channels, and never changes what they were copied from."""
    data = tmp_path / "data"
    (data / "deep").mkdir(parents=True)
    (data / "deep" / "file").write_text("original")
    (data / "deep" / "file").chmod(0o400)
    (data / "link").symlink_to(data / "deep" / "file")

    status = jobs.run(
        """
        import os, pathlib
        folder = pathlib.Path(os.environ["SM_CHANNEL_TRAINING"])
        (folder / "deep/file").write_text("changed")
        (folder / "link").write_text("changed too")
        (folder / "new").touch()
        """,
        channels=[Channel(name="training", uri=data.as_uri())],
    )

    assert JobState.SUCCEEDED is status.state
    assert "original" == (data / "deep" / "file").read_text()
    assert not (data / "new").exists()
    copy = Path(os.environ["RLCORE_HOME"], "jobs/job/opt_ml/input/data")
    until(lambda: not copy.exists())


def test_artefacts_come_to_their_places(jobs, tmp_path):
    """Model, output, intermediate output and checkpoints are where the service leaves them."""
    status = jobs.run(
        """
        import os, pathlib
        for name in "SM_MODEL_DIR", "SM_OUTPUT_DATA_DIR", "SM_OUTPUT_INTERMEDIATE_DIR":
            pathlib.Path(os.environ[name], "file").write_text(name)
        folder = pathlib.Path(os.environ["RLCORE_CHECKPOINT_DIR"], "1")
        folder.mkdir()
        (folder / "state").write_text("s")
        """,
        output_path=(tmp_path / "out").as_uri(),
    )

    out = tmp_path / "out" / "job"
    assert (out / "output/model.tar.gz").as_uri() == status.model_data
    assert {"file": b"SM_MODEL_DIR"} == members(status.model_data)
    assert {"file": b"SM_OUTPUT_DATA_DIR"} == members(status.output_data)
    assert "SM_OUTPUT_INTERMEDIATE_DIR" == (out / "output/intermediate/file").read_text()
    assert "s" == (out / "checkpoints/1/state").read_text()


def test_intermediate_output_comes_while_the_script_runs(jobs, tmp_path, until):
    """A file that is written is at the output path before the job has ended."""
    jobs.start(
        """
        import os, pathlib, time
        pathlib.Path(os.environ["SM_OUTPUT_INTERMEDIATE_DIR"], "episode.csv").write_text("1")
        time.sleep(600)
        """,
        output_path=(tmp_path / "out").as_uri(),
    )

    until((tmp_path / "out/job/output/intermediate/episode.csv").exists)

    assert JobState.RUNNING is jobs.platform.describe("job").state


def test_checkpoints_are_found_again(jobs, tmp_path):
    """A second job with the same checkpoint address starts where the first ended."""
    script = """
        import os, pathlib
        state = pathlib.Path(os.environ["RLCORE_CHECKPOINT_DIR"], "state")
        print(state.read_text() if state.exists() else "none")
        state.write_text("first")
    """
    address = (tmp_path / "kept").as_uri()

    jobs.run(script, "one", checkpoint_s3_uri=address)
    jobs.run(script, "two", checkpoint_s3_uri=address, checkpoint_local_path="/opt/ml/mine")

    assert (["none"], ["first"]) == (jobs.lines("one"), jobs.lines("two"))


def test_the_scripts_own_requirements(jobs, tmp_path):
    """What requirements.txt names can be imported; the release's environment stays as it was."""
    package = tmp_path / "package"
    package.mkdir()
    (package / "tiny.py").write_text("value = 42\n")
    (package / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (package / "backend.py").write_text(_BACKEND)
    script = "import importlib.util; print(importlib.util.find_spec('tiny') is not None)"

    first = jobs.run(script, "with", files={"requirements.txt": str(package)})
    second = jobs.run(script, "without")

    assert (["True"], ["False"]) == (jobs.lines("with"), jobs.lines("without"))
    assert "stage: Installing requirements" in jobs.lines("with", host="rlcore")
    assert JobState.SUCCEEDED is first.state is second.state


def test_requirements_that_cannot_be_had(jobs, monkeypatch):
    """The first line of the reason tells the cause; the log has the installer's output once."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    name = "a-distribution-that-is-nowhere"

    status = jobs.run("", files={"requirements.txt": name})

    first, *others = status.failure_reason.splitlines()
    assert first.startswith(f"BuildFailed: Installing requirements.txt failed: Because {name} ")
    assert others
    log = jobs.lines(host="rlcore")
    assert [1] * len(others) == [log.count(line) for line in others]
    assert first.partition(" ")[2] in log


_BACKEND = """
import zipfile
def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "tiny-1-py3-none-any.whl"
    with zipfile.ZipFile(folder + "/" + name, "w") as wheel:
        wheel.write("tiny.py")
        for file, text in {
            "METADATA": "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1\\n",
            "WHEEL": "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\n"
            "Tag: py3-none-any\\n",
            "RECORD": "",
        }.items():
            wheel.writestr("tiny-1.dist-info/" + file, text)
    return name
"""


def test_an_environment_that_is_not_cached_is_built(jobs, rlcore_home):
    """The job builds what it needs, and says so; the next one finds it."""
    platform = type(jobs.platform)(home=rlcore_home)
    fresh = type(jobs)(platform, jobs.folder)

    fresh.run("print('hi')", "first")
    fresh.run("print('hi')", "second")

    assert "stage: Building environment" in fresh.lines("first", host="rlcore")
    assert "stage: Building environment" not in fresh.lines("second", host="rlcore")


def test_what_the_script_sees(jobs):
    """Variables of the job reach the script; those of the client's Python do not."""
    jobs.run(
        """
        import json, os, sys
        names = ["RLCORE_JOB_NAME", "SM_CURRENT_HOST", "SM_MODULE_DIR", "SM_HP_LR", "MINE"]
        print(json.dumps([os.environ.get(name) for name in names]))
        print(sys.argv[1:], os.path.basename(os.getcwd()), "RLCORE_LIVENESS" in os.environ)
        """,
        hyperparameters={"lr": 0.5, "deep": [1, "a"]},
        environment={"MINE": "yes"},
    )

    module = "s3://local/job/source/sourcedir.tar.gz"
    first, second = jobs.lines()
    assert ["job", "algo-1", module, "0.5", "yes"] == json.loads(first)
    assert """['--deep', "[1, 'a']", '--lr', '0.5'] code False""" == second


def test_recover(jobs):
    """The request comes back as it was given, the release included."""
    request = jobs.request(hyperparameters={"a": [1, None]}, tags={"team": "rl"})
    jobs.start("", hyperparameters={"a": [1, None]}, tags={"team": "rl"})

    recovered = jobs.platform.recover("job")

    assert storage.to_path(recovered.source_uri).is_file()
    assert request == attrs.evolve(recovered, source_uri=None)


def test_a_recovered_request_runs_again(jobs):
    """The packed source of a job is all that another needs."""
    jobs.run("print('again')")
    request = attrs.evolve(jobs.platform.recover("job"), name="other")

    jobs.platform.start(jobs.platform.plan(request), None)
    list(jobs.platform.logs("other", follow=True))

    assert JobState.SUCCEEDED is jobs.platform.describe("other").state
    assert ["again"] == jobs.lines("other")


def test_a_python_that_is_not_here_is_known_before_anything_is_written(jobs):
    """Neither a job nor a folder is left of a start that cannot succeed."""
    release = attrs.evolve(
        jobs.request().release, training=Environment(python=">=4", requirements=())
    )
    plan = jobs.platform.plan(jobs.request(release=release))

    with pytest.raises(InterpreterNotFound, match=r"toy 1.0.*>=4"):
        jobs.platform.start(plan, None)

    assert [] == jobs.platform.jobs()


def test_jobs_are_listed_newest_first(jobs):
    """Every job of the home is in the list."""
    for name in ("one", "two"):
        jobs.run("", name)

    assert ["two", "one"] == [status.name for status in jobs.platform.jobs()]


@pytest.mark.parametrize("method", ["describe", "logs", "stop", "recover"])
def test_an_unknown_job(jobs, method):
    """Asking about a job that is not there says so, and names the nearest."""
    jobs.run("", "cartpole")

    with pytest.raises(JobNotFound, match="'cartpol'.*Did you mean 'cartpole'"):
        getattr(jobs.platform, method)("cartpol")


@pytest.mark.parametrize("method", ["logs", "recover"])
def test_a_job_whose_folder_was_deleted(jobs, method):
    """Its state is still known; asking for more says what is gone. Stopping it is nothing."""
    jobs.run("")
    folder = Path(os.environ["RLCORE_HOME"], "jobs", "job")
    shutil.rmtree(folder)

    jobs.platform.stop("job")
    with pytest.raises(JobNotFound, match=f"{folder}.* was deleted.*'job'"):
        getattr(jobs.platform, method)("job")

    assert JobState.SUCCEEDED is jobs.platform.describe("job").state


def test_folders_are_the_owners_alone(jobs):
    """Nobody else can read a job's data or log."""
    jobs.run("")

    folder = Path(os.environ["RLCORE_HOME"], "jobs", "job")
    assert 0o700 == folder.stat().st_mode & 0o777


def test_output_without_a_line_feed_and_with_strange_bytes(jobs):
    """Bytes that are no text, progress bars and a last line without an end come through."""
    jobs.run(r"""
        import sys
        sys.stdout.buffer.write(b"\xff\xfe\n 10%\r 50%\r100%\r\nlast")
    """)

    assert ["\ufffd\ufffd", "100%", "last"] == jobs.lines()

"""Each check of the contract of platforms fails for one that is wrong in this."""

from __future__ import annotations

from pathlib import Path

from wrong_plugins import run_pytest

HELPERS = Path(__file__).parents[2] / "helpers"
HEAD = f"""
import os, pathlib, socket, sqlite3, subprocess, sys, tempfile
sys.path.insert(0, {str(HELPERS)!r})
import attrs, pytest
from memory_hosting import MemoryHosting
from memory_platform import MemoryPlatform
from rlcore.endpoints import Deployment, ModelRequest
from rlcore.spec import JobRequest, LogEvent
from rlcore.testing import HostingContract, PlatformContract, TrialJob

class Memory(MemoryPlatform):
    def stop(self, name):
        self.recover(name)
        super().stop(name)
"""
PLATFORM = """
class _NAME(Memory):
    BODY

class Test_NAME(PlatformContract):
    @pytest.fixture
    def platform(self):
        return _NAME(("one", "two"))

    @pytest.fixture
    def trial(self):
        request = JobRequest(name="trial", entry_point="train.py", hyperparameters={"lr": 1})
        return TrialJob(request=request, lines=("one", "two"))
"""
HOSTING = """
class _NAME(MemoryHosting):
    BODY

class Test_NAME(HostingContract):
    @pytest.fixture
    def hosting(self):
        return _NAME()

    @pytest.fixture
    def trial(self):
        return Deployment(name="trial", model=ModelRequest(release=None, model_data="s3://b/m"))
"""
# Name -> what planning does, what is told of it.
EFFECTS = {
    "writing": ("open('plan', 'w').close()", "open 'plan'"),
    "asking": ("subprocess.run(['true'])", "subprocess.Popen 'true'"),
    "forking": ("os.waitpid(os.fork() or os._exit(0), 0)", "os.fork"),
    "touching": ("pathlib.Path('touched').touch()", "os.utime 'touched'"),
    "creating": ("os.close(os.open('made', os.O_CREAT))", "open 'made'"),
    "updating": ("open('log.txt', 'r+').close()", "open 'log.txt'"),
    "keeping": ("sqlite3.connect('plans').close()", "sqlite3.connect 'plans'"),
    "cutting": ("os.truncate('log.txt', 9)", "os.truncate 'log.txt'"),
    "borrowing": ("os.close(tempfile.mkstemp('-plan')[0])", "tempfile.mkstemp "),
    "housing": ("tempfile.mkdtemp('-plan')", "tempfile.mkdtemp "),
    "resolving": ("socket.gethostbyname('localhost')", "socket.gethostbyname 'localhost'"),
    "sending": (
        "with socket.socket(type=socket.SOCK_DGRAM) as s: s.sendto(b'', ('127.0.0.1', 9))",
        "socket.sendto ('127.0.0.1', 9)",
    ),
}
_PLANNING = """def plan(self, request):
        EFFECT
        return super().plan(request)"""
# Name -> the wrong method, the check that fails, what its message holds.
PLATFORMS = {
    "right": ("pass", "", ""),
    **{
        name: (
            _PLANNING.replace("EFFECT", effect),
            "test_a_plan_is_pure",
            f"planning has effects: {told}",
        )
        for name, (effect, told) in EFFECTS.items()
    },
    "forgetful": (
        (
            "def start(self, plan, bundle):\n        self.started.pop(plan.request.name, None)\n"
            "        return super().start(plan, bundle)"
        ),
        "test_a_job_starts_once",
        "starting a job a second time raised no JobExists",
    ),
    "foreign": (
        (
            "def describe(self, name):\n"
            "        return attrs.evolve(super().describe(name), name='another')"
        ),
        "test_its_states_are_those_of_jobs",
        "describe('trial') told of 'another'",
    ),
    "lossy": (
        "def logs(self, name, *, follow=False):\n        yield from list(super().logs(name))[1:]",
        "test_its_logs_are_whole_and_in_order",
        "the log, followed, has ['two'], of all ['two']",
    ),
    "impatient": (
        (
            "def stop(self, name):\n        super().stop(name)\n"
            "        if len(self.stopped) > 1:\n            raise ValueError('stopped already')"
        ),
        "test_stopping_is_idempotent",
        "ValueError: stopped already",
    ),
    "careless": (
        (
            "def recover(self, name):\n"
            "        return attrs.evolve(super().recover(name), hyperparameters={})"
        ),
        "test_a_job_is_recovered",
        "recover changed hyperparameters from FrozenMapping({'lr': 1}) to FrozenMapping({})",
    ),
    "terse": (
        (
            "def describe(self, name):\n        self.started[name]\n"
            "        return super().describe(name)"
        ),
        "test_an_unknown_name_is_refused",
        "describe of an unknown job raised KeyError, not JobNotFound",
    ),
}
HOSTINGS = {
    "sound": ("pass", "", ""),
    "silent": (
        "def invoke(self, name, body, **kwargs):\n        super().invoke(name, body, **kwargs)",
        "test_an_endpoint_lives_and_is_deleted",
        "invoke answered with None",
    ),
    "generous": (
        "def delete(self, name):\n        self.deployed.pop(name, None)",
        "test_an_unknown_endpoint_is_refused",
        "delete of an endpoint that there is not raised no EndpointNotFound",
    ),
    "double": (
        (
            "def deploy(self, deployment, bundle):\n"
            "        self.deployed.pop(deployment.name, None)\n"
            "        return super().deploy(deployment, bundle)"
        ),
        "test_an_endpoint_lives_and_is_deleted",
        "deploying under a name that is taken raised no EndpointExists",
    ),
}


def test_a_wrong_platform_fails_the_check_of_what_is_wrong(tmp_path: Path) -> None:
    """That check fails, with a message that tells what was found; those of the right one hold."""
    every = {**PLATFORMS, **HOSTINGS}
    tests = HEAD
    for name, (body, _, _) in every.items():
        template = PLATFORM if name in PLATFORMS else HOSTING
        tests += template.replace("NAME", name).replace("BODY", body)

    found = run_pytest(tmp_path, tests)

    assert ({}, {}) == (found["right"], found["sound"])
    for name, (_, check, says) in every.items():
        assert says in found[name].get(check, says if not check else "passed"), name
    assert {name: ["test_a_plan_is_pure"] for name in EFFECTS} == {
        name: list(found[name]) for name in EFFECTS
    }

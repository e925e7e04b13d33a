"""A local platform with one environment, and ways to run scripts and serve models on it."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tarfile
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from rlcore import source
from rlcore.endpoints import Deployment, EndpointState, ModelRequest
from rlcore.platforms.local.environments import Environments
from rlcore.platforms.local.hosting import LocalHosting
from rlcore.platforms.local.platform import LocalPlatform
from rlcore.spec import Environment, JobRequest, ToolkitRelease, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rlcore.endpoints import EndpointStatus
    from rlcore.spec import JobStatus

PYTHON = f"=={sys.version_info.major}.{sys.version_info.minor}.*"
RELEASE = ToolkitRelease(
    toolkit="toy",
    version="1.0",
    training=Environment(python=PYTHON, requirements=()),
    serving=Unavailable(reason="Nothing serves it."),
)
SERVED = attrs.evolve(RELEASE, serving=RELEASE.training)


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the toy release's environment once."""
    root = tmp_path_factory.mktemp("environments")
    assert isinstance(RELEASE.training, Environment)
    Environments(root).build(RELEASE.training, label=str(RELEASE), log=lambda _: None)
    return root


@attrs.frozen
class Jobs:
    """Starts scripts as jobs of one platform.

    Attributes:
        platform: Where they run.
        folder: Where their sources are made.
    """

    platform: LocalPlatform
    folder: Path

    def request(self, name: str = "job", **values: Any) -> JobRequest:
        """Return a request for `train.py` of the toy release."""
        return JobRequest(**{"name": name, "release": RELEASE, "entry_point": "train.py", **values})

    def start(self, script: str, name: str = "job", *, files: Any = (), **values: Any) -> str:
        """Start the text of a script, with the texts of *files* beside it, as a job."""
        folder = self.folder / name
        entry_point = values.get("entry_point", "train.py")
        for file, text in {**dict(files), entry_point: script}.items():
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), "utf-8")
        plan = self.platform.plan(self.request(name, **values))
        return self.platform.start(plan, source.bundle(entry_point, folder))

    def run(self, script: str, name: str = "job", **values: Any) -> JobStatus:
        """Start a script, wait for its end, and return the job as it is then."""
        return self.end(self.start(script, name, **values))

    def end(self, name: str = "job") -> JobStatus:
        """Wait for the end of a job and return it."""
        for _ in self.platform.logs(name, follow=True):
            pass
        return self.platform.describe(name)

    def lines(self, name: str = "job", host: str = "algo-1") -> list[str]:
        """Return what a host has said so far."""
        return [event.message for event in self.platform.logs(name) if event.host == host]

    def wait_for(self, line: str, name: str = "job") -> None:
        """Wait until the script has printed a line."""
        wait_until(lambda: line in self.lines(name))


def wait_until(condition: Callable[[], object], patience: float = 30.0) -> None:
    """Return when the condition holds; fail when it has not come true in time."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.01)


@pytest.fixture
def namespaces() -> None:
    """Skip a test where this kernel gives no namespaces."""
    program = shutil.which("unshare")
    ways = (["--mount"], ["--user", "--map-root-user", "--mount"])
    words = [[program, *way, "true"] for way in ways if program]
    if all(subprocess.run(each, capture_output=True, check=False).returncode for each in words):
        pytest.skip("no namespaces here, or no unshare")


@pytest.fixture
def until() -> Callable[..., None]:
    """Return `wait_until`."""
    return wait_until


@pytest.fixture
def jobs(rlcore_home: Path, environments: Path, tmp_path: Path) -> Iterator[Jobs]:
    """Yield a way to start jobs; those that still run in the end are stopped."""
    platform = LocalPlatform(home=rlcore_home, environments=environments, grace=1.0)
    found = Jobs(platform, tmp_path / "sources")
    yield found
    for status in platform.jobs():
        if not status.state.final:
            platform.stop(status.name)
            assert found.end(status.name).state.final


@attrs.frozen
class Endpoints:
    """Deploys models on one hosting.

    Attributes:
        hosting: Where they are served.
        environments: Folder of the environments that serve them.
        folder: Where their archives are made.
        release: What they are of.
    """

    hosting: LocalHosting
    environments: Path
    folder: Path
    release: ToolkitRelease = SERVED

    def pack(self, files: dict[str, str | bytes], name: str = "model") -> Path:
        """Return an archive of files, whose texts lose their indentation."""
        archive = self.folder / f"{name}.tar.gz"
        with tarfile.open(archive, "w:gz") as packed:
            for file, content in files.items():
                data = content if isinstance(content, bytes) else textwrap.dedent(content).encode()
                member = tarfile.TarInfo(file)
                member.size = len(data)
                packed.addfile(member, io.BytesIO(data))
        return archive

    def start(self, model: str | Path, name: str = "endpoint", **values: Any) -> str:
        """Deploy an archive, or the text of inference code, and do not wait."""
        archive = model if isinstance(model, Path) else self.pack({"code/inference.py": model})
        release = values.pop("release", self.release)
        request = ModelRequest(
            release=release, model_data=str(archive), **values.pop("request", {})
        )
        bundle = values.pop("bundle", None)
        deployment = Deployment(name=name, model=request, options=values)
        return self.hosting.deploy(deployment, bundle)

    def deploy(self, model: str | Path, name: str = "endpoint", **values: Any) -> EndpointStatus:
        """Deploy likewise, and return the endpoint once it is in service or has failed."""
        self.start(model, name, **values)
        wait_until(lambda: self.hosting.describe(name).state is not EndpointState.CREATING)
        return self.hosting.describe(name)

    def ask(self, body: object, name: str = "endpoint") -> Any:
        """Send JSON to an endpoint and return its answer."""
        kind = "application/json"
        data = json.dumps(body).encode()
        answer = self.hosting.invoke(name, data, content_type=kind, accept=kind)
        return json.loads(answer.body)


@pytest.fixture
def endpoints(rlcore_home: Path, environments: Path, tmp_path: Path) -> Iterator[Endpoints]:
    """Yield a way to deploy; what is there in the end is deleted."""
    hosting = LocalPlatform(home=rlcore_home, environments=environments).hosting
    yield Endpoints(hosting, environments, tmp_path)
    for status in hosting.endpoints():
        hosting.delete(status.name)

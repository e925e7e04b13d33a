"""A folder in which the code of a page finds what it speaks of."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import attrs
import cartpole
import pytest
from doc_pages import CHECKOUT, Block, blocks_of
from model_archives import packed
from small_policies import cart_pole, write_model

from rlcore import Environment, ToolkitRegistry
from rlcore.platforms.local.environments import Environments
from rlcore.platforms.local.platform import LocalPlatform
from rlscript.models import inference_code, publish_model, read_manifest, read_model

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAYER = Path(__file__).with_name("player.py")
RAY = {"toolkit": "ray.pytorch", "release": "2.60.0"}
EVALUATION = {"episodes": 100, "greedy": True, "return_mean": 42.58}
# Stands where the pages train: it publishes a policy that is there already. The training itself is
# the affair of tests/test_demo.py, and of the page on training scripts, which runs for real.
TRAIN = """
import json
from pathlib import Path
import rlscript

ready = Path(__file__).with_name("ready")
manifest = json.loads((ready / "policy.json").read_text())
files = {name: (ready / name).read_bytes() for name in manifest["files"]}
rlscript.publish_model(Path(rlscript.model_dir()), manifest, files)
rlscript.report(2000, episode_return_mean=21.5, evaluation_return_mean=42.58)
"""


class Play(Protocol):
    """Runs the Python blocks of a page and returns what they printed."""

    def __call__(
        self, page: str, prelude: str = "", python: Path | str = sys.executable, *arguments: str
    ) -> str:
        """Run them; a page that fails fails the test with its traceback."""


@attrs.frozen
class Ray:
    """The release of Ray that the pages speak of, ready to train.

    Attributes:
        root: The folder of environments.
        python: The interpreter in which Ray is installed.
    """

    root: Path
    python: Path


@pytest.fixture(scope="session")
def ray(tmp_path_factory: pytest.TempPathFactory) -> Ray:
    """Build the environments of the release once."""
    root = tmp_path_factory.mktemp("environments")
    release = ToolkitRegistry().toolkit("ray.pytorch").release("2.60.0")
    assert isinstance(release.training, Environment)
    built = Environments(root).build(release.training, label=str(release), log=lambda _: None)
    return Ray(root, built.python)


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """Return a folder with examples, sources and models, as the pages name them."""
    ready = cartpole.model(tmp_path / "model", evaluation=EVALUATION, **RAY)
    publish_model(ready, read_manifest(ready), {**read_model(ready), **inference_code()})
    (tmp_path / "src").mkdir()
    shutil.copytree(CHECKOUT / "examples", tmp_path / "examples")
    for folder in (tmp_path / "src", tmp_path / "examples/cartpole"):
        (folder / "train.py").write_text(TRAIN)
        shutil.copytree(ready, folder / "ready")
    (tmp_path / "train.py").write_text(TRAIN)
    names = [path.relative_to(ready) for path in ready.rglob("*") if path.is_file()]
    content = {name.as_posix(): (ready / name).read_bytes() for name in names}
    for archive in ("model.tar.gz", "elsewhere.tar.gz"):
        packed(tmp_path / archive, content)
    team = write_model(tmp_path / "team", {"red_0": "red"}, default=cart_pole(), red=cart_pole())
    packed(tmp_path / "team.tar.gz", {path.name: path.read_bytes() for path in team.iterdir()})
    return tmp_path


@pytest.fixture
def play(workplace: Path, rlcore_home: Path, ray: Ray) -> Iterator[Play]:
    """Return a way to run the Python of a page; what it deploys is deleted in the end."""
    rlcore_home.mkdir()
    (rlcore_home / "environments").symlink_to(ray.root)

    def run(
        page: str, prelude: str = "", python: Path | str = sys.executable, *arguments: str
    ) -> str:
        blocks = blocks_of(CHECKOUT / page, "python")
        write_files(blocks_of(CHECKOUT / "docs/environments.md", "python", "yaml"), workplace)
        write_files(blocks, workplace)
        document = {"page": page, "prelude": prelude, "blocks": [*map(described, to_run(blocks))]}
        paths = [CHECKOUT, *CHECKOUT.glob("plugins/*/src"), workplace / "src"]
        done = subprocess.run(
            [python, PLAYER, *arguments],
            input=json.dumps(document),
            cwd=workplace,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(map(str, paths)),
                "AWS_REGION": "us-west-2",
            },
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert 0 == done.returncode, done.stdout + done.stderr
        return done.stdout

    yield run
    hosting = LocalPlatform().hosting
    for status in hosting.endpoints():
        hosting.delete(status.name)


def to_run(blocks: list[Block]) -> list[Block]:
    """Return the blocks that are neither files nor exempt."""
    return [block for block in blocks if not (block.exempt or "file" in block.notes)]


def write_files(blocks: list[Block], folder: Path) -> None:
    """Write the blocks that are files."""
    for block in blocks:
        if "file" in block.notes:
            (folder / block.notes["file"]).write_text(block.code, "utf-8")


def described(block: Block) -> dict[str, object]:
    """Return a block as the player takes it."""
    return {"line": block.line, "code": block.code, **block.notes}

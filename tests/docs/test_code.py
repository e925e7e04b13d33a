"""All code on the pages runs, or says why not."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
from doc_pages import CHECKOUT, PAGES, Block, all_blocks, blocks_of, commands, names

from rlcore.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

# The first of them builds the environment of the release, for which a new machine has a download.
pytestmark = pytest.mark.timeout(900)

ESTIMATOR = """
from rlcore import Model, RLEstimator, RLFramework, RLToolkit
estimator = RLEstimator(
    "train.py", source_dir="src", toolkit="ray", toolkit_version="2.60.0", framework="pytorch"
)
estimator.fit(logs=False)
observation = [0.01, -0.02, 0.03, 0.04]
"""
SAGEMAKER = """
import atexit, contextlib, os
import boto3
from rlcore import RLEstimator, RLFramework, RLToolkit
from rlcore.testing import FakeSageMaker, JobScript

running = contextlib.ExitStack()
atexit.register(running.close)
aws = running.enter_context(FakeSageMaker(real={real}))
os.environ.update(aws.environ)
policy = "{{}}"
boto3.client("iam").create_role(RoleName="MySageMakerRole", AssumeRolePolicyDocument=policy)
where = {{"LocationConstraint": "us-west-2"}}
boto3.client("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration=where)
boto3.client("s3").put_object(Bucket="bucket", Key="data/episodes.csv", Body=b"1")
observation = [0.01, -0.02, 0.03, 0.04]
"""
SPOT = """
quick = JobScript(starting=0, downloading=0, training=0.5, uploading=0, billable=0.3)
aws.script(None, quick)
"""
PRELUDES = {
    "README.md": "",
    "docs/endpoints.md": ESTIMATOR + "import gymnasium\nenv = gymnasium.make('CartPole-v1')\n",
    "docs/environments.md": "",
    "docs/evaluation.md": "my_policy = lambda observation: int(observation[2] > 0)\n",
    "docs/first-policy.md": "",
    "docs/hooks.md": "from rlcore import MetricDefinition, Model, ToolkitRelease\n",
    "docs/index.md": "",
    "docs/migration.md": "",
    "docs/sagemaker.md": SAGEMAKER.format(real=True),
    "docs/spot.md": SAGEMAKER.format(real=False) + SPOT,
}
"""What the pages take for granted, for those that are run by the interpreter of the tests."""

SCRIPTS = """
from ray.rllib.algorithms.ppo import PPOConfig
import rlscript
import rlscript_ray

config = PPOConfig().env_runners(num_env_runners=0, num_envs_per_env_runner=8)
config.training(train_batch_size_per_learner=2000, minibatch_size=500, num_epochs=1)
"""
NOT_RUN = {
    "asks the package index",
    "quoted from the template, which tests/test_stranger.py runs",
    "tests of the plugin train with the example of it",
    "tests of the plugins interrupt their trainings and go on",
    "tests/test_extension_mirror.py installs it and asks for images",
    "tests/test_stranger.py walks this path",
    "the image is the company's",
    "the token is another with each endpoint; tests/platforms/local/test_hosting.py asks over HTTP",
    "the three functions are the script's own",
}
"""Every reason that a page gives for code that is not run."""


@pytest.mark.parametrize("page", PRELUDES)
def test_python_runs(page: str, play: Callable[..., str]) -> None:
    """The blocks of a page run one after the other, each from what those before it left."""
    play(page, PRELUDES[page])


@pytest.mark.training
def test_training_scripts_run(play: Callable[..., str], ray: Any) -> None:
    """Where Ray is installed; the training ends with its first evaluation."""
    page = "docs/training-scripts.md"

    printed = play(page, SCRIPTS, ray.python, "--size", "2", "--stop_return", "-1")

    assert "evaluation_return_mean=" in printed
    assert "42.58 42.58" in printed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(CHECKOUT).as_posix())
def test_no_python_is_forgotten(page: Path) -> None:
    """A page without a run has no block that asks for one."""
    name = page.relative_to(CHECKOUT).as_posix()
    if name in {*PRELUDES, "docs/training-scripts.md"}:
        return

    forgotten = [str(block) for block in blocks_of(page, "python") if not block.exempt]

    assert [] == forgotten


@pytest.mark.parametrize("block", all_blocks("python"), ids=str)
def test_python_compiles(block: Block) -> None:
    """Also what is not run is Python."""
    ast.parse(block.code, str(block))


def test_reasons() -> None:
    """What is not run says why, and all the reasons are listed here."""
    given = {block.notes.get("not run") for block in all_blocks("python", "console", "yaml")}

    assert NOT_RUN == given - {None}


@pytest.mark.parametrize(
    ("block", "command"),
    commands(all_blocks("console")),
    ids=lambda value: str(value) if isinstance(value, Block) else "",
)
def test_commands(
    block: Block, command: list[str], workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands of rlcore are such as its parser takes; others exist, or the block says why not."""
    monkeypatch.chdir(workplace)
    for each in blocks_of(CHECKOUT / "docs/environments.md", "yaml"):
        Path(each.notes["file"]).write_text(each.code)
    program, *arguments = command

    if program == "rlcore":
        parse(arguments)
    elif "not run" not in block.notes:
        CHECKS[program](arguments)


def parse(arguments: list[str]) -> None:
    """Let click parse the arguments of `rlcore`; a wrong one is its error."""
    group: click.Command = main
    context = click.Context(main, info_name="rlcore")
    while isinstance(group, click.Group) and arguments:
        name, *arguments = arguments
        found = group.get_command(context, name)
        assert found is not None, f"there is no command {name}"
        context = click.Context(found, parent=context, info_name=name)
        group = found
    group.make_context(context.info_name, list(arguments), parent=context.parent).close()


def check_make(arguments: list[str]) -> None:
    """Find the target."""
    makefile = (CHECKOUT / "Makefile").read_text("utf-8").splitlines()
    for target in arguments:
        assert any(line.startswith(f"{target}:") for line in makefile), target


def check_pip(arguments: list[str]) -> None:
    """Find the folders to install."""
    assert "install" == arguments[0]
    for folder in arguments[1:]:
        path = CHECKOUT / folder.partition("[")[0]
        assert (path / "pyproject.toml").is_file(), folder


CHECKS = {"make": check_make, "pip": check_pip}


@pytest.mark.parametrize("name", sorted(names()))
def test_names(name: str) -> None:
    """Whatever a page calls `rlcore.something` is there."""
    module, *attributes = name.split(".")

    found: Any = importlib.import_module(module)
    for attribute in attributes:
        path = f"{getattr(found, '__name__', '')}.{attribute}"
        found = getattr(found, attribute, None) or importlib.import_module(path)


@pytest.mark.parametrize("block", all_blocks("yaml"), ids=str)
def test_job_files(block: Block, workplace: Path) -> None:
    """A block of YAML is a job file from which a job can be planned."""
    (workplace / block.notes["file"]).write_text(block.code)

    done = subprocess.run(
        [sys.executable, "-m", "rlcore", "train", "-f", block.notes["file"], "--plan"],
        cwd=workplace,
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == done.returncode, done.stderr
    assert "Entry point" in done.stdout

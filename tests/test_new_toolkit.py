"""A toolkit that core never heard of: installed, listed, planned, trained; core is not changed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

from rlcore import RLEstimator, ToolkitRegistry
from rlcore.errors import InvalidArgument, UnsupportedVersion

CHECKOUT = Path(__file__).parents[1]
SCRIPT = """
import os, sys
print("example 1000 average loss = 0.25", sys.argv[1:])
with open(os.path.join(os.environ["SM_MODEL_DIR"], "policy.vw"), "w") as policy:
    policy.write("weights")
"""
NAMES = re.compile(r"coach|ray|rllib|mxnet|tensorflow|pytorch|vw|vowpal", re.IGNORECASE)
# The names themselves, and the constants that the original documents.
MAY_NAME_TOOLKITS = {"names.py", "estimator.py"}


@pytest.fixture
def vw(vw_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the toy distribution on the path, here and in every process that is started."""
    monkeypatch.syspath_prepend(vw_path)
    monkeypatch.setenv("PYTHONPATH", str(vw_path))
    return vw_path


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """Write a training script that needs nothing."""
    path = tmp_path / "train.py"
    path.write_text(SCRIPT, encoding="utf-8")
    return path


def estimator(script: Path, version: str = "8.7.0") -> RLEstimator:
    """Return an estimator of the toy toolkit."""
    return RLEstimator(
        str(script),
        toolkit="vw",
        registry=ToolkitRegistry(),
        toolkit_version=version,
        hyperparameters={"learning-rate": 0.5},
        output_path=script.parent.joinpath("artefacts").as_uri(),
    )


@pytest.mark.usefixtures("vw")
def test_the_registry_lists_it() -> None:
    """The entry point alone makes the toolkit known, under its bare key."""
    rows = [row for row in ToolkitRegistry().available() if row.key == "vw"]

    assert [("rl-plugin-vw", None)] == [(row.distribution, row.problem) for row in rows]


@pytest.mark.usefixtures("vw")
def test_the_command_line_lists_it() -> None:
    """`rlcore toolkits` shows it beside the others."""
    done = subprocess.run(
        [Path(sys.executable).with_name("rlcore"), "toolkits", "--json"],
        check=True,
        capture_output=True,
        text=True,
    )

    assert "vw" in {row["key"] for row in json.loads(done.stdout)}


@pytest.mark.usefixtures("vw")
def test_it_names_its_image() -> None:
    """Its hooks know the images of its releases, and read a release back from one."""
    toolkit = ToolkitRegistry().toolkit("vw")
    release = toolkit.release("8.7.0")

    uri = toolkit.image_uri(release, "us-west-2", "ml.c5.xlarge")

    assert "462105765813.dkr.ecr.us-west-2.amazonaws.com" == uri.partition("/")[0]
    assert release == toolkit.release_from_image(uri)


@pytest.mark.usefixtures("vw")
def test_its_own_refusals_reach_the_caller(script: Path) -> None:
    """What a plugin raises of our errors is not wrapped into others."""
    toolkit = ToolkitRegistry().toolkit("vw")

    with pytest.raises(UnsupportedVersion, match="there is 8.7.0"):
        estimator(script, "8.8")
    with pytest.raises(InvalidArgument, match="no image for GPUs"):
        toolkit.image_uri(toolkit.release("8.7.0"), "us-west-2", "ml.p3.2xlarge")


@pytest.mark.usefixtures("vw")
def test_it_plans(script: Path) -> None:
    """The plan tells the release, without anything being built."""
    plan = estimator(script).plan()

    assert ("local", "vw 8.7.0") == (plan.platform, str(plan.request.release))


@pytest.mark.usefixtures("vw")
def test_it_trains(script: Path) -> None:
    """A script runs for real, its metric becomes a curve, and its model comes out."""
    trained = estimator(script)

    trained.fit(logs=False)

    job = trained.latest_training_job
    assert [0.25] == list(job.curve().series("average_loss").values)
    assert trained.model_data.endswith("/output/model.tar.gz")


def test_core_names_no_toolkit() -> None:
    """No identifier and no string of core is the name of a toolkit or a framework."""
    named = {
        f"{path.relative_to(CHECKOUT)}:{token.start[0]} {token.string}"
        for path in CHECKOUT.glob("rlcore/**/*.py")
        if path.name not in MAY_NAME_TOOLKITS
        for token in code_tokens(path)
        if any(NAMES.fullmatch(word) for word in re.split(r"[^A-Za-z]+", token.string))
    }

    assert set() == named


def code_tokens(path: Path) -> list[tokenize.TokenInfo]:
    """Return the identifiers and strings of a file, without comments and docstrings."""
    with tokenize.open(path) as file:
        tokens = list(tokenize.generate_tokens(file.readline))
    kinds = {tokenize.NAME, tokenize.STRING}
    return [
        token
        for token in tokens
        if token.type in kinds and not token.string.startswith(('"""', "'''", 'r"""'))
    ]

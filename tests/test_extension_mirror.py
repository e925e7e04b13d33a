"""An extension, installed beside the plugins, wraps the hooks of each of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rlcore import ModelRequest, RLEstimator, ToolkitRegistry

CHECKOUT = Path(__file__).parents[1]
MIRROR = "registry.example.com/aws"
G1 = "520713654638.dkr.ecr.us-west-2.amazonaws.com"
IMAGE = f"{G1}/sagemaker-rl-tensorflow:ray0.6.5-cpu-py3"
SERVING = f"{G1}/sagemaker-tensorflow-serving:1.12-cpu"


@pytest.fixture(scope="module")
def extension_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the distribution `company-mirror` and return the folder to put on the path."""
    target = tmp_path_factory.mktemp("extension")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--no-build-isolation", "--target", str(target)),
            str(CHECKOUT / "examples/extension_mirror"),
        ],
        check=True,
    )
    return target


@pytest.fixture
def registry(extension_path: Path, monkeypatch: pytest.MonkeyPatch) -> ToolkitRegistry:
    """Return a registry that sees the extension, with its mirror named."""
    monkeypatch.syspath_prepend(extension_path)
    monkeypatch.setenv("PYTHONPATH", str(extension_path))
    monkeypatch.setenv("COMPANY_MIRROR", f"{MIRROR}/")
    return ToolkitRegistry()


def request(registry: ToolkitRegistry, **given: str) -> ModelRequest:
    """Return what is known of a model of classic Ray."""
    release = registry.toolkit("ray.tensorflow").release("0.6.5")
    return ModelRequest(release=release, model_data="s3://b/model.tar.gz", **given)


def test_training_images_are_the_mirrors(registry: ToolkitRegistry) -> None:
    """Every plugin's image is rewritten, whichever plugin it is."""
    ray, coach = (registry.toolkit(key) for key in ("ray.tensorflow", "coach.tensorflow"))

    images = [
        ray.image_uri(ray.release("0.6.5"), "us-west-2", "ml.c5.xlarge"),
        coach.image_uri(coach.release("0.11.1"), "us-west-2", "ml.c5.xlarge"),
    ]

    coachs = f"{G1}/sagemaker-rl-tensorflow:coach0.11.1-cpu-py3"
    assert [f"{MIRROR}/{IMAGE}", f"{MIRROR}/{coachs}"] == images


def test_a_mirrored_image_tells_its_release(registry: ToolkitRegistry) -> None:
    """Undone, the address is what the plugin knows; the original still is, nonsense is not."""
    toolkit = registry.toolkit("ray.tensorflow")

    found = [
        toolkit.release_from_image(uri)
        for uri in (f"{MIRROR}/{IMAGE}", IMAGE, f"{MIRROR}/nothing:1", "nothing:1")
    ]

    release = toolkit.release("0.6.5")
    assert [release, release, None, None] == found


def test_the_images_that_serve_are_the_mirrors(registry: ToolkitRegistry) -> None:
    """The release's own is rewritten, one that the caller names is not."""
    model_class = registry.toolkit("ray.tensorflow").model_class(request(registry).release)
    where = ("us-west-2", "ml.c5.xlarge")

    usual = model_class(request(registry)).container(*where)
    own = model_class(request(registry, image_uri="mine:1")).container(*where)

    assert [f"{MIRROR}/{SERVING}", "mine:1"] == [usual.image_uri, own.image_uri]


def test_without_a_mirror_nothing_changes(
    registry: ToolkitRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no mirror is named, the extension keeps out of the way."""
    monkeypatch.delenv("COMPANY_MIRROR")
    toolkit = registry.toolkit("ray.tensorflow")

    assert IMAGE == toolkit.image_uri(toolkit.release("0.6.5"), "us-west-2", "ml.c5.xlarge")
    assert toolkit.release_from_image(f"{MIRROR}/{IMAGE}") is None


def test_a_plan_shows_the_mirrored_image(
    registry: ToolkitRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What SageMaker would be asked for names the mirror."""
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    script = tmp_path / "train.py"
    script.write_text("")
    estimator = RLEstimator(
        str(script),
        toolkit="ray",
        toolkit_version="0.6.5",
        framework="tensorflow",
        role="arn:aws:iam::111122223333:role/MyRole",
        instance_type="ml.c5.xlarge",
        registry=registry,
    )

    assert f"{MIRROR}/{IMAGE}" in str(estimator.plan())


@pytest.mark.usefixtures("registry")
def test_the_command_line_takes_it_from_there() -> None:
    """Whoever has it installed has it everywhere: no code names it."""
    command = [sys.executable, "-m", "rlcore", "toolkits", "ray.tensorflow", "--json"]

    done = subprocess.run(command, check=True, capture_output=True, text=True)

    [toolkit] = json.loads(done.stdout)
    images = {each["version"]: each["sagemaker"]["cpu"] for each in toolkit["releases"]}
    assert f"{MIRROR}/{IMAGE}" == images["0.6.5"]


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("words", ["toolkits", "toolkits doctor"])
def test_it_is_listed(words: str) -> None:
    """Beside the toolkits, it is shown with its version, and is healthy."""
    command = [sys.executable, "-m", "rlcore", *words.split()]

    done = subprocess.run(command, check=True, capture_output=True, text=True)

    [line] = [line for line in done.stdout.splitlines() if "company-mirror" in line]
    assert {"extension", "1.0"} <= set(line.replace("\t", " ").split())

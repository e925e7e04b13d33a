"""The estimator: what it refuses, what it plans, and that it changes nothing of the caller's."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest
from git_server import make_repository
from memory_platform import MemoryPlatform

from rlcore import RLEstimator, RLFramework, RLToolkit, jobnames
from rlcore.errors import (
    InvalidArgument,
    InvalidFramework,
    InvalidToolkit,
    JobExists,
    JobNotStarted,
    MissingArgument,
    PlatformError,
    SourceError,
    TrainingFailed,
    UnknownPlatform,
    UnsupportedVersion,
)
from rlcore.spec import Channel, JobState

RAY = {"toolkit": "ray", "toolkit_version": "2.60.0", "framework": "pytorch"}


@pytest.fixture
def script(tmp_path: Path) -> str:
    """Return the path of a training script."""
    path = tmp_path / "train.py"
    path.write_text("print('hello')")
    return str(path)


@pytest.fixture
def platform() -> MemoryPlatform:
    """Return a platform whose jobs succeed at once."""
    return MemoryPlatform()


def test_the_constants_are_the_documented_ones() -> None:
    """The original's documentation fixes them."""
    assert ("0.11.1", "0.11.0", "0.6.5") == (
        RLEstimator.COACH_LATEST_VERSION_TF,
        RLEstimator.COACH_LATEST_VERSION_MXNET,
        RLEstimator.RAY_LATEST_VERSION,
    )


@pytest.mark.parametrize(
    ("toolkit", "version", "framework", "framework_version"),
    [
        (RLToolkit.COACH, RLEstimator.COACH_LATEST_VERSION_TF, RLFramework.TENSORFLOW, "1.12"),
        (RLToolkit.COACH, RLEstimator.COACH_LATEST_VERSION_MXNET, RLFramework.MXNET, "1.3"),
        (RLToolkit.RAY, RLEstimator.RAY_LATEST_VERSION, RLFramework.TENSORFLOW, "1.12"),
        ("coach", "0.11", "tensorflow", "1.12"),
        ("RAY", "2.60.0", "PyTorch", "2.13.0"),
    ],
)
def test_the_toolkit_is_found_by_name(toolkit, version, framework, framework_version) -> None:
    """Names in any case, versions as written, the framework's version set at once."""
    estimator = RLEstimator("train.py", toolkit, version, framework)

    assert (toolkit.lower(), version, framework.lower(), framework_version) == (
        estimator.toolkit,
        estimator.toolkit_version,
        estimator.framework,
        estimator.framework_version,
    )


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({}, MissingArgument, "provide `toolkit`, `toolkit_version`, `framework` or `image_name`"),
        ({"toolkit": "ray", "framework": "pytorch"}, MissingArgument, "`toolkit_version` or"),
        ({"toolkit": "rai"}, InvalidToolkit, "Did you mean 'ray'?"),
        ({**RAY, "toolkit": "rai"}, InvalidToolkit, "'rai.pytorch'. Did you mean 'ray'?"),
        ({**RAY, "framework": "mxnet"}, InvalidFramework, "Installed for it: ray.pytorch"),
        (
            {**RAY, "toolkit": "coach", "framework": "tensorflow", "toolkit_version": "9.9"},
            UnsupportedVersion,
            "Provided `coach-9.9` and `tensorflow` combination is not supported",
        ),
        ({**RAY, "entry_point": "s3://b/x.py"}, InvalidArgument, "Invalid entry point script"),
        ({**RAY, "toolkit_version": 0.11}, InvalidArgument, "in quotes; 0.11 was given"),
        ({**RAY, "toolkit_version": ["1"]}, InvalidArgument, "in quotes; ['1'] was given"),
        ({**RAY, "tags": 3}, InvalidArgument, "tags must be"),
        ({**RAY, "entry_point": None}, InvalidArgument, "entry_point must be a string or a path"),
        ({**RAY, "entry_point": b"x.py"}, InvalidArgument, "entry_point must be a string or a"),
        ({**RAY, "source_dir": 3}, InvalidArgument, "source_dir must be a string or a path; 3"),
        ({**RAY, "hyperparameters": "lr=1"}, InvalidArgument, "hyperparameters must be a dict"),
        ({**RAY, "metric_definitions": 3}, InvalidArgument, "must be a list of metric"),
        ({**RAY, "max_run": -1}, InvalidArgument, "max_run"),
    ],
)
def test_the_constructor_refuses(given: dict[str, Any], error: type[Exception], words: str) -> None:
    """What is wrong with the arguments is known before anything is read."""
    with pytest.raises(error) as raised:
        RLEstimator(**{"entry_point": "train.py", **given})

    assert words in str(raised.value)


def test_an_image_wins_over_the_toolkit_with_a_warning() -> None:
    """As in the original, the toolkit's attributes do not even exist then."""
    with pytest.warns(UserWarning, match=r"`toolkit`, `framework` are going to be ignored"):
        estimator = RLEstimator(
            "train.py", toolkit="ray", framework="pytorch", image_name="my/image:1"
        )

    assert "my/image:1" == estimator.train_image()
    assert "my/image:1" == estimator.image_uri == estimator.image_name
    assert not hasattr(estimator, "toolkit")
    assert not hasattr(estimator, "framework_version")


def test_arguments_are_attributes_under_both_names() -> None:
    """Old and new notebooks read them back."""
    estimator = RLEstimator("train.py", **RAY, train_instance_type="local", max_run=7)

    assert "local" == estimator.instance_type == estimator.train_instance_type
    assert 7 == estimator.train_max_run == estimator.max_run
    with pytest.raises(AttributeError, match="no attribute 'instance_typ'"):
        estimator.instance_typ  # noqa: B018


def test_the_training_image_is_the_toolkits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Region from the argument or the environment, processor from the instance type."""
    estimator = RLEstimator("t.py", "ray", "0.6.5", "tensorflow", instance_type="ml.p3.2xlarge")
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)

    with pytest.raises(MissingArgument, match="AWS_REGION"):
        estimator.train_image()
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    host = "520713654638.dkr.ecr.us-west-2.amazonaws.com/sagemaker-rl-tensorflow"
    assert f"{host}:ray0.6.5-gpu-py3" == estimator.train_image()
    assert f"{host}:ray0.6.5-cpu-py3" == estimator.training_image_uri(instance_type="local")


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("coach",), ["reward-training", "reward-testing"]),
        (("ray",), ["episode_reward_mean", "episode_reward_max"]),
        (("ray", "0.6.5", "tensorflow"), ["episode_reward_mean", "episode_reward_max"]),
    ],
)
def test_the_classic_metrics_are_the_default(arguments, names) -> None:
    """Without a version they are those that the original had, as its API spelt them."""
    found = RLEstimator.default_metric_definitions(*arguments)

    assert names == [definition["Name"] for definition in found]
    assert all(set(definition) == {"Name", "Regex"} for definition in found)


def test_the_metrics_of_a_current_release_are_others() -> None:
    """With version and framework they are the release's own."""
    found = RLEstimator.default_metric_definitions("ray", "2.60.0", "pytorch")

    assert "episode_return_mean" in [definition["Name"] for definition in found]


def test_hyperparameters_are_what_the_job_gets_and_the_callers_stay() -> None:
    """The original's two additions are there, and nobody's dictionary is changed."""
    given = {"lr": 0.5, "name": "x"}
    estimator = RLEstimator("train.py", **RAY, hyperparameters=given)

    assert {
        "lr": "0.5",
        "name": '"x"',
        "sagemaker_s3_output": "null",
        "sagemaker_estimator": '"RLEstimator"',
    } == estimator.hyperparameters()
    assert {"lr": 0.5, "name": "x"} == given


def test_the_request_holds_everything(script, platform, tmp_path) -> None:
    """Every argument has its place: a field of the request, or the options."""
    estimator = RLEstimator(
        script,
        **RAY,
        hyperparameters={"lr": 1},
        platform=platform,
        instance_type="local",
        max_run=60,
        output_path="file:///out",
        checkpoint_s3_uri="file:///checkpoints",
        environment={"A": "1"},
        tags=[{"Key": "k", "Value": "v"}],
        role="me",
        use_spot_instances=True,
        model_uri="s3://bucket/model.tar.gz",
    )

    request = estimator.plan(tmp_path, job_name="my-job").request

    assert ("my-job", "train.py", 60) == (
        request.name,
        request.entry_point,
        request.resources.max_run,
    )
    assert "ray 2.60.0 (pytorch 2.13.0)" == str(request.release)
    assert (
        Channel(name="training", uri=tmp_path.as_uri()),
        Channel(
            name="model",
            uri="s3://bucket/model.tar.gz",
            content_type="application/x-sagemaker-model",
            input_mode="File",
        ),
    ) == request.channels
    assert {"role": "me", "use_spot_instances": True} == request.options
    assert {"k": "v"} == request.tags
    assert {"A": "1"} == request.environment
    assert "episode_return_mean" in {metric.name for metric in request.metric_definitions}
    assert request.source_digest
    assert not platform.started


def test_what_travels_with_the_script(script, platform) -> None:
    """The script side, and what serves its exports, which each export carries along."""
    RLEstimator(script, **RAY, platform=platform).fit(wait=False)

    (bundle,) = platform.bundles
    roots = {member.name.partition("/")[0] for member in bundle.members}
    assert {"train.py", "rlscript", "rlscript_ray", "rlserving"} == roots


def test_two_plans_of_one_source_have_one_digest(script, platform) -> None:
    """The digest names the upload; the job's name and time are not in it."""
    estimator = RLEstimator(script, **RAY, platform=platform, base_job_name="a_b")
    first, second = estimator.plan().request, estimator.plan(job_name="x").request

    assert first.source_digest == second.source_digest
    assert first.name.startswith("a-b-20")


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"entry_point": "nowhere.py"}, SourceError, "'nowhere.py' is not a file"),
        ({"source_dir": "https://a/b"}, InvalidArgument, "'https://a/b' must be a folder"),
        ({"source_dir": "nowhere"}, SourceError, "'nowhere' is not a folder"),
        ({"hyperparameters": {"x": object()}}, InvalidArgument, "JSON cannot hold"),
        ({"git_config": {"repo": "x"}}, InvalidArgument, "Invalid Git url provided"),
        ({"platform": "loca"}, UnknownPlatform, "Did you mean 'local'"),
        ({"platform": MemoryPlatform}, UnknownPlatform, "an instance of a platform"),
        ({"platform": None, "instance_type": "ml.c5.large"}, MissingArgument, "Which region"),
    ],
)
def test_the_plan_refuses(script, platform, change, error, words) -> None:
    """Files, sizes and limits are checked before the first side effect."""
    given = {"entry_point": script, **RAY, "platform": platform, **change}
    with pytest.raises(error) as raised:
        RLEstimator(**given).plan()

    assert words in str(raised.value)


@pytest.mark.parametrize("name", ["my_job", 5])
def test_the_plan_refuses_a_bad_name(script, platform, name) -> None:
    """A name that the service would refuse is refused on every platform."""
    with pytest.raises(InvalidArgument, match="is not a job name"):
        RLEstimator(script, **RAY, platform=platform).plan(job_name=name)


def test_a_copy_plans_the_same(script) -> None:
    """Sweeps copy an estimator, or hand it to worker processes."""
    estimator = RLEstimator(script, **RAY, hyperparameters={"lr": 1})

    for twin in (
        copy.copy(estimator),
        copy.deepcopy(estimator),
        pickle.loads(pickle.dumps(estimator)),  # noqa: S301 - our own
    ):
        plans = [each.plan(job_name="a").request for each in (estimator, twin)]
        assert plans[0] == plans[1]


def test_a_script_in_the_home_folder_is_found(script, monkeypatch) -> None:
    """`~` means in the script what it means in source_dir."""
    monkeypatch.setenv("HOME", str(Path(script).parent))

    plan = RLEstimator(f"~/{Path(script).name}", **RAY).plan()

    assert Path(script).name == plan.request.entry_point


def test_fit_starts_once_and_remembers_the_job(script, platform) -> None:
    """The handle is the only thing that is written to the estimator."""
    estimator = RLEstimator(script, **RAY, platform=platform)
    with pytest.raises(JobNotStarted, match="not associated with a training job"):
        estimator.model_data  # noqa: B018

    estimator.fit(wait=False, job_name="one")
    estimator.fit(logs=False, job_name="two")

    assert ["one", "two"] == list(platform.started) == [job.name for job in estimator.jobs]
    assert "two" == estimator.latest_training_job.job_name
    assert "two" == estimator._current_job_name  # noqa: SLF001 - notebooks read it
    with pytest.raises(JobExists):
        estimator.fit(job_name="one")
    with pytest.raises(PlatformError, match="two is Succeeded and left no model"):
        estimator.model_data  # noqa: B018


def test_names_made_from_the_time_never_collide(script, platform) -> None:
    """Many jobs at once each get a name of their own."""
    estimator = RLEstimator(script, **RAY, platform=platform)
    for _ in range(20):
        estimator.fit(wait=False)

    assert 20 == len(platform.started)


def test_a_failed_job_raises_and_stays_known(script) -> None:
    """The handle is there, so that one can look at what failed."""
    fail = MemoryPlatform(outcome=lambda status: attrs.evolve(status, state=JobState.FAILED))
    estimator = RLEstimator(script, **RAY, platform=fail)

    with pytest.raises(TrainingFailed):
        estimator.fit(job_name="bad")

    assert "bad" == estimator.latest_training_job.name


def test_attach_restores_what_was_asked_for(script, platform) -> None:
    """Toolkit, metrics, options, limits: the original lost most of them."""
    given = {
        **RAY,
        "hyperparameters": {"lr": 0.1},
        "metric_definitions": [{"Name": "m", "Regex": "m=(.*)"}],
        "use_spot_instances": True,
        "max_wait": 90000,
        "checkpoint_s3_uri": "s3://b/c",
        "tags": {"a": "b"},
        "role": "me",
    }
    RLEstimator(script, **given, platform=platform).fit(wait=False, job_name="job")

    attached = RLEstimator.attach("job", platform=platform)

    again = attached.plan(job_name="again").request
    started = attrs.evolve(platform.started["job"], name="again", source_digest=None)
    assert attrs.evolve(started, source_uri="s3://memory/job.tar.gz") == again
    assert "job" == jobnames.stem_of(attached.plan().request.name)
    assert "job" == attached.latest_training_job.name


def test_attach_to_a_failed_job_raises(script) -> None:
    """As the original's did."""
    fail = MemoryPlatform(outcome=lambda status: attrs.evolve(status, state=JobState.FAILED))
    RLEstimator(script, **RAY, platform=fail).fit(wait=False, job_name="job")

    with pytest.raises(TrainingFailed, match="job: Failed"):
        RLEstimator.attach("job", platform=fail)
    assert "job" == RLEstimator.attach("job", platform=fail, wait=False).latest_training_job.name


def test_the_script_can_come_from_a_repository(platform, tmp_path) -> None:
    """The same source as from its folder; how it was fetched is no part of the request."""
    repo = make_repository(tmp_path)
    config = {"repo": repo.as_uri(), "branch": "main"}
    local = RLEstimator("train.py", **RAY, source_dir=tmp_path / "work/src", platform=platform)

    estimator = RLEstimator(
        "train.py", **RAY, source_dir="src", git_config=config, platform=platform
    )
    estimator.fit(wait=False, job_name="job")
    platform.bundles[0].write(tmp_path / "source.tar.gz")

    assert local.plan().request.source_digest == platform.started["job"].source_digest
    assert "git_config" not in platform.started["job"].options


class _Images(MemoryPlatform):
    """A platform that runs releases in images."""

    def base_job_name(self, *_: object) -> str:
        """Return a name for anything."""
        return "job"


@pytest.mark.parametrize("platform_class", [MemoryPlatform, _Images])
def test_on_an_image_requirements_are_merged(script, platform_class) -> None:
    """The release's come with the user's; an environment of one's own has them already."""
    Path(script).with_name("requirements.txt").write_text("scipy\n")
    platform = platform_class()
    folder = Path(script).parent

    RLEstimator("train.py", **RAY, source_dir=folder, platform=platform).fit(wait=False)

    (found,) = (each for each in platform.bundles[0].members if each.name == "requirements.txt")
    text = found.content if isinstance(found.content, bytes) else found.content.read_bytes()
    assert text.endswith(b"scipy\n")
    assert (platform_class is _Images) == (b"ray[rllib]==2.60.0" in text)


def test_constructing_imports_no_client() -> None:
    """No boto3, no rich, no network before something is asked of them."""
    program = (
        "import sys, json; from rlcore import RLEstimator;"
        "RLEstimator('t.py', 'ray', '2.60.0', 'pytorch');"
        "print(json.dumps(sorted(sys.modules)))"
    )
    out = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout

    assert not {"boto3", "botocore", "rich", "matplotlib", "ray", "numpy"} & set(json.loads(out))

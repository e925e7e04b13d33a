"""What an estimator does once it has trained."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from git_server import make_repository
from memory_hosting import HostingMemoryPlatform, MemoryHosting, Request, as_json
from model_archives import packed
from small_policies import cart_pole, write_model

from rlcore import FrameworkModel, MXNetPredictor, Predictor, RLEstimator, TensorFlowPredictor
from rlcore.endpoints import Answer
from rlcore.errors import (
    ConflictingArguments,
    EndpointExists,
    EndpointFailed,
    EndpointNotFound,
    InvalidArgument,
    JobNotStarted,
    MissingArgument,
    PlatformError,
    SourceError,
    UnknownArgument,
)
from rlcore.spec import JobState, JobStatus
from rlserving import frames
from rlserving.policies import load

RAY = ("ray", "2.60.0", "pytorch")
COACH = ("coach", "0.11.0", "mxnet")
MODEL_DATA = "s3://bucket/job/output/model.tar.gz"
Trained = Callable[..., RLEstimator]


def ended(state: JobState, model_data: str | None = MODEL_DATA) -> Any:
    """Return the outcome of jobs that end in a state."""

    def outcome(status: JobStatus) -> JobStatus:
        return attrs.evolve(
            status, state=state, model_data=model_data, failure_reason="out of memory"
        )

    return outcome


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a folder with a training script and an inference script."""
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "train.py").write_text("print('hello')")
    (folder / "inference.py").write_text("def model_fn(folder): ...")
    return folder


@pytest.fixture
def trained(source: Path) -> Trained:
    """Return a function that returns an estimator with a job that has ended."""

    def make(
        toolkit: tuple[str | None, ...] = RAY,
        *,
        hosting: MemoryHosting | None = None,
        outcome: Any = None,
        **kwargs: Any,
    ) -> RLEstimator:
        platform = HostingMemoryPlatform(hosting, outcome=outcome or ended(JobState.SUCCEEDED))
        given = {"source_dir": str(source), "platform": platform, **kwargs}
        estimator = RLEstimator("train.py", *toolkit, **given)
        estimator.fit(wait=False, job_name="job")
        return estimator

    return make


def memory(estimator: RLEstimator) -> MemoryHosting:
    """Return the hosting of an estimator."""
    hosting: MemoryHosting = estimator.platform.hosting
    return hosting


def test_deploy_gives_a_predictor(trained: Trained) -> None:
    """One call from the trained job to the endpoint that acts."""
    hosting = MemoryHosting(lambda _: as_json({"action": 1}))
    estimator = trained(hosting=hosting)

    predictor = estimator.deploy(1, endpoint_name="e")

    assert 1 == predictor.act([0.0])
    deployment = hosting.deployed["e"]
    assert (MODEL_DATA, "ray 2.60.0 (pytorch 2.13.0)", None) == (
        deployment.model.model_data,
        str(deployment.model.release),
        deployment.model.entry_point,
    )
    assert hosting.bundles["e"] is None


def test_deploy_waits_unless_told_not_to(trained: Trained) -> None:
    """`wait=False` returns while the endpoint is made; waiting ends in a failure's reason."""
    estimator = trained(hosting=MemoryHosting(stages=["Loading"], failure="damaged"))

    assert isinstance(estimator.deploy(endpoint_name="a", wait=False), Predictor)
    with pytest.raises(EndpointFailed, match="damaged"):
        estimator.deploy(endpoint_name="b")


def test_names(trained: Trained) -> None:
    """The first endpoint has the job's name, the next one of its own; a taken one is refused."""
    estimator = trained()

    first, second = (estimator.deploy().endpoint_name for _ in range(2))

    assert estimator.latest_training_job
    assert estimator.latest_training_job.name == first
    assert second.startswith(f"{first}-20")
    with pytest.raises(EndpointExists):
        estimator.deploy(endpoint_name=first)


def test_the_endpoint_is_deleted_by_the_estimator(trained: Trained) -> None:
    """The last one, as in the first generation."""
    estimator = trained()
    with pytest.raises(EndpointNotFound, match="has deployed no endpoint"):
        estimator.delete_endpoint()

    estimator.deploy()
    estimator.delete_endpoint()

    assert {} == memory(estimator).deployed


def test_serializers_are_the_callers(trained: Trained) -> None:
    """They replace the predictor's own."""
    predictor = trained().deploy(serializer=repr, deserializer=lambda stream, _: stream.read())

    assert b"[1]" == predictor.predict([1])


def test_before_fit() -> None:
    """Without a job there is no model."""
    estimator = RLEstimator("train.py", *RAY)

    for ask in (estimator.deploy, estimator.create_model, estimator.evaluate):
        with pytest.raises(JobNotStarted, match="not associated with a training job"):
            ask()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (JobState.RUNNING, "job is Running and has no model yet. See: rlcore logs -f job"),
        (JobState.STOPPING, "job is Stopping and has no model yet. See: rlcore stop --wait job"),
        (JobState.FAILED, "job is Failed and left no model. See: rlcore logs job"),
    ],
)
def test_a_job_without_a_model(trained: Trained, state: JobState, words: str) -> None:
    """The error tells the job's state and where to look."""
    with pytest.raises(PlatformError, match=words):
        trained(outcome=ended(state, None)).deploy()


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.STOPPED])
def test_a_job_that_did_not_end_well(trained: Trained, state: JobState) -> None:
    """What it had saved can be deployed, with a warning."""
    estimator = trained(outcome=ended(state))

    with pytest.warns(UserWarning, match=f"is {state.value}: out of memory. The model is the one"):
        estimator.deploy(endpoint_name="e")

    assert ["e"] == list(memory(estimator).deployed)


def test_every_argument_is_honoured(trained: Trained) -> None:
    """The original dropped nearly all of them."""
    estimator = trained(role="trainer", container_log_level=10, tags={"k": "v"})
    model = estimator.create_model(
        role="server",
        name="model",
        env={"A": "1"},
        image_uri="host/own:1",
        container_log_level=40,
        model_kms_key="key",
        enable_network_isolation=True,
        model_server_workers=2,
        code_location="s3://code",
    )

    request = model.request
    assert ("model", "server", "host/own:1", {"A": "1"}, 40) == (
        request.name,
        request.role,
        request.image_uri,
        dict(request.environment),
        request.container_log_level,
    )
    assert {
        "model_kms_key": "key",
        "enable_network_isolation": True,
        "model_server_workers": 2,
        "code_location": "s3://code",
    } == request.options


def test_the_estimators_own_are_the_defaults(trained: Trained) -> None:
    """Role, log level, network and tags are those of the training."""
    estimator = trained(
        role="trainer",
        container_log_level=10,
        subnets=["s"],
        security_group_ids=["g"],
        tags={"k": "v"},
    )

    estimator.deploy(endpoint_name="e")

    deployment = memory(estimator).deployed["e"]
    assert ("trainer", 10) == (deployment.model.role, deployment.model.container_log_level)
    assert {"Subnets": ["s"], "SecurityGroupIds": ["g"]} == deployment.model.options["vpc_config"]
    assert {"k": "v"} == deployment.tags
    assert {} == estimator.create_model(vpc_config_override=None).request.options
    network = {"Subnets": ["a"], "SecurityGroupIds": ["b"]}
    assert {"vpc_config": network} == estimator.create_model(vpc_config=network).request.options


def test_deploy_takes_the_models_arguments_too(trained: Trained) -> None:
    """As in the original, and none of them is dropped."""
    estimator = trained()

    estimator.deploy(endpoint_name="e", env={"A": "1"}, model_name="m", strict=True, port=8080)

    deployment = memory(estimator).deployed["e"]
    assert ({"A": "1"}, "m") == (dict(deployment.model.environment), deployment.model.name)
    assert {"strict": True, "port": 8080} == deployment.options


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"source_dir": "src"}, MissingArgument, "Please provide an `entry_point`"),
        ({"dependencies": ["x"]}, MissingArgument, "Please provide an `entry_point`"),
        ({"envv": {}}, UnknownArgument, "Did you mean 'env'"),
        ({"vpc_config_override": {}}, InvalidArgument, "vpc_config must be a dict"),
        ({"image": "a", "image_uri": "b"}, ConflictingArguments, "two names of one argument"),
        ({"entry_point": "nowhere.py"}, SourceError, 'No file named "nowhere.py" was found in'),
    ],
)
def test_create_model_refuses(
    trained: Trained, given: dict[str, Any], error: type[Exception], words: str
) -> None:
    """What is wrong is told before anything is started."""
    with pytest.raises(error, match=words):
        trained().create_model(**given)


def test_own_inference_code_beside_the_training_script(trained: Trained) -> None:
    """Where the original looked for it."""
    estimator = trained()

    estimator.deploy(endpoint_name="e", entry_point="inference.py")

    bundle = memory(estimator).bundles["e"]
    assert "inference.py" == memory(estimator).deployed["e"].model.entry_point
    assert ["inference.py", "train.py"] == [member.name for member in bundle.members]


def test_own_inference_code_from_elsewhere(trained: Trained, tmp_path: Path) -> None:
    """A folder of its own, or a file alone."""
    folder = tmp_path / "serving"
    folder.mkdir()
    (folder / "serve.py").write_text("def model_fn(folder): ...")
    estimator = trained()

    of_folder = estimator.create_model(entry_point="serve.py", source_dir=str(folder))
    of_file = estimator.create_model(entry_point=str(folder / "serve.py"))

    assert [("serve.py", ["serve.py"])] * 2 == [
        (model.request.entry_point, [member.name for member in model.bundle.members])
        for model in (of_folder, of_file)
    ]


def test_the_trainings_folder_comes_before_the_working_one(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script of the same name that happens to lie here is not the one that is meant."""
    (tmp_path / "inference.py").write_text("raise AssertionError")
    monkeypatch.chdir(tmp_path)

    model = trained().create_model(entry_point="inference.py")

    assert ["inference.py", "train.py"] == [member.name for member in model.bundle.members]


def test_inference_code_that_is_packed_already(trained: Trained) -> None:
    """An address is handed on, and nothing is packed here."""
    model = trained().create_model(entry_point="serve.py", source_dir="s3://b/code.tar.gz")

    assert ("serve.py", "s3://b/code.tar.gz", None) == (
        model.request.entry_point,
        model.request.source_uri,
        model.bundle,
    )


def test_the_training_script_serves_where_the_original_had_it_so(trained: Trained) -> None:
    """MXNet's container runs the user's script, the training's by default."""
    model = trained(COACH).create_model()

    assert ("train.py", "s3://memory/job.tar.gz") == (
        model.request.entry_point,
        model.request.source_uri,
    )
    environment = model.container("us-west-2", "ml.m4.xlarge").environment
    assert "train.py" == environment["SAGEMAKER_PROGRAM"]


def test_an_image_of_ones_own(trained: Trained) -> None:
    """The generic model, with the training's script, and a predictor, where there was none."""
    estimator = trained((), image_uri="host/own:1")

    model = estimator.create_model()

    assert type(model) is FrameworkModel
    assert ("host/own:1", "train.py") == (model.request.image_uri, model.request.entry_point)
    assert type(estimator.deploy()) is Predictor


@pytest.mark.parametrize(
    ("toolkit", "expected"),
    [
        (RAY, Predictor),
        (COACH, MXNetPredictor),
        (("coach", "0.11.1", "tensorflow"), TensorFlowPredictor),
    ],
)
def test_predictors_are_the_toolkits(trained: Trained, toolkit: Any, expected: type) -> None:
    """Each container has its own, as in the original."""
    assert type(trained(toolkit).deploy()) is expected


def test_a_predictor_of_ones_own(trained: Trained) -> None:
    """`predictor_cls` wins over the toolkit's."""

    class Own(Predictor):
        """A subclass of the caller's."""

    predictor = trained(COACH).deploy(predictor_cls=Own, endpoint_name="e")

    assert (Own, "e") == (type(predictor), predictor.endpoint_name)


def test_evaluation_plays_the_endpoint_beside_the_policy(
    trained: Trained, source: Path, tmp_path: Path
) -> None:
    """The same seeds, the same actions: every episode is equal."""
    folder = write_model(tmp_path / "model", default=cart_pole())
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    model_data = packed(tmp_path / "model.tar.gz", files).as_uri()
    policies = load(str(folder))

    def reply(sent: Request) -> Answer:
        (answer,) = policies.respond(
            [frames.Request(sent.body, sent.content_type, sent.accept, "")]
        )
        assert 200 == answer.status
        return Answer(body=answer.body, content_type=answer.content_type)

    hosting = MemoryHosting(reply)
    estimator = trained(hosting=hosting, outcome=ended(JobState.SUCCEEDED, model_data))

    report = estimator.evaluate(
        episodes=3,
        seed=7,
        predictor=estimator.deploy(),
        actors={"idle": lambda turns: [(0, None) for _ in turns]},
        source=source,
        python=Path(sys.executable),
        log=lambda _: None,
    )

    (pair,) = (each for each in report.pairs() if "idle" not in each.sources)
    assert (3, 3) == (pair.equal, pair.episodes)
    assert ["endpoint", "idle", "in process"] == [played.source for played in report.sources]
    assert hosting.requests


def test_an_estimator_that_has_deployed_can_be_copied(source: Path) -> None:
    """Sweeps hand estimators to other processes; the predictor goes with them."""
    estimator = RLEstimator("train.py", *RAY, source_dir=str(source))
    estimator.latest_predictor = Predictor("e")

    twin = pickle.loads(pickle.dumps(estimator))  # noqa: S301 - our own

    assert "e" == twin.latest_predictor.endpoint_name


def test_inference_code_comes_from_where_the_training_script_did(trained: Trained, tmp_path: Path):
    """The estimator's repository, unless the model has a folder or a repository of its own."""
    make_repository(tmp_path)
    config = {"repo": (tmp_path / "src.git").as_uri()}
    estimator = trained(source_dir="src", dependencies=["common"], git_config=config)

    same = estimator.create_model(entry_point="lib/env.py")
    own = trained().create_model(entry_point="one.py", git_config=config)

    names = [[member.name for member in model.bundle.members] for model in (same, own)]
    assert [["common/x.txt", "lib/env.py", "train.py"], ["one.py"]] == names
    with pytest.raises(SourceError, match="not a folder"):
        estimator.create_model(entry_point="lib/env.py", source_dir="src")

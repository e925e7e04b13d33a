"""Batch transforms, over HTTP against the fake: the original's requests, and their life."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.loaders import Loader

from rlcore import RLEstimator, transformer
from rlcore.errors import (
    InvalidArgument,
    JobExists,
    JobNotFound,
    JobNotStarted,
    PlatformError,
    TransformFailed,
    UnknownArgument,
)
from rlcore.platforms.sagemaker import transforms
from rlcore.spec import JobState
from rlcore.testing import FakeSageMaker, Fault, ManualClock, TransformScript
from rlcore.transformer import Transformer

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Session

ORIGINAL = json.loads(Path(__file__).with_name("original.json").read_text("utf-8"))
BUCKET = "sagemaker-us-west-2-123456789012"
COACH = {
    "transformer_coach_mxnet": ("mxnet", "0.11.0"),
    "transformer_coach_tf": ("tensorflow", "0.11.1"),
}


@pytest.fixture
def trained(
    aws: FakeSageMaker, estimator: Callable[..., RLEstimator], clock: ManualClock
) -> Callable[..., RLEstimator]:
    """Return what trains to the end."""
    aws.script_transform(None, TransformScript(starting=0.0, transforming=5.0, stopping=0.0))

    def train(framework: str = "mxnet", version: str = "0.11.0", job: str = "job") -> RLEstimator:
        toolkit = {"toolkit": "coach", "toolkit_version": version, "framework": framework}
        training = estimator(**toolkit, instance_count=1, instance_type="ml.m4.xlarge")
        training.fit(wait=False, job_name=job)
        clock.advance(1000)
        return training

    return train


@pytest.fixture
def made(trained: Callable[..., RLEstimator]) -> Transformer:
    """Return a transformer of a model that was trained."""
    return trained().transformer(1, "ml.m4.xlarge")


def job_of(aws: FakeSageMaker, made: Transformer) -> dict[str, Any]:
    """Return what the service has of the latest job."""
    assert made.latest_transform_job is not None
    client = aws.session().client("sagemaker")
    found: dict[str, Any] = client.describe_transform_job(
        TransformJobName=made.latest_transform_job.name
    )
    return found


@pytest.mark.parametrize("name", COACH)
def test_the_originals_requests(
    aws: FakeSageMaker, trained: Callable[..., RLEstimator], name: str
) -> None:
    """The model is made at once, with the same fields but for our tags; the face is the same."""
    expected = json.loads(json.dumps(ORIGINAL[name]).replace("111122223333", "123456789012"))
    request, face = expected["requests"]["create_model"], expected["result"]
    job = request["PrimaryContainer"]["ModelDataUrl"].split("/")[3]
    made = trained(*COACH[name], job=job).transformer(1, "ml.m4.xlarge", env=face["env"])

    stem = request["ModelName"].partition("-20")[0]
    assert made.model_name.startswith(f"{stem}-20")
    found = aws.session().client("sagemaker").describe_model(ModelName=made.model_name)
    assert {**request, "ModelName": made.model_name} == {each: found[each] for each in request}
    assert {**face, "model_name": made.model_name} == {each: getattr(made, each) for each in face}


def test_every_scenario_has_its_place() -> None:
    """All transformers that the original made are compared here."""
    assert {name for name in ORIGINAL if name.startswith("transformer_")} == set(COACH)


def test_arguments_of_model_and_jobs(
    aws: FakeSageMaker, trained: Callable[..., RLEstimator]
) -> None:
    """Each goes where it belongs; tags go to both."""
    made = trained().transformer(
        2,
        "ml.m4.xlarge",
        model_name="mine",
        strategy="SingleRecord",
        tags={"team": "rl"},
        model_server_workers=3,
        vpc_config_override=None,
    )
    model = aws.session().client("sagemaker").describe_model(ModelName="mine")

    assert "3" == model["PrimaryContainer"]["Environment"]["SAGEMAKER_MODEL_SERVER_WORKERS"]
    assert "VpcConfig" not in model
    assert ("mine", "SingleRecord", 2) == (made.model_name, made.strategy, made.instance_count)
    tags = aws.session().client("sagemaker").list_tags(ResourceArn=model["ModelArn"])["Tags"]
    assert {"Key": "team", "Value": "rl"} in tags


@pytest.mark.parametrize(
    ("given", "nearest"),
    [("strateg", "strategy"), ("model_server_worker", "model_server_workers"), ("platform_", None)],
)
def test_a_misspelt_argument(
    aws: FakeSageMaker, trained: Callable[..., RLEstimator], given: str, nearest: str | None
) -> None:
    """It is told before anything is made, with the nearest of both kinds."""
    training = trained()
    model = training.create_model()
    told = f"no argument {given!r}." + (f" Did you mean {nearest!r}" if nearest else "")

    with pytest.raises(UnknownArgument, match=told):
        training.transformer(1, "ml.m4.xlarge", **{given: 1})
    with pytest.raises(UnknownArgument, match=f"no argument {given!r}"):
        transformer.make(model, 1, "ml.m4.xlarge", **{given: 1})

    assert "CreateModel" not in aws.operations()


def test_the_strategy_in_third_place(trained: Callable[..., RLEstimator]) -> None:
    """As in the original."""
    assert "MultiRecord" == trained().transformer(1, "ml.m4.xlarge", "MultiRecord").strategy


def test_a_job(
    aws: FakeSageMaker,
    made: Transformer,
    clock: ManualClock,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is named after the model's image, its output goes to a folder of its own."""
    made.transform("s3://b/in", content_type="text/csv", split_type="Line")
    found = job_of(aws, made)
    name = found["TransformJobName"]

    assert name.startswith("sagemaker-mxnet-20")
    assert f"s3://{BUCKET}/{name}" == found["TransformOutput"]["S3OutputPath"] == made.output_path
    assert "Completed" == found["TransformJobStatus"]
    assert ("text/csv", "Line") == tuple(
        found["TransformInput"][each] for each in ("ContentType", "SplitType")
    )
    made.transform("s3://b/in", job_name="second", wait=False)
    assert f"s3://{BUCKET}/second" == made.output_path
    assert made.latest_transform_job is not None
    status = made.latest_transform_job.wait(logs=False, clock=clock, sleep=clock.advance)
    made.wait(logs=False)
    assert (JobState.SUCCEEDED, made.output_path) == (status.state, status.output_data)
    assert "second" == made.latest_transform_job.job_name
    assert "" == capsys.readouterr().out
    groups = {
        call.request["logGroupName"] for call in aws.calls if call.operation == "DescribeLogStreams"
    }
    assert {"/aws/sagemaker/TransformJobs"} == groups


def test_a_place_that_was_chosen(aws: FakeSageMaker, made: Transformer) -> None:
    """It is that of every job; no bucket is made."""
    made.output_path = "s3://b/out"
    for name in ("one", "two"):
        made.transform("s3://b/in", job_name=name)
        assert "s3://b/out" == job_of(aws, made)["TransformOutput"]["S3OutputPath"]


def test_a_job_that_fails(aws: FakeSageMaker, made: Transformer) -> None:
    """The service's reason is the error's, and the words are the original's."""
    aws.script_transform(None, TransformScript(starting=0.0, failure_reason="bad record"))
    with pytest.raises(
        TransformFailed, match="Transform job .*: Failed. Reason: bad record"
    ) as raised:
        made.transform("s3://b/in")

    assert made.latest_transform_job is not None
    assert (made.latest_transform_job.name, "Failed") == (
        raised.value.job_name,
        raised.value.actual_status,
    )


def test_stopping(made: Transformer) -> None:
    """A job that was stopped is no failure; one that has ended stays as it is."""
    made.transform("s3://b/in", wait=False)
    made.stop_transform_job()
    assert made.latest_transform_job is not None
    assert JobState.STOPPED is made.latest_transform_job.status().state
    made.stop_transform_job(wait=False)


def test_coming_back(aws: FakeSageMaker, made: Transformer, session: Session) -> None:
    """Any process finds a job by its name, with the settings of what started it."""
    made.accept, made.env, made.tags = "text/csv", {"X": "1"}, {"t": "1"}
    made.max_payload, made.output_path = 6, "s3://b/out"
    made.transform("s3://b/in", wait=False)
    assert made.latest_transform_job is not None
    name = made.latest_transform_job.name
    found = Transformer.attach(name, sagemaker_session=session)

    same = ("model_name", "instance_type", "accept", "env", "max_payload", "output_path")
    assert [getattr(made, each) for each in same] == [getattr(found, each) for each in same]
    assert ([{"Key": "t", "Value": "1"}], "sagemaker-mxnet") == (
        found.tags,
        found.base_transform_job_name,
    )
    found.wait()
    assert "Completed" == job_of(aws, found)["TransformJobStatus"]
    with pytest.raises(JobNotFound, match="no transform job 'nobody'"):
        Transformer.attach("nobody", sagemaker_session=session)


def test_the_model_goes(aws: FakeSageMaker, made: Transformer) -> None:
    """It is deleted apart; twice is once."""
    made.delete_model()
    made.delete_model()
    assert ["DeleteModel"] * 2 == [each for each in aws.operations() if each == "DeleteModel"]


@pytest.mark.parametrize("fault", [Fault.lost(), Fault.partial(), Fault.reset(), Fault.internal()])
def test_answers_that_are_lost(aws: FakeSageMaker, made: Transformer, fault: Fault) -> None:
    """One job comes of it."""
    aws.fail("CreateTransformJob", fault)
    made.transform("s3://b/in", job_name="once")

    assert "Completed" == job_of(aws, made)["TransformJobStatus"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"data": "in.csv"}, "data must be an s3:// address for SageMaker; 'in.csv'"),
        ({"data_type": "Folder"}, "S3DataType is 'Folder'"),
        ({"split_type": "Word"}, "SplitType is 'Word'"),
        ({"job_name": "a b"}, "'a b' is not a job name"),
    ],
)
def test_what_is_refused(
    aws: FakeSageMaker, made: Transformer, given: dict[str, Any], words: str
) -> None:
    """Before a bucket is made, or a job."""
    before = aws.operations()
    with pytest.raises(InvalidArgument) as raised:
        made.transform(**{"data": "s3://b/in", **given})

    assert words in str(raised.value)
    assert {"DescribeModel"} >= set(aws.operations()[len(before) :])
    with pytest.raises(JobNotStarted, match="No transform job available"):
        made.wait()


def test_a_name_that_is_taken(made: Transformer) -> None:
    """It is refused; the first job stays the latest."""
    made.transform("s3://b/in", job_name="once")
    with pytest.raises(JobExists, match="transform job 'once' on SageMaker already"):
        made.transform("s3://b/in", job_name="once")


def test_a_name_for_the_model(aws: FakeSageMaker, trained: Callable[..., RLEstimator]) -> None:
    """The same model is used again, another of its name is not; what is wrong is told before."""
    model = trained().create_model(model_server_workers=2)
    for _ in range(2):
        assert "mine" == transformer.make(model, 1, "ml.m4.xlarge", "mine").model_name
    found = aws.session().client("sagemaker").describe_model(ModelName="mine")
    workers = found["PrimaryContainer"]["Environment"]["SAGEMAKER_MODEL_SERVER_WORKERS"]
    assert "2" == workers
    with pytest.raises(InvalidArgument, match="'mine' that differs in"):
        transformer.make(trained(job="other").create_model(), 1, "ml.m4.xlarge", "mine")
    with pytest.raises(InvalidArgument, match="'a b' is not the name of a model"):
        transformer.make(model, 1, "ml.m4.xlarge", "a b")


def test_places_without_transforms(trained: Callable[..., RLEstimator]) -> None:
    """This machine says what there is instead."""
    model = trained().create_model()
    with pytest.raises(PlatformError, match=r"'local' runs no batch transforms.*'ml.m5.large'"):
        transformer.make(model, 1, "local")


def test_every_state_of_the_service_is_known() -> None:
    """The table names all that the service's model has."""
    shapes = Loader().load_service_model("sagemaker", "service-2")["shapes"]

    assert set(shapes["TransformJobStatus"]["enum"]) == set(transforms.STATES)

"""Jobs and endpoints of the fake that run for real, seen by real clients."""

from __future__ import annotations

import io
import json
import os
import sys
import tarfile
import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from toy_toolkit import install

from rlcore.platforms.local.platform import LocalPlatform
from rlcore.registry import default_registry
from rlcore.testing import FakeSageMaker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BUCKET = "bucket"
GROUP = "/aws/sagemaker/TrainingJobs"
ROLE = "arn:aws:iam::123456789012:role/MyRole"
TAGS = [
    {"Key": "rlcore:toolkit", "Value": "toy"},
    {"Key": "rlcore:toolkit_version", "Value": "1.0"},
]
TRAIN = """
import os, sys, time

print("reward=%s" % os.environ["SM_HP_REWARD"])
print("data=%s" % sorted(os.listdir(os.environ["SM_CHANNEL_TRAINING"])))
sys.stdout.flush()
for folder, name in (("SM_MODEL_DIR", "factor"), ("SM_OUTPUT_DATA_DIR", "result.txt")):
    with open(os.path.join(os.environ[folder], name), "w") as file:
        file.write("3")
time.sleep(float(os.environ["SM_HP_PAUSE"]))
sys.exit(int(os.environ["SM_HP_CODE"]))
"""
SERVE = """
import json, os

def model_fn(folder):
    with open(os.path.join(folder, "factor")) as file:
        return float(file.read())

def transform_fn(factor, body, content_type, accept):
    return json.dumps([factor * each for each in json.loads(body)]), accept
"""


def packed(files: dict[str, str]) -> bytes:
    """Return an archive that holds texts."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have the toy toolkit installed."""
    path = install(tmp_path_factory.mktemp("toy"))
    with pytest.MonkeyPatch.context() as patch:
        for folder in path:
            patch.syspath_prepend(folder)
        default_registry.cache_clear()
        yield
    default_registry.cache_clear()
    sys.modules.pop("toy_toolkit", None)


@pytest.fixture(scope="module")
def aws(toy: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeSageMaker]:
    """Run a fake whose jobs run for real."""
    del toy
    platform = LocalPlatform(home=tmp_path_factory.mktemp("home"), grace=5.0)
    with FakeSageMaker(real=platform) as running:
        s3 = running.session().client("s3")
        s3.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
        )
        s3.put_object(Bucket=BUCKET, Key="code.tar.gz", Body=packed({"train.py": TRAIN}))
        s3.put_object(Bucket=BUCKET, Key="data/a.csv", Body=b"1")
        yield running


@pytest.fixture(scope="module")
def sagemaker(aws: FakeSageMaker) -> Any:
    """Return a client of SageMaker."""
    return aws.session().client("sagemaker")


@pytest.fixture
def start(sagemaker: Any, job: Callable[..., dict[str, Any]]) -> Callable[..., None]:
    """Return what starts a job of the toy toolkit."""

    def make(name: str, *, pause: float = 0, code: int = 0, **fields: Any) -> None:
        source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/data"}
        metrics = [{"Name": "reward", "Regex": "reward=([0-9.]+)"}]
        given: dict[str, Any] = {
            "AlgorithmSpecification": {
                "TrainingImage": "host/toy:1.0",
                "TrainingInputMode": "File",
                "MetricDefinitions": metrics,
            },
            "HyperParameters": {
                "reward": "2.5",
                "pause": json.dumps(pause),
                "code": json.dumps(code),
                "sagemaker_program": '"train.py"',
                "sagemaker_submit_directory": f'"s3://{BUCKET}/code.tar.gz"',
            },
            "InputDataConfig": [
                {"ChannelName": "training", "DataSource": {"S3DataSource": source}}
            ],
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/out"},
            "Tags": TAGS,
        }
        sagemaker.create_training_job(**{**job(name), **given, **fields})

    return make


def wait_for(condition: Callable[[], Any], patience: float = 60.0) -> Any:
    """Return what the condition returns once it is true."""
    deadline = time.monotonic() + patience
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.02)


def ended(sagemaker: Any, name: str) -> dict[str, Any]:
    """Wait for the end of a job and return its description."""

    def look() -> dict[str, Any]:
        found: dict[str, Any] = sagemaker.describe_training_job(TrainingJobName=name)
        return found if found["TrainingJobStatus"] in {"Completed", "Failed", "Stopped"} else {}

    found: dict[str, Any] = wait_for(look)
    return found


def test_a_job_that_completes(
    aws: FakeSageMaker, sagemaker: Any, start: Callable[..., None], tmp_path: Path
) -> None:
    """Its script runs here: data comes in, lines, metrics and artefacts come out."""
    start("good")

    found = ended(sagemaker, "good")

    assert ("Completed", "Completed") == (found["TrainingJobStatus"], found["SecondaryStatus"])
    assert ["Starting", "Downloading", "Training", "Uploading", "Completed"] == [
        each["Status"] for each in found["SecondaryStatusTransitions"]
    ]
    assert 2.5 == found["FinalMetricDataList"][0]["Value"]
    logs = aws.session().client("logs")
    (stream,) = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix="good/")[
        "logStreams"
    ]
    events = logs.get_log_events(
        logGroupName=GROUP, logStreamName=stream["logStreamName"], startFromHead=True
    )["events"]
    lines = [event["message"] for event in events]
    assert {"reward=2.5", "data=['a.csv']"} <= set(lines)
    s3 = aws.session().client("s3")
    for uri, name in (
        (found["ModelArtifacts"]["S3ModelArtifacts"], "factor"),
        (f"s3://{BUCKET}/out/good/output/output.tar.gz", "result.txt"),
    ):
        path = tmp_path / "archive.tar.gz"
        s3.download_file(BUCKET, uri.removeprefix(f"s3://{BUCKET}/"), str(path))
        with tarfile.open(path) as archive:
            assert name in archive.getnames()


def test_a_job_that_fails(sagemaker: Any, start: Callable[..., None]) -> None:
    """A script that ends with an error fails the job, which has the reason."""
    start("bad", code=3)

    found = ended(sagemaker, "bad")

    assert "Failed" == found["TrainingJobStatus"]
    assert "ExitCode 3" in found["FailureReason"]


@pytest.mark.parametrize(
    ("name", "fields", "reason"),
    [
        ("no-toolkit", {"Tags": []}, "No toolkit that is installed runs the image host/toy:1.0"),
        (
            "two-hosts",
            {
                "ResourceConfig": {
                    "InstanceCount": 2,
                    "InstanceType": "ml.m5.large",
                    "VolumeSizeInGB": 1,
                }
            },
            "one host",
        ),
        ("no-source", {"HyperParameters": {"sagemaker_submit_directory": '"s3://b/x"'}}, "404"),
    ],
)
def test_jobs_that_cannot_run_here(
    sagemaker: Any, start: Callable[..., None], name: str, fields: dict[str, Any], reason: str
) -> None:
    """They fail, and say why."""
    start(name, **fields)

    found = ended(sagemaker, name)

    assert "Failed" == found["TrainingJobStatus"]
    assert reason in found["FailureReason"]


def test_a_job_that_is_stopped(sagemaker: Any, start: Callable[..., None]) -> None:
    """Its script is ended, and what it has left is sent."""
    start("long", pause=100)

    def trains() -> bool:
        found = sagemaker.describe_training_job(TrainingJobName="long")
        return "FinalMetricDataList" in found

    wait_for(trains)
    sagemaker.stop_training_job(TrainingJobName="long")

    found = ended(sagemaker, "long")
    assert ("Stopped", "Stopped") == (found["TrainingJobStatus"], found["SecondaryStatus"])
    assert "ModelArtifacts" in found


def test_a_job_that_runs_too_long(sagemaker: Any, start: Callable[..., None]) -> None:
    """It is stopped by its own limit."""
    start("slow", pause=100, StoppingCondition={"MaxRuntimeInSeconds": 1})

    found = ended(sagemaker, "slow")

    assert "MaxRuntimeExceeded" == found["SecondaryStatus"]


def test_an_endpoint(aws: FakeSageMaker, sagemaker: Any) -> None:
    """The model is served here, by its own code; errors are the model's, and the end is an end."""
    s3 = aws.session().client("s3")
    s3.put_object(Bucket=BUCKET, Key="model.tar.gz", Body=packed({"factor": "3"}))
    s3.put_object(Bucket=BUCKET, Key="serve.tar.gz", Body=packed({"serve.py": SERVE}))
    container = {
        "Image": "host/toy:1.0",
        "ModelDataUrl": f"s3://{BUCKET}/model.tar.gz",
        "Environment": {
            "SAGEMAKER_PROGRAM": "serve.py",
            "SAGEMAKER_SUBMIT_DIRECTORY": f"s3://{BUCKET}/serve.tar.gz",
        },
    }
    endpoint(sagemaker, "served", container, TAGS)
    assert "InService" == wait_for(lambda: left_creating(sagemaker, "served"))
    runtime = aws.session().client("sagemaker-runtime")

    answer = runtime.invoke_endpoint(
        EndpointName="served", Body=b"[1, 2]", ContentType="application/json"
    )

    assert [3.0, 6.0] == json.loads(answer["Body"].read())
    with pytest.raises(runtime.exceptions.ModelError, match="from primary"):
        runtime.invoke_endpoint(EndpointName="served", Body=b"{", ContentType="application/json")
    sagemaker.delete_endpoint(EndpointName="served")
    with pytest.raises(ClientError, match="Endpoint served of account 123456789012 not found"):
        runtime.invoke_endpoint(EndpointName="served", Body=b"[1]")


def test_an_endpoint_that_cannot_serve_here(sagemaker: Any) -> None:
    """It fails, and says why."""
    container = {"Image": "host/other:1.0", "ModelDataUrl": f"s3://{BUCKET}/model.tar.gz"}
    endpoint(sagemaker, "stranger", container, [])

    assert "Failed" == wait_for(lambda: left_creating(sagemaker, "stranger"))

    found = sagemaker.describe_endpoint(EndpointName="stranger")
    assert "No toolkit that is installed serves the image host/other:1.0" in found["FailureReason"]


def test_the_end_is_the_end_of_all(
    toy: None, job: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    """When the fake ends, what ran for it has ended too."""
    del toy
    platform = LocalPlatform(home=tmp_path, grace=5.0)
    mark = tmp_path / "pid"
    script = f"import os, time\nopen({str(mark)!r}, 'w').write(str(os.getpid()))\ntime.sleep(100)"
    with FakeSageMaker(real=platform) as running:
        s3 = running.session().client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="code.tar.gz", Body=packed({"train.py": script}))
        hyperparameters = {
            "sagemaker_program": '"train.py"',
            "sagemaker_submit_directory": f'"s3://{BUCKET}/code.tar.gz"',
        }
        client = running.session().client("sagemaker")
        request = job("left", HyperParameters=hyperparameters, Tags=TAGS)
        request["OutputDataConfig"]["S3OutputPath"] = f"s3://{BUCKET}/out"
        client.create_training_job(**request)
        wait_for(lambda: mark.exists() and mark.read_text())

    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)


def endpoint(
    sagemaker: Any, name: str, container: dict[str, Any], tags: list[dict[str, str]]
) -> None:
    """Make an endpoint of a container."""
    sagemaker.create_model(
        ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container, Tags=tags
    )
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": name,
        "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.large",
    }
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)


def left_creating(sagemaker: Any, name: str) -> str:
    """Return the status of an endpoint that is no longer being created."""
    found = str(sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"])
    return "" if found == "Creating" else found

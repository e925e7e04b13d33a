"""Endpoints of the service, over HTTP against the fake: the original's requests, and their life."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from botocore.loaders import Loader

from rlcore import (
    FrameworkModel,
    Hosting,
    Model,
    MXNetPredictor,
    Predictor,
    RLEstimator,
    TensorFlowPredictor,
)
from rlcore.endpoints import ModelRequest
from rlcore.errors import (
    EndpointExists,
    EndpointFailed,
    EndpointNotFound,
    InvalidArgument,
    InvocationFailed,
    JobNotStarted,
    MissingArgument,
    PlatformError,
    StorageError,
)
from rlcore.platforms.base import HostingPlatform
from rlcore.platforms.sagemaker import endpointstates, hosting
from rlcore.platforms.sagemaker.platform import SageMakerPlatform
from rlcore.platforms.sagemaker.session import AwsSession
from rlcore.testing import EndpointScript, FakeSageMaker, Fault, ManualClock
from rlscript import Turn

if TYPE_CHECKING:
    from collections.abc import Callable

ORIGINAL = json.loads(Path(__file__).with_name("original.json").read_text("utf-8"))
ACCOUNT = "123456789012"
BUCKET = f"sagemaker-us-west-2-{ACCOUNT}"
COACH_MXNET = {"toolkit": "coach", "toolkit_version": "0.11.0", "framework": "mxnet"}
COACH_TF = {**COACH_MXNET, "toolkit_version": "0.11.1", "framework": "tensorflow"}
RAY = {"toolkit": "ray", "toolkit_version": "2.60.0", "framework": "pytorch"}
IMAGE = {
    "image_uri": "123456789012.dkr.ecr.us-west-2.amazonaws.com/my-img:1.0",
    **dict.fromkeys(("toolkit", "toolkit_version", "framework")),
}
COMMON = {
    "instance_count": 1,
    "instance_type": "ml.m4.xlarge",
    "subnets": ["s1"],
    "security_group_ids": ["g1"],
    "tags": [{"Key": "t", "Value": "1"}],
}
# Name of the scenario -> what trained, arguments of deploy.
DEPLOYED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "deploy_coach_mxnet": (COACH_MXNET, {}),
    "deploy_coach_mxnet_eia": (COACH_MXNET, {"accelerator_type": "ml.eia1.medium"}),
    "deploy_coach_mxnet_entry_point": (COACH_MXNET, {"entry_point": "serve.py"}),
    "deploy_coach_mxnet_entry_point_source_dir": (
        COACH_MXNET,
        {"entry_point": "train-coach.py", "source_dir": "src_dir"},
    ),
    "deploy_coach_tf": (COACH_TF, {}),
    "deploy_coach_tf_eia": (COACH_TF, {"accelerator_type": "ml.eia1.medium"}),
    "deploy_coach_tf_entry_point": (COACH_TF, {"entry_point": "serve.py"}),
    "deploy_coach_tf_gpu_env_kwarg": (
        COACH_TF,
        {
            "initial_instance_count": 2,
            "instance_type": "ml.p3.2xlarge",
            "model_name": "mn",
            "endpoint_name": "en",
            "kms_key": "ek",
        },
    ),
    "deploy_custom_image": (IMAGE, {}),
}
# Name of the scenario -> our error, in the original's words.
REFUSED = {
    "deploy_without_fit": JobNotStarted,
    "deploy_source_dir_without_entry_point": MissingArgument,
}
# Deployed here: see `test_a_classic_ray_policy`.
OVERRULED = {"deploy_ray"}
PREDICTORS = {"mxnet": MXNetPredictor, "tensorflow": TensorFlowPredictor, None: Predictor}


@pytest.fixture
def trained(
    aws: FakeSageMaker, estimator: Callable[..., RLEstimator], clock: ManualClock
) -> Callable[..., RLEstimator]:
    """Return what trains to the end."""
    del aws

    def train(job_name: str = "job", **given: Any) -> RLEstimator:
        training = estimator(**{**RAY, **COMMON, **given})
        training.fit(wait=False, job_name=job_name)
        clock.advance(1000)
        return training

    return train


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch, aws: FakeSageMaker) -> None:
    """Let endpoints be in service at once."""
    del monkeypatch
    aws.script_endpoint(None, EndpointScript(creating=0.0))


def hosting_by(training: RLEstimator) -> Hosting:
    """Return the hosting of where an estimator has trained."""
    place = training.jobs[-1].platform
    assert isinstance(place, HostingPlatform)
    return place.hosting


def requests_of(aws: FakeSageMaker, name: str) -> dict[str, Any]:
    """Return what was created under the names of an endpoint."""
    client = aws.session().client("sagemaker")
    endpoint = client.describe_endpoint(EndpointName=name)
    configuration = client.describe_endpoint_config(EndpointConfigName=name)
    model = client.describe_model(ModelName=configuration["ProductionVariants"][0]["ModelName"])
    return {"endpoint": endpoint, "configuration": configuration, "model": model}


def without(found: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return a description without what the service adds."""
    added = {"ResponseMetadata", "CreationTime", "LastModifiedTime", *names}
    return {name: value for name, value in found.items() if name not in added}


@pytest.mark.filterwarnings("ignore:Elastic Inference", "ignore:The server of SavedModels runs no")
@pytest.mark.parametrize("name", DEPLOYED)
def test_the_originals_requests(
    aws: FakeSageMaker,
    trained: Callable[..., RLEstimator],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """Model, configuration and endpoint are the same, but for the tags that are ours."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src_dir").mkdir()
    (tmp_path / "src_dir" / "train-coach.py").write_text("")
    (tmp_path / "src" / "serve.py").write_text("")
    created = ORIGINAL[name]["requests"]
    job = next(
        part for part in created["create_model"]["PrimaryContainer"]["ModelDataUrl"].split("/")[3:]
    )
    given, deploy = DEPLOYED[name]
    training = trained(job, **given)
    deploy = {"initial_instance_count": 1, "instance_type": "ml.m4.xlarge", **deploy}
    if deploy.get("entry_point") == "serve.py":  # lies beside the training script, as there
        deploy["source_dir"] = training.jobs[-1].platform.recover(job).source_uri
    predictor = training.deploy(**deploy)

    assert PREDICTORS[given["framework"]] is type(predictor)
    found = requests_of(aws, predictor.endpoint_name)
    expected = json.loads(json.dumps(created).replace("111122223333", ACCOUNT))
    if name.endswith("entry_point") and "mxnet" in name:
        environment = expected["create_model"]["PrimaryContainer"]["Environment"]
        environment["SAGEMAKER_PROGRAM"] = "serve.py"
    for operation, part in (
        ("create_model", without(found["model"], "ModelArn")),
        ("create_endpoint_config", without(found["configuration"], "EndpointConfigArn")),
        ("create_endpoint", without(found["endpoint"], "EndpointArn", "EndpointStatus")),
    ):
        expected[operation].pop("Tags")
        assert expected[operation] == part
    tags = aws.session().client("sagemaker").list_tags(ResourceArn=found["model"]["ModelArn"])
    assert [{"Key": "t", "Value": "1"}] == [
        tag for tag in tags["Tags"] if not tag["Key"].startswith("rlcore:")
    ]


def test_what_the_original_refused(trained: Callable[..., RLEstimator], estimator: Any) -> None:
    """The same builtin errors, in the same words."""
    asked: dict[str, Callable[[], Any]] = {
        "deploy_without_fit": lambda: estimator(**COMMON).deploy(1, "ml.m5.large"),
        "deploy_source_dir_without_entry_point": lambda: trained().deploy(
            1, "ml.m5.large", source_dir="x"
        ),
    }
    for name, error in REFUSED.items():
        message = ORIGINAL[name]["result"].partition(": ")[2]
        with pytest.raises(error) as raised:
            asked[name]()
        assert message in str(raised.value)


def test_every_scenario_has_its_place() -> None:
    """All that the original deployed, or refused to, is compared here."""
    there = {name for name in ORIGINAL if name.startswith("deploy_")}
    assert there == {*DEPLOYED, *REFUSED, *OVERRULED}


def test_a_classic_ray_policy(aws: FakeSageMaker, trained: Callable[..., RLEstimator]) -> None:
    """What the original refused is served as the SavedModels of its framework are."""
    training = trained(toolkit_version="0.6.5", framework="tensorflow")

    predictor = training.deploy(1, "ml.m5.large", endpoint_name="classic")

    calls = [call for call in aws.calls if call.operation == "CreateModel"]
    container = calls[0].request["PrimaryContainer"]
    assert TensorFlowPredictor is type(predictor)
    assert container["Image"].endswith("/sagemaker-tensorflow-serving:1.12-cpu")
    assert {"SAGEMAKER_TFS_NGINX_LOGLEVEL": "info"} == container["Environment"]


def test_a_ray_policy(aws: FakeSageMaker, trained: Callable[..., RLEstimator]) -> None:
    """What the original never had: deployed, asked, deleted, with nothing left."""
    training = trained()

    def answer(body: bytes, headers: Any) -> bytes:
        assert {"observation": [1, 2], "deterministic": True} == json.loads(body)
        assert "application/json" == headers["Content-Type"]
        return b'{"action": 1}'

    aws.answer("job", answer)
    predictor = training.deploy(1, "ml.m5.large")
    assert 1 == predictor.act([1, 2])
    container = requests_of(aws, "job")["model"]["PrimaryContainer"]
    assert container["Image"].endswith("/pytorch-inference:2.6.0-cpu-py312")
    assert ("inference.py", "/opt/ml/model/code") == (
        container["Environment"]["SAGEMAKER_PROGRAM"],
        container["Environment"]["SAGEMAKER_SUBMIT_DIRECTORY"],
    )
    status = predictor.status()
    assert f"s3://{BUCKET}/job/output/model.tar.gz" == status.model_data
    assert "ray 2.60.0 (pytorch)" == status.release

    predictor.delete_endpoint()
    predictor.delete_model()
    left = [operation for operation in aws.operations() if operation.startswith("Delete")]
    assert ["DeleteEndpoint", "DeleteEndpointConfig", "DeleteModel"] == left


def test_a_second_endpoint(aws: FakeSageMaker, trained: Callable[..., RLEstimator]) -> None:
    """It gets a name of its own; the model is used again."""
    training = trained()
    first, second = training.deploy(1, "ml.m5.large"), training.deploy(1, "ml.m5.large")

    assert ("job", True) == (first.endpoint_name, second.endpoint_name.startswith("job-20"))
    with pytest.raises(EndpointExists, match="'job' on SageMaker already"):
        training.deploy(1, "ml.m5.large", endpoint_name="job")
    listed = first.hosting.endpoints()
    assert {first.endpoint_name, second.endpoint_name} == {status.name for status in listed}
    assert 2 == aws.operations().count("CreateEndpoint")


def test_another_model_of_the_name(trained: Callable[..., RLEstimator]) -> None:
    """What is there and differs is not taken for ours."""
    training = trained()
    training.deploy(1, "ml.m5.large")
    with pytest.raises(InvalidArgument, match="'job' that differs in PrimaryContainer"):
        training.deploy(1, "ml.m5.large", env={"A": "b"}, endpoint_name="other")


def test_a_model_of_this_machine(
    aws: FakeSageMaker, session: Any, tmp_path: Path, clock: ManualClock
) -> None:
    """An archive that was trained here is sent, with the code that is to serve it."""
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.addfile(tarfile.TarInfo("weights"), io.BytesIO())
    (tmp_path / "serve.py").write_text("def model_fn(folder): ...")
    model = Model.from_archive(
        archive,
        **RAY,
        role="MyRole",
        name="mine",
        entry_point=str(tmp_path / "serve.py"),
        platform=None,
        sagemaker_session=session,
    )
    clock.advance(1)
    model.deploy(1, "ml.m5.large")

    client = aws.session().client("s3")
    body = client.get_object(Bucket=BUCKET, Key="mine/model.tar.gz")["Body"].read()
    assert archive.read_bytes() == body
    code = client.get_object(Bucket=BUCKET, Key="mine/sourcedir.tar.gz")["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(code)) as packed:
        assert ["serve.py"] == packed.getnames()


def test_everything_that_a_configuration_has(
    aws: FakeSageMaker, trained: Callable[..., RLEstimator]
) -> None:
    """Each argument is in its field; overrides reach the rest."""
    trained().deploy(
        1,
        "ml.m5.large",
        volume_size=40,
        model_data_download_timeout=600,
        container_startup_health_check_timeout=300,
        data_capture_config={
            "EnableCapture": True,
            "InitialSamplingPercentage": 10,
            "DestinationS3Uri": "s3://b/",
            "CaptureOptions": [{"CaptureMode": "Input"}],
        },
        model_server_workers=2,
        enable_network_isolation=True,
        vpc_config_override=None,
        request_overrides={"CreateEndpointConfig": {"ExecutionRoleArn": None, "KmsKeyId": "k"}},
    )
    found = requests_of(aws, "job")
    (variant,) = found["configuration"]["ProductionVariants"]

    assert (40, 600, 300) == (
        variant["VolumeSizeInGB"],
        variant["ModelDataDownloadTimeoutInSeconds"],
        variant["ContainerStartupHealthCheckTimeoutInSeconds"],
    )
    assert "k" == found["configuration"]["KmsKeyId"]
    assert found["configuration"]["DataCaptureConfig"]["EnableCapture"]
    assert found["model"]["EnableNetworkIsolation"]
    assert "VpcConfig" not in found["model"]
    environment = found["model"]["PrimaryContainer"]["Environment"]
    assert "2" == environment["SAGEMAKER_MODEL_SERVER_WORKERS"]


def test_without_hosts(aws: FakeSageMaker, trained: Callable[..., RLEstimator]) -> None:
    """A serverless endpoint has memory and concurrency in the place of hosts."""
    config = {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
    trained().deploy(1, "ml.m5.large", serverless_inference_config=config)
    (variant,) = requests_of(aws, "job")["configuration"]["ProductionVariants"]

    assert config == variant["ServerlessConfig"]
    assert not {"InstanceType", "InitialInstanceCount"} & set(variant)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"instance_type": "m5.large", "platform": "sagemaker"}, InvalidArgument, "'ml.m5.large'"),
        ({"endpoint_name": "a b"}, InvalidArgument, "'a b'"),
        ({"model_name": "x" * 64}, InvalidArgument, "at most 63 characters"),
        ({"volume_size": 9999}, InvalidArgument, "VolumeSizeInGB is 9999"),
        ({"request_overrides": {"CreateModle": {}}}, InvalidArgument, "'CreateModel'"),
        ({"env": {"1": "x"}}, InvalidArgument, "PrimaryContainer.Environment['1']"),
    ],
)
def test_what_is_refused(
    aws: FakeSageMaker,
    trained: Callable[..., RLEstimator],
    given: dict[str, Any],
    error: type[Exception],
    words: str,
) -> None:
    """Before anything is made."""
    training = trained()
    with pytest.raises(error) as raised:
        training.deploy(**{"initial_instance_count": 1, "instance_type": "ml.m5.large", **given})

    assert words in str(raised.value)
    assert not [name for name in aws.operations() if name in {"CreateModel", "CreateEndpoint"}]


def test_a_model_that_is_gone(session: Any) -> None:
    """It is told before anything is made."""
    request = ModelRequest(
        release=None,
        image_uri="my:1",
        model_data="file:///no/such/model.tar.gz",
        role="MyRole",
        options={"sagemaker_session": session},
    )
    model = FrameworkModel(request)
    with pytest.raises(StorageError, match="neither in S3 nor on this machine"):
        model.deploy(1, "ml.m5.large")


def test_what_only_this_machine_has(trained: Callable[..., RLEstimator]) -> None:
    """Arguments of local endpoints are told to be of no effect."""
    with pytest.warns(UserWarning, match="Of no effect on SageMaker: port, strict"):
        trained().deploy(1, "ml.m5.large", port=8080, strict=True)


def test_an_endpoint_that_fails(aws: FakeSageMaker, trained: Callable[..., RLEstimator]) -> None:
    """The service's reason is the error's."""
    aws.script_endpoint(None, EndpointScript(creating=0.0, failure_reason="no capacity"))
    with pytest.raises(EndpointFailed, match="Failed. Reason: no capacity"):
        trained().deploy(1, "ml.m5.large")


def test_an_endpoint_that_is_made(
    aws: FakeSageMaker, trained: Callable[..., RLEstimator], clock: ManualClock
) -> None:
    """Until it is in service it says so."""
    aws.script_endpoint(None, EndpointScript(creating=100.0))
    predictor = trained().deploy(1, "ml.m5.large", wait=False)
    with pytest.raises(InvocationFailed, match="job is Creating, and answers when"):
        predictor.act([1])
    clock.advance(100)
    aws.answer("job", lambda *_: b'{"action": 2}')

    assert 2 == predictor.act([1])


def test_an_endpoint_that_is_made_is_not_deleted(
    aws: FakeSageMaker, trained: Callable[..., RLEstimator], clock: ManualClock
) -> None:
    """The service does not interrupt it; the error says when it can be deleted."""
    aws.script_endpoint(None, EndpointScript(creating=100.0))
    training = trained()
    training.deploy(1, "ml.m5.large", wait=False)
    with pytest.raises(PlatformError, match="is being created, .* costs money"):
        training.delete_endpoint()
    clock.advance(100)
    training.delete_endpoint()


def test_an_endpoint_that_may_be_there(
    aws: FakeSageMaker, trained: Callable[..., RLEstimator]
) -> None:
    """Nothing that it would need is deleted."""
    training = trained()
    aws.fail("CreateEndpoint", Fault.lost(), times=9)
    aws.fail("DescribeEndpoint", Fault.error("ValidationException", "Could not find endpoint"))
    aws.fail("DescribeEndpoint", Fault.access_denied(), times=9)
    with pytest.raises(PlatformError, match="look for 'job'.*'job', which was made for it, stays"):
        training.deploy(1, "ml.m5.large")

    assert not [name for name in aws.operations() if name.startswith("Delete")]


def test_predictors_that_cannot_be_made(
    aws: FakeSageMaker, trained: Callable[..., RLEstimator]
) -> None:
    """It is told before there is an endpoint."""
    with pytest.raises(InvalidArgument, match="predictor_cls must take"):
        trained().deploy(1, "ml.m5.large", predictor_cls=lambda name: name)
    assert "CreateEndpoint" not in aws.operations()


def test_an_endpoint_that_failed_can_be_deleted(
    aws: FakeSageMaker, trained: Callable[..., RLEstimator]
) -> None:
    """The estimator knows it, though waiting for it was in vain."""
    aws.script_endpoint(None, EndpointScript(creating=0.0, failure_reason="no capacity"))
    training = trained()
    with pytest.raises(EndpointFailed, match="rlcore delete job --platform sagemaker"):
        training.deploy(1, "ml.m5.large")
    training.delete_endpoint()

    assert "DeleteEndpoint" in aws.operations()


def test_errors_of_the_model(aws: FakeSageMaker, trained: Callable[..., RLEstimator]) -> None:
    """They have the model's own status and words."""
    predictor = trained().deploy(1, "ml.m5.large")
    aws.answer("job", lambda *_: (400, b'{"error": "3 numbers are wanted"}'))
    with pytest.raises(InvocationFailed, match="job answered 400: .*3 numbers") as raised:
        predictor.act([1, 2])

    assert 400 == raised.value.status


def test_endpoints_that_are_not_there(session: Any) -> None:
    """Every question is answered alike; a model that is gone is no error."""
    there = SageMakerPlatform(session).hosting
    for ask in (
        lambda: there.describe("nobody"),
        lambda: there.delete("nobody"),
        lambda: there.invoke("nobody", b"", content_type="text/csv", accept="*/*"),
    ):
        with pytest.raises(EndpointNotFound, match="no endpoint 'nobody'"):
            ask()
    with pytest.raises(EndpointNotFound, match="no endpoint 'nobody'"):
        there.delete_model("nobody")


def test_predict_by_the_services_methods(
    aws: FakeSageMaker, trained: Callable[..., RLEstimator]
) -> None:
    """TensorFlow Serving is asked in its own way."""
    seen = []

    def answer(body: bytes, headers: Any) -> bytes:
        seen.append((json.loads(body), headers.get("X-Amzn-SageMaker-Custom-Attributes")))
        return b'{"predictions": [[0.25, 0.75]]}'

    aws.answer("job", answer)
    predictor = trained(**COACH_TF).deploy(1, "ml.m5.large")
    assert isinstance(predictor, TensorFlowPredictor)
    assert {"predictions": [[0.25, 0.75]]} == predictor.predict({"instances": [[1.0]]})
    assert isinstance(predictor, TensorFlowPredictor)
    predictor.classify({"examples": [1]})

    assert [({"instances": [[1.0]]}, None), ({"examples": [1]}, "tfs-method=classify")] == seen


@pytest.mark.parametrize("failing", ["CreateModel", "CreateEndpointConfig", "CreateEndpoint"])
def test_half_made_endpoints(
    aws: FakeSageMaker, trained: Callable[..., RLEstimator], failing: str
) -> None:
    """What was made before a failure is deleted again; nothing costs money unseen."""
    training = trained()
    aws.fail(failing, Fault.access_denied())
    with pytest.raises(PlatformError, match=f"{failing} failed: AccessDenied"):
        training.deploy(1, "ml.m5.large")

    created = [name for name in aws.operations() if name.startswith("Create")]
    deleted = [name for name in aws.operations() if name.startswith("Delete")]
    made = created[created.index("CreateModel") : -1]
    assert [name.replace("Create", "Delete") for name in reversed(made)] == deleted


@pytest.mark.parametrize("fault", [Fault.lost(), Fault.partial(), Fault.reset(), Fault.internal()])
@pytest.mark.parametrize("operation", ["CreateModel", "CreateEndpointConfig", "CreateEndpoint"])
def test_answers_that_are_lost(
    aws: FakeSageMaker, trained: Callable[..., RLEstimator], operation: str, fault: Fault
) -> None:
    """One endpoint comes of it."""
    training = trained()
    aws.fail(operation, fault)
    predictor = training.deploy(1, "ml.m5.large")

    assert ["job"] == [status.name for status in predictor.hosting.endpoints()]
    assert "job" == predictor.endpoint_name


def test_every_state_of_the_service_is_known() -> None:
    """The table names all that the service's model has."""
    shapes = Loader().load_service_model("sagemaker", "service-2")["shapes"]

    assert set(shapes["EndpointStatus"]["enum"]) == set(endpointstates.STATES)


def test_own_images(aws: FakeSageMaker, trained: Callable[..., RLEstimator]) -> None:
    """`create_model` gives the model that `deploy` would."""
    model = trained(**IMAGE).create_model()

    assert FrameworkModel is type(model)
    model.deploy(1, "ml.m5.large")
    assert IMAGE["image_uri"] == requests_of(aws, "job")["model"]["PrimaryContainer"]["Image"]


def test_lists(aws: FakeSageMaker, trained: Callable[..., RLEstimator], clock: ManualClock) -> None:
    """Newest first, by the service's own list; one that failed is asked why."""
    training = trained()
    training.deploy(1, "ml.m5.large", endpoint_name="good")
    clock.advance(1)
    aws.script_endpoint("bad", EndpointScript(creating=0.0, failure_reason="no capacity"))
    training.deploy(1, "ml.m5.large", endpoint_name="bad", wait=False)
    clock.advance(1)
    aws.script_endpoint("slow", EndpointScript(creating=100.0))
    training.deploy(1, "ml.m5.large", endpoint_name="slow", wait=False)
    before = len(aws.calls)
    found = list(hosting_by(training).endpoints())

    assert [
        ("slow", "Creating", None),
        ("bad", "Failed", "no capacity"),
        ("good", "InService", None),
    ] == [(status.name, status.state.value, status.failure_reason) for status in found]
    assert ["ListEndpoints", "DescribeEndpoint"] == aws.operations()[before:]


def test_waiting_asks_little(aws: FakeSageMaker, trained: Callable[..., RLEstimator]) -> None:
    """What an endpoint serves is asked once, its state each time."""
    training = trained()
    predictor = training.deploy(1, "ml.m5.large")
    before = len(aws.calls)
    for _ in range(3):
        predictor.status()

    assert ["DescribeEndpoint"] * 3 == aws.operations()[before:]


def test_who_may_not_see_tags(aws: FakeSageMaker, trained: Callable[..., RLEstimator]) -> None:
    """The image stands for the release."""
    training = trained()
    training.deploy(1, "ml.m5.large", wait=False)
    aws.fail("ListTags", Fault.access_denied())
    status = hosting_by(training).describe("job")

    assert "pytorch-inference:2.6.0-cpu-py312" == status.release


def test_deleting_from_another_process(
    aws: FakeSageMaker, trained: Callable[..., RLEstimator]
) -> None:
    """The model is found by the endpoint, and is the endpoint's name where that is gone."""
    training = trained()
    training.deploy(1, "ml.m5.large", model_name="mine", endpoint_name="e")
    training.deploy(1, "ml.m5.large", model_name="e")
    hosting_by(training).delete_model("e")
    client = aws.session().client("sagemaker")
    with pytest.raises(client.exceptions.ClientError, match="Could not find model"):
        client.describe_model(ModelName="mine")
    there = hosting_by(training)
    there.delete("e")
    there.delete_model("e")  # deleted already: it was learned which one

    assert "e" == client.describe_model(ModelName="e")["ModelName"]


def test_requests_that_are_too_large(
    aws: FakeSageMaker, trained: Callable[..., RLEstimator]
) -> None:
    """They have the status by which batches are halved, whoever refuses them."""
    predictor = trained().deploy(1, "ml.m5.large")
    asked = []

    def answer(body: bytes, headers: Any) -> bytes | tuple[int, bytes]:
        del headers
        observations = json.loads(body)["observations"]
        asked.append(len(observations))
        if len(observations) > 1:
            return 413, b"too large"
        return json.dumps({"actions": [0] * len(observations)}).encode()

    aws.answer("job", answer)
    assert [(0, None)] * 2 == predictor.act_all([Turn(observation=[1.0])] * 2)
    assert [2, 1, 1] == asked


@pytest.mark.parametrize(
    ("code", "status"), [("413", 200), ("ValidationError", 413)], ids=["by its code", "by HTTP"]
)
def test_what_the_service_itself_finds_too_large(
    session: Any, aws: FakeSageMaker, code: str, status: int
) -> None:
    """It is the same error, without a look at the endpoint."""
    del aws
    told: Any = {
        "Error": {"Code": code, "Message": "HTTP content length exceeded"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    there = hosting.SageMakerHosting(AwsSession(session))
    with pytest.raises(InvocationFailed, match="larger than e takes: HTTP content") as raised:
        there._explain("e", ClientError(told, "InvokeEndpoint"))  # noqa: SLF001 - botocore's words

    assert 413 == raised.value.status


def test_other_code_under_the_name_of_a_model(
    aws: FakeSageMaker, session: Any, tmp_path: Path
) -> None:
    """What a live model's new hosts would read is never replaced."""
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.addfile(tarfile.TarInfo("weights"), io.BytesIO())
    script = tmp_path / "serve.py"

    def model(code: str) -> Model:
        script.write_text(code)
        given = {"role": "MyRole", "name": "mine", "sagemaker_session": session}
        return Model.from_archive(archive, **RAY, entry_point=str(script), platform=None, **given)

    model("A = 1").deploy(1, "ml.m5.large", endpoint_name="one")
    model("A = 1").deploy(1, "ml.m5.large", endpoint_name="two")
    client = aws.session().client("s3")
    sent = client.head_object(Bucket=BUCKET, Key="mine/sourcedir.tar.gz")["ETag"]
    with pytest.raises(InvalidArgument, match="'mine' that was made of another archive or other"):
        model("A = 2").deploy(1, "ml.m5.large", endpoint_name="three")

    assert sent == client.head_object(Bucket=BUCKET, Key="mine/sourcedir.tar.gz")["ETag"]


def test_acting_by_a_coach_policy(aws: FakeSageMaker, trained: Callable[..., RLEstimator]) -> None:
    """The network's own payload goes to the service; the greatest number is the action."""
    aws.answer("job", lambda *_: b'{"predictions": [[0.25, 0.75]]}')
    assert 1 == trained(**COACH_TF).deploy(1, "ml.m5.large").act([1.0, 2.0])
    aws.answer("mxnet", lambda *_: b"[[[1.5]], [[0.75, 0.25]]]")
    assert 0 == trained("mxnet", **COACH_MXNET).deploy(1, "ml.m5.large").act([1.0, 2.0])
    bodies = [call.request["Body"] for call in aws.calls if call.operation == "InvokeEndpoint"]
    assert [{"instances": [[1.0, 2.0]]}, [1.0, 2.0]] == list(map(json.loads, bodies))

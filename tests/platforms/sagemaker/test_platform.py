"""The whole life of a job, over HTTP against the fake: fit, watch, stop, attach, and faults."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from rlcore import RLEstimator
from rlcore.errors import (
    InvalidArgument,
    JobExists,
    JobNotFound,
    MissingArgument,
    PlatformError,
    ServiceError,
    TrainingFailed,
)
from rlcore.platforms.sagemaker import streams
from rlcore.platforms.sagemaker.platform import SageMakerPlatform
from rlcore.spec import JobState
from rlcore.testing import FakeSageMaker, Fault, JobScript, ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rlcore.training import TrainingJob

LINE = "rlcore step={} time=1.0 episode_return_mean={}"
LINES = tuple((float(n), 1 + n % 2, LINE.format(n, n / 2)) for n in range(100))
BUCKET = "sagemaker-us-west-2-123456789012"


@pytest.fixture(autouse=True)
def lines(aws: FakeSageMaker) -> None:
    """Let every job write a hundred lines, from two hosts in turns."""
    aws.script(None, JobScript(lines=LINES))


def test_a_whole_life(
    aws: FakeSageMaker, estimator: Callable[..., RLEstimator], capsys: Any
) -> None:
    """Trained, watched to its end, and all that it left is known."""
    training = estimator(output_path="s3://bucket/out", sagemaker_session=None)
    aws.session().client("s3").create_bucket(
        Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    training.fit("s3://bucket/data")

    job = training.jobs[-1]
    status = job.status()
    assert JobState.SUCCEEDED is status.state
    assert f"s3://bucket/out/{job.name}/output/model.tar.gz" == training.model_data
    assert (340, 340) == (status.training_seconds, status.billable_seconds)
    shown = capsys.readouterr()
    assert LINE.format(99, 49.5) in shown.out + shown.err
    assert 1 == aws.operations().count("CreateTrainingJob")


def test_every_line_of_every_host_once(started: Callable[..., TrainingJob]) -> None:
    """Merged by time, each with its host, and each change of state once."""
    job = started()
    events = list(job.logs(follow=True))

    lines = [event for event in events if event.host != "rlcore"]
    assert [text for _, _, text in LINES] == [event.message for event in lines]
    assert [f"algo-{host}" for _, host, _ in LINES] == [event.host for event in lines]
    own = [event.message.split(" - ")[0] for event in events if event.host == "rlcore"]
    assert [
        *("Starting", "Downloading", "Training", "Uploading", "Completed"),
        *("Training seconds: 680", "Billable seconds: 680"),
    ] == own
    assert lines == [event for event in job.logs() if event.host != "rlcore"]


def test_the_curve(started: Callable[..., TrainingJob]) -> None:
    """The lines' metrics make one curve."""
    job = started()
    for _ in job.logs(follow=True):
        pass
    series = job.curve().series("episode_return_mean")

    assert [(n, n / 2) for n in range(100)] == list(zip(series.steps, series.values, strict=True))


def test_the_curve_of_a_log_that_is_gone(
    aws: FakeSageMaker, started: Callable[..., TrainingJob]
) -> None:
    """CloudWatch has the metrics still: means over time, without steps."""
    job = started()
    for _ in job.logs(follow=True):
        pass
    aws.fail("DescribeLogStreams", Fault.error("ResourceNotFoundException"), times=5)
    series = job.curve().series("episode_return_mean")

    assert {None} == set(series.steps)
    assert (0.0, 49.5) <= (min(series.values), max(series.values))


def test_late_hosts_and_small_pages(
    aws: FakeSageMaker, started: Callable[..., TrainingJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that writes later is found; pages end where they end."""
    for name in ("_HELD", "_LEAST"):
        monkeypatch.setattr(streams, name, 7)
    aws.script(None, JobScript(lines=LINES, late={2: 150.0}))
    events = list(started().logs(follow=True))

    assert sorted(text for _, _, text in LINES) == sorted(
        event.message for event in events if event.host != "rlcore"
    )


def test_a_job_that_fails(aws: FakeSageMaker, estimator: Callable[..., RLEstimator]) -> None:
    """The reason and the last lines are in the error."""
    aws.script(
        None,
        JobScript(
            lines=((1.0, 1, "Traceback: boom"),),
            outcome="Failed",
            failure_reason="AlgorithmError: ExitCode 1",
        ),
    )
    with pytest.raises(TrainingFailed, match="AlgorithmError: ExitCode 1") as raised:
        estimator().fit()

    assert "Traceback: boom" in str(raised.value)
    assert "Failed" == raised.value.actual_status


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (JobScript(training=7200.0), "max_run was reached"),
        (JobScript(starting=9999.0), "max_wait was reached"),
        (JobScript(outcome="Interrupted"), "the spot instances were taken away"),
    ],
)
def test_jobs_that_were_stopped(
    aws: FakeSageMaker, estimator: Callable[..., RLEstimator], script: JobScript, reason: str
) -> None:
    """It is no failure, and no success in silence."""
    aws.script(None, script)
    spot = estimator(use_spot_instances=True, max_run=3600, max_wait=7200)
    with pytest.warns(UserWarning, match=reason):
        spot.fit()


def test_spot_savings(aws: FakeSageMaker, started: Callable[..., TrainingJob]) -> None:
    """They are told as the original told them."""
    aws.script(None, JobScript(billable=0.4))
    job = started(use_spot_instances=True, max_run=3600, max_wait=7200)

    messages = [event.message for event in job.logs(follow=True)]
    assert ["Billable seconds: 272", "Managed Spot Training savings: 60.0%"] == messages[-2:]


def test_stopping(
    aws: FakeSageMaker, started: Callable[..., TrainingJob], clock: ManualClock
) -> None:
    """A job is stopped once; what it saved is there."""
    job = started()
    clock.advance(200)
    job.stop()
    assert JobState.STOPPING is job.status().state
    clock.advance(200)
    status = job.status()
    assert (JobState.STOPPED, True) == (status.state, bool(status.model_data))
    job.stop()
    assert 2 == aws.operations().count("StopTrainingJob")


def test_names_that_nobody_has(aws: FakeSageMaker) -> None:
    """Every question about them is answered alike."""
    platform = SageMakerPlatform()
    for ask in (platform.describe, platform.stop, platform.recover):
        with pytest.raises(JobNotFound, match="no training job 'nobody'"):
            ask("nobody")
    assert "CreateTrainingJob" not in aws.operations()


def test_a_name_that_is_taken(aws: FakeSageMaker, estimator: Callable[..., RLEstimator]) -> None:
    """The source of the job that has it stays as it is."""
    estimator().fit(wait=False, job_name="mine")
    before = aws.operations().count("CopyObject")
    with pytest.raises(JobExists, match="'mine'"):
        estimator().fit(wait=False, job_name="mine")

    assert before == aws.operations().count("CopyObject")


def test_unchanged_source_is_sent_once(
    aws: FakeSageMaker, started: Callable[..., TrainingJob], tmp_path: Path
) -> None:
    """The second job gets a copy that S3 makes, under a name of its own."""
    first, second = started(), started()

    operations = aws.operations()
    assert (1, 2) == (operations.count("PutObject"), operations.count("CopyObject"))
    assert first.name != second.name
    path = tmp_path / "archive"
    aws.session().client("s3").download_file(
        BUCKET, f"{second.name}/source/sourcedir.tar.gz", str(path)
    )
    with tarfile.open(path) as archive:
        assert {"train.py", "rlscript/__init__.py"} <= set(archive.getnames())


def test_the_request_is_the_plan(aws: FakeSageMaker, estimator: Callable[..., RLEstimator]) -> None:
    """What only AWS knows is filled in, and nothing else is changed."""
    training = estimator(hyperparameters={"text": "{account}"})
    plan = training.plan(job_name="mine")
    training.fit(wait=False, job_name="mine")

    text = json.dumps(plan.document["request"])
    filled = text.replace("2-{account}", "2-123456789012")
    filled = filled.replace("{role_arn}", "arn:aws:iam::123456789012:role/MyRole")
    assert json.loads(filled) == aws.jobs["mine"].request


def test_attach_from_another_process(started: Callable[..., TrainingJob]) -> None:
    """Another process knows the name alone, and finds the job where it is."""
    job = started(checkpoint_s3_uri="s3://b/c", tags={"team": "rl"})
    code = (
        "import sys\n"
        "from rlcore import RLEstimator\n"
        "found = RLEstimator.attach(sys.argv[1], wait=False)\n"
        "plan = found.plan()\n"
        "print(found.toolkit, found.toolkit_version, found.framework, found.checkpoint_s3_uri,\n"
        "      found.tags['team'], len(found.metric_definitions), plan.platform)\n"
    )
    command = [sys.executable, "-c", code, job.name]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert f"ray 2.60.0 pytorch s3://b/c rl {len(job.request.metric_definitions or ())}" in said
    assert said.endswith("sagemaker\n")


def test_attach_by_a_session(aws: FakeSageMaker, started: Callable[..., TrainingJob]) -> None:
    """As in the original: a session in the platform's place, or by its name."""
    job = started()

    for given in ({"sagemaker_session": aws.session()}, {"platform": aws.session()}):
        found = RLEstimator.attach(job.name, wait=False, **given)
        assert "2.60.0" == found.toolkit_version


def test_the_list(estimator: Callable[..., RLEstimator], clock: ManualClock) -> None:
    """Newest first, over all pages."""
    names = []
    for number in range(12):
        estimator().fit(wait=False, job_name=f"job-{number}")
        names.append(f"job-{number}")
        clock.advance(1)

    assert names[::-1] == [status.name for status in SageMakerPlatform().jobs()]


# Faults.

REFUSED = {
    "throttled": Fault.throttled(),
    "unavailable": Fault.unavailable(),
    "internal": Fault.internal(),
    "reset": Fault.reset(),
    "lost": Fault.lost(),
    "partial": Fault.partial(),
}
CALLS = (
    *("DescribeTrainingJob", "GetRole", "GetCallerIdentity", "HeadBucket", "HeadObject"),
    *("PutObject", "CopyObject", "CreateTrainingJob"),
)


@pytest.mark.parametrize("operation", CALLS)
@pytest.mark.parametrize("fault", REFUSED)
def test_a_fault_that_passes(
    aws: FakeSageMaker, started: Callable[..., TrainingJob], operation: str, fault: str
) -> None:
    """Whatever fails once, and wherever: one job is started, and no more."""
    aws.fail(operation, REFUSED[fault])
    job = started()

    assert [job.name] == list(aws.jobs)
    assert job.status().state in {JobState.PENDING, JobState.RUNNING}


@pytest.mark.parametrize("operation", CALLS)
def test_a_fault_that_stays(
    aws: FakeSageMaker, started: Callable[..., TrainingJob], operation: str
) -> None:
    """It is told with the operation and the code, and no job is there that nobody knows of."""
    aws.fail(operation, Fault.access_denied(), times=20)
    # Who may not look may create all the same; the source is sent straight.
    if operation in {"DescribeTrainingJob", "HeadObject", "CopyObject"}:
        assert started().name in aws.jobs
        return
    with pytest.raises(PlatformError, match=r"AccessDenied|403|belongs to another"):
        started()

    assert {} == dict(aws.jobs)


def test_an_answer_that_is_lost_before_others_are_refused(
    aws: FakeSageMaker, started: Callable[..., TrainingJob]
) -> None:
    """The first attempt had its effect: that is the job."""
    aws.fail("CreateTrainingJob", Fault.lost())
    aws.fail("CreateTrainingJob", Fault.throttled(), times=9)
    job = started()

    assert [job.name] == list(aws.jobs)


def test_a_job_that_may_be_there(aws: FakeSageMaker, estimator: Callable[..., RLEstimator]) -> None:
    """Where nothing can be learned the error names it, and no second one is started."""
    aws.fail("CreateTrainingJob", Fault.lost(), times=9)
    training = estimator()
    platform = training.plan().platform
    assert "sagemaker" == platform
    aws.fail("DescribeTrainingJob", Fault.error("ValidationException", "not found"))  # it is free
    aws.fail("DescribeTrainingJob", Fault.access_denied(), times=9)
    with pytest.raises(ServiceError, match="may be there all the same: look for") as raised:
        training.fit(wait=False)

    (name,) = aws.jobs
    assert name in str(raised.value)


def test_who_may_not_describe(aws: FakeSageMaker, started: Callable[..., TrainingJob]) -> None:
    """Creating may be allowed all the same."""
    aws.fail("DescribeTrainingJob", Fault.access_denied())
    assert started().name in aws.jobs


def test_a_copy_that_is_refused(aws: FakeSageMaker, started: Callable[..., TrainingJob]) -> None:
    """What is kept may have been moved to an archive: the source is sent straight."""
    aws.fail("CopyObject", Fault.error("InvalidObjectState", status=403))
    assert started().name in aws.jobs


def test_waiting_in_silence(aws: FakeSageMaker, estimator: Callable[..., RLEstimator]) -> None:
    """No log is read where none is wanted; a failure has its last lines if they may be read."""
    aws.script(None, JobScript(starting=0, downloading=0, training=0, uploading=0))
    estimator().fit(logs=False)
    assert "GetLogEvents" not in aws.operations()

    line = JobScript(
        starting=0, downloading=0, training=0, uploading=0, outcome="Failed", lines=[(0, 1, "boom")]
    )
    aws.script(None, line)
    with pytest.raises(TrainingFailed, match="boom"):
        estimator().fit(logs=False)
    aws.fail("DescribeLogStreams", Fault.access_denied(), times=9)
    with pytest.raises(TrainingFailed, match="AlgorithmError"):
        estimator().fit(logs=False)


def test_pickles(aws: FakeSageMaker, estimator: Callable[..., RLEstimator]) -> None:
    """An estimator travels after its job has started, without session and credentials."""
    training = estimator(git_config=None)
    training.fit(wait=False)
    twin = pickle.loads(pickle.dumps(training))  # noqa: S301 - our own

    assert [job.name for job in training.jobs] == [job.name for job in twin.jobs] == [*aws.jobs]
    token = estimator(git_config={"repo": "https://x/y.git", "token": "hunter2"})
    assert b"hunter2" not in pickle.dumps(token)
    error = ServiceError("m", operation="o", code="c", unanswered=True)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - likewise
    assert ("m", "o", "c", True) == (str(again), again.operation, again.code, again.unanswered)


def test_answers_that_are_lost_for_good(
    aws: FakeSageMaker, started: Callable[..., TrainingJob]
) -> None:
    """The job was started and every answer lost: it is found, and it is one."""
    aws.fail("CreateTrainingJob", Fault.lost(), times=20)
    job = started()

    assert [job.name] == list(aws.jobs)


@pytest.mark.parametrize("fault", REFUSED)
@pytest.mark.parametrize("operation", ["GetLogEvents", "DescribeLogStreams", "DescribeTrainingJob"])
def test_faults_while_watching(
    aws: FakeSageMaker, started: Callable[..., TrainingJob], operation: str, fault: str
) -> None:
    """No line is lost or told twice."""
    job = started()
    events = []
    for event in job.logs(follow=True):
        events.append(event)
        if len(events) in {5, 30, 60}:
            aws.fail(operation, REFUSED[fault])

    lines = [event.message for event in events if event.host != "rlcore"]
    assert [text for _, _, text in LINES] == lines


def test_credentials_that_expire_while_watching(
    aws: FakeSageMaker, started: Callable[..., TrainingJob]
) -> None:
    """The error says what to do, and the log begins anew for whoever comes back."""
    job = started()
    aws.fail("GetLogEvents", Fault.expired_token(), times=3)
    with pytest.raises(ServiceError, match="Refresh the credentials"):
        list(job.logs(follow=True))

    aws._faults.clear()  # noqa: SLF001 - the credentials are good again
    assert len(LINES) == len([each for each in job.logs(follow=True) if each.host != "rlcore"])


# Bad input: nothing is sent.


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"role": None}, MissingArgument, "SageMaker needs an execution role"),
        ({"use_spot_instances": True}, MissingArgument, "use_spot_instances needs max_wait"),
        (
            {"use_spot_instances": True, "max_wait": 5},
            InvalidArgument,
            "max_wait is 5 and must be at least max_run, which is 86400",
        ),
        (
            {"request_overrides": {"StoppingCondition": {"MaxRuntimeInSeconds": "60"}}},
            InvalidArgument,
            "StoppingCondition.MaxRuntimeInSeconds is '60'",
        ),
        ({"max_run": 2_419_201}, InvalidArgument, "for 2419200 s (28 days) at most"),
        ({"tags": {"AWS:team": "games"}}, InvalidArgument, "The tag 'AWS:team' is AWS's own"),
        ({"subnets": ["s"]}, InvalidArgument, "subnets was given without security_group_ids"),
        ({"security_group_ids": ["g"]}, InvalidArgument, "was given without subnets"),
        ({"output_path": "/tmp/x"}, PlatformError, "output_path must be an s3:// address"),  # noqa: S108
        ({"output_path": "file:///x"}, PlatformError, "only supported in Local Mode"),
        ({"code_location": "/x"}, PlatformError, "code_location must be an s3:// address"),
        ({"checkpoint_s3_uri": "/x"}, PlatformError, "checkpoint_s3_uri must be an s3://"),
        ({"instance_type": "ml.c6g.large"}, InvalidArgument, "Arm processors"),
        ({"instance_type": "ml.trn1.2xlarge"}, InvalidArgument, "Trainium"),
        ({"instance_type": None, "platform": "sagemaker"}, MissingArgument, "needs an instance"),
        ({"tags": {"a|b": "c"}}, InvalidArgument, "Tags[3].Key is 'a|b'"),
        ({"environment": {"1": "x"}}, InvalidArgument, "the name of Environment['1']"),
        (
            {"request_overrides": {"TrainingJobName": "other"}},
            InvalidArgument,
            "cannot give TrainingJobName: it is job_name=",
        ),
        (
            {"request_overrides": {"EnableManagedSpotTraining": True}},
            MissingArgument,
            "use_spot_instances needs max_wait",
        ),
        ({"debugger_hook_config": "x"}, InvalidArgument, "must be True, False or a dictionary"),
        ({"base_job_name": "x", "role": "arn:x/y"}, InvalidArgument, "RoleArn is 'arn:x/y'"),
    ],
)
def test_what_is_refused(
    aws: FakeSageMaker,
    estimator: Callable[..., RLEstimator],
    given: dict[str, Any],
    error: type[Exception],
    words: str,
) -> None:
    """What the service would refuse is refused before anything is sent."""
    with pytest.raises(error) as raised:
        estimator(**given).fit(wait=False)

    assert words in str(raised.value)
    assert [] == aws.calls


def test_a_region_without_the_image(
    aws: FakeSageMaker, estimator: Callable[..., RLEstimator], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says where there is one."""
    monkeypatch.setenv("AWS_REGION", "eu-isoe-west-1")
    with pytest.raises(InvalidArgument, match="no images of this release in region"):
        estimator(sagemaker_session=None).plan()
    assert [] == aws.calls


def test_an_unknown_instance_type_warns(
    aws: FakeSageMaker, estimator: Callable[..., RLEstimator]
) -> None:
    """New ones appear every month."""
    with pytest.warns(UserWarning, match="ml.m99.large is no instance type"):
        estimator(instance_type="ml.m99.large").plan()
    assert [] == aws.calls


def test_isolation_without_the_packages(
    aws: FakeSageMaker, estimator: Callable[..., RLEstimator]
) -> None:
    """What the image lacks cannot be installed without a network."""
    with pytest.warns(UserWarning, match="ray 2.60.0 .* leaves no network for it"):
        estimator(enable_network_isolation=True).plan()
    assert [] == aws.calls


def test_likely_secrets(aws: FakeSageMaker, estimator: Callable[..., RLEstimator]) -> None:
    """Descriptions show them to whoever may describe."""
    with pytest.warns(UserWarning, match="api_key.*Secrets Manager"):
        estimator(hyperparameters={"api_key": "x"}).plan()
    assert [] == aws.calls


def test_overrides(aws: FakeSageMaker, estimator: Callable[..., RLEstimator]) -> None:
    """What no argument reaches can be put into the request."""
    overrides = {
        "ResourceConfig": {"VolumeSizeInGB": 77},
        "EnableInterContainerTrafficEncryption": True,
    }
    request = estimator(request_overrides=overrides).plan().document["request"]

    assert (77, 2, True) == (
        request["ResourceConfig"]["VolumeSizeInGB"],
        request["ResourceConfig"]["InstanceCount"],
        request["EnableInterContainerTrafficEncryption"],
    )
    gone = {"ResourceConfig": None, "StoppingCondition": None}
    assert "? x ?, ? GB each" in str(estimator(request_overrides=gone).plan())
    with pytest.raises(InvalidArgument, match="Nonsense is no field"):
        estimator(request_overrides={"Nonsense": 1}).plan()
    assert [] == aws.calls


def test_groups_of_hosts(aws: FakeSageMaker, estimator: Callable[..., RLEstimator]) -> None:
    """One image for all: that for gpu, where any of them has one."""
    groups = [
        {"InstanceGroupName": "head", "InstanceType": "ml.m5.large", "InstanceCount": 1},
        {"InstanceGroupName": "workers", "InstanceType": "ml.g5.xlarge", "InstanceCount": 3},
    ]
    training = estimator(instance_type=None, instance_count=1, instance_groups=groups)
    request = training.plan().document["request"]

    assert {"InstanceGroups": groups, "VolumeSizeInGB": 30} == request["ResourceConfig"]
    assert "-gpu-" in request["AlgorithmSpecification"]["TrainingImage"]
    assert [] == aws.calls


def test_the_command_line(started: Callable[..., TrainingJob]) -> None:
    """`rlcore jobs` and `rlcore logs` find them."""
    job = started()

    def rlcore(*arguments: str) -> str:
        command = [sys.executable, "-m", "rlcore", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert job.name in rlcore("jobs", "--platform", "sagemaker")
    assert "[rlcore] Starting" in rlcore("logs", job.name)
    rlcore("stop", job.name)
    assert JobState.STOPPING is job.status().state


def test_requests_are_data(aws: FakeSageMaker, estimator: Callable[..., RLEstimator]) -> None:
    """A plan can be compared and kept."""
    plan = estimator().plan(job_name="mine")

    assert plan == attrs.evolve(plan)
    assert "mine" in str(plan)
    assert json.dumps(plan.document["request"])
    assert [] == aws.calls

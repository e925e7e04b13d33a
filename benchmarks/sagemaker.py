"""What the SageMaker platform costs: planning, starting a job, following the log of many hosts."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import attrs

from benchmarks.endpoint import SERVERS
from benchmarks.measure import cost, run
from benchmarks.report import Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from benchmarks.workbench import Workbench

ESTIMATOR = """
import sys
from rlcore import RLEstimator
estimator = RLEstimator(
    {script!r}, toolkit="ray", toolkit_version="2.60.0", framework="pytorch", role="MyRole",
    instance_type="ml.m5.large", instance_count=1, hyperparameters={{"lr": 3e-4}},
    output_path="s3://bucket/", code_location="s3://bucket",
)
"""
PLAN = "estimator.plan('s3://bucket/data'); assert 'boto3' not in sys.modules"
FIT = "estimator.fit('s3://bucket/data', wait=False)"
BARE = """
import tarfile, tempfile, time
import boto3
name = f"bare-{{time.time_ns()}}"
iam, s3, sagemaker = (boto3.client(each) for each in ("iam", "s3", "sagemaker"))
role = iam.get_role(RoleName="MyRole")["Role"]["Arn"]
bucket = "bucket"
try:
    sagemaker.describe_training_job(TrainingJobName=name)
except sagemaker.exceptions.ClientError:
    pass
try:
    s3.head_object(Bucket=bucket, Key="source")
except s3.exceptions.ClientError:
    with tempfile.NamedTemporaryFile() as file:
        with tarfile.open(file.name, "w:gz") as archive:
            archive.add({script!r}, "train.py")
        s3.upload_file(file.name, bucket, "source")
key = f"{{name}}/source/sourcedir.tar.gz"
s3.copy_object(Bucket=bucket, Key=key, CopySource={{"Bucket": bucket, "Key": "source"}})
sagemaker.create_training_job(
    TrainingJobName=name,
    RoleArn=role,
    AlgorithmSpecification={{"TrainingImage": "host/image:1", "TrainingInputMode": "File"}},
    HyperParameters={{"lr": "0.0003", "sagemaker_submit_directory": f"s3://{{bucket}}/{{key}}"}},
    OutputDataConfig={{"S3OutputPath": f"s3://{{bucket}}/"}},
    ResourceConfig={{"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 30}},
    StoppingCondition={{"MaxRuntimeInSeconds": 86400}},
)
"""
SDK = """
from sagemaker.rl import RLEstimator, RLFramework, RLToolkit
RLEstimator(
    {script!r}, toolkit=RLToolkit.RAY, toolkit_version="1.6.0", framework=RLFramework.PYTORCH,
    role="arn:aws:iam::123456789012:role/MyRole", instance_type="ml.m5.large", instance_count=1,
    hyperparameters={{"lr": 3e-4}}, disable_profiler=True, debugger_hook_config=False,
    output_path="s3://bucket/", code_location="s3://bucket",
).fit("s3://bucket/data", wait=False)
"""
SDK_CONFIG = """SchemaVersion: '1.0'
SageMaker:
  PythonSDK:
    Modules:
      TelemetryOptOut: true
"""
FOLLOW = """
import json, resource, time
from rlcore.platforms.sagemaker.platform import SageMakerPlatform
platform = SageMakerPlatform()
platform.describe({name!r})
platform.session.client("logs", polling=True)
begun = time.process_time()
count = sum(event.host != "rlcore" for event in platform.logs({name!r}))
seconds = time.process_time() - begun
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([count, seconds, peak / 1000]))
"""
HOSTS, LINES = 64, 1000  # as many lines a second from each of them


class Followed(NamedTuple):
    """What following a log took: lines, CPU seconds, and the peak of memory in MB."""

    lines: int
    seconds: float
    peak: float


def results(bench: Workbench) -> Iterator[Result]:
    """Measure against a fake service in another process, whose time does not count."""
    script = bench.folder / "train.py"
    script.write_text("print('nothing to learn')\n", encoding="utf-8")
    with _service(bench) as environ:
        place = attrs.evolve(bench, environ=environ)
        yield _plan(place, script)
        yield from _fit(place, script)
        yield from _logs(place)


@contextlib.contextmanager
def _service(bench: Workbench) -> Iterator[Mapping[str, str]]:
    """Run the fake, and yield the variables of its clients."""
    config = bench.folder / "sdk.yaml"
    config.write_text(SDK_CONFIG, encoding="utf-8")
    lines = ("40", "80") if bench.quick else ("4000", "8000")
    command = [sys.executable, str(SERVERS / "aws.py"), *lines]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        variables = json.loads(process.stdout.readline()) if process.stdout else {}
        yield {
            **bench.environ,
            **variables,
            "SAGEMAKER_USER_CONFIG_OVERRIDE": str(config),
            "SAGEMAKER_ADMIN_CONFIG_OVERRIDE": str(config),
        }
        if process.stdin:
            process.stdin.close()


def _plan(bench: Workbench, script: Path) -> Result:
    ours = ESTIMATOR.format(script=str(script)) + PLAN
    return Result(
        what="`plan()` for SageMaker",
        unit="s",
        ours=_python(bench, ours),
        bar=0.25,
        reason="three fifths are the constructor's, a fifth is the reading of the service's model",
    )


def _fit(bench: Workbench, script: Path) -> Iterator[Result]:
    ours = _python(bench, ESTIMATOR.format(script=str(script)) + FIT)
    bare = _python(bench, BARE.format(script=str(script)))
    sdk = None
    if "SDK v2" in bench.peers:
        peer = attrs.evolve(bench, bin=bench.peers["SDK v2"])
        sdk = _python(peer, SDK.format(script=str(script)))
    yield Result(
        what="`fit(wait=False)` on SageMaker, CPU against the bare boto3 calls",
        unit="ratio",
        ours=ours / bare,
        bar=1.3,
        others={"SDK v2": sdk / bare if sdk else None},
        reason="it varies from 1.19 to 1.32 from run to run",
    )
    if sdk:
        yield Result(
            what="`fit(wait=False)` on SageMaker, CPU against SDK v2's",
            unit="ratio",
            ours=ours / sdk,
            bar=0.33,
        )


def _logs(bench: Workbench) -> Iterator[Result]:
    short, long = _followed(bench, "short"), _followed(bench, "long")
    yield Result(
        what=f"log of {HOSTS} hosts, followed",
        unit="lines/CPU s",
        ours=long.lines / long.seconds,
        bar=HOSTS * LINES,
        higher_is_better=True,
    )
    yield Result(
        what="growth of memory from 256,000 to 512,000 lines of it",
        unit="%",
        ours=100 * (long.peak / short.peak - 1),
        bar=10,
    )


def _followed(bench: Workbench, name: str) -> Followed:
    command = [str(bench.bin / "python"), "-c", FOLLOW.format(name=name)]
    said = subprocess.check_output(command, env=dict(bench.environ), text=True)
    return Followed(*json.loads(said))


def _python(bench: Workbench, code: str) -> float:
    command = [str(bench.bin / "python"), "-c", code]
    if bench.quick:
        return run(command, bench.environ).cpu
    return cost(command, bench.environ, bench.repeats).cpu

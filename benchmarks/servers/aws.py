"""The fake SageMaker in a process of its own: prints its variables as JSON, ends with its input.

It holds two jobs that have ended, `short` and `long`, of 64 hosts each; the arguments say how many
lines there are from every host.
"""

import json
import sys

from rlcore.testing import FakeSageMaker, JobScript, ManualClock

HOSTS = 64
LINE = "(RolloutWorker pid=2817) 2026-01-01 12:00:00,000 INFO sampler.py:412 -- batch {} of 4000"
REQUEST = {
    "RoleArn": "arn:aws:iam::123456789012:role/MyRole",
    "AlgorithmSpecification": {"TrainingImage": "host/image:1", "TrainingInputMode": "File"},
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/"},
    "ResourceConfig": {
        "InstanceCount": HOSTS,
        "InstanceType": "ml.m5.large",
        "VolumeSizeInGB": 30,
    },
    "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
}

clock = ManualClock()
with FakeSageMaker(clock=clock) as aws:
    client = aws.session().client("sagemaker")
    aws.session().client("s3", region_name="us-east-1").create_bucket(Bucket="bucket")
    for name, count in zip(("short", "long"), map(int, sys.argv[1:]), strict=True):
        hosts = range(1, HOSTS + 1)
        lines = tuple((n / 100, host, LINE.format(n)) for n in range(count) for host in hosts)
        aws.script(name, JobScript(lines=lines))
        client.create_training_job(TrainingJobName=name, **REQUEST)
    clock.advance(3600)
    print(json.dumps(aws.environ), flush=True)
    sys.stdin.read()

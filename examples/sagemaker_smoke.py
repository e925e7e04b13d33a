"""Train, attach, deploy, ask and delete in a real AWS account: what no test here has seen.

    python examples/sagemaker_smoke.py --role MySageMakerRole

It costs a training job of some minutes on one host and an endpoint of some minutes on another,
which it deletes at the end, also after an error. `--plan` shows the request and sends nothing.
"""

import argparse
from pathlib import Path

from rlcore import RLEstimator, RLFramework, RLToolkit
from rlcore.startup import wait_until_in_service

OBSERVATION = [0.01, -0.02, 0.03, 0.04]


def main() -> None:
    """Go through the whole life of a policy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--role", required=True, help="name or ARN of the execution role")
    parser.add_argument("--training-type", default="ml.m5.xlarge")
    parser.add_argument("--serving-type", default="ml.m5.large")
    parser.add_argument("--plan", action="store_true", help="show the request and stop")
    given = parser.parse_args()
    estimator = RLEstimator(
        entry_point="train.py",
        source_dir=Path(__file__).parent / "cartpole",
        toolkit=RLToolkit.RAY,
        toolkit_version="2.60.0",
        framework=RLFramework.PYTORCH,
        role=given.role,
        instance_type=given.training_type,
        instance_count=1,
        max_run=3600,
        hyperparameters={"stop_return": 475.0},
        base_job_name="rlcore-smoke",
    )
    print(estimator.plan())
    if not given.plan:
        _live(estimator, given.serving_type)


def _live(estimator: RLEstimator, serving_type: str) -> None:
    estimator.fit()
    job = estimator.jobs[-1]
    print("trained: ", job.status())
    print("curve:   ", job.curve())
    attached = RLEstimator.attach(job.name, platform="sagemaker")
    print("attached:", attached, attached.model_data)
    predictor = attached.deploy(1, serving_type, wait=False)
    try:
        wait_until_in_service(predictor.hosting, predictor.endpoint_name)
        print("action:  ", predictor.act(OBSERVATION))
    finally:
        predictor.delete_endpoint()
        predictor.delete_model()
    print("deleted: ", predictor.endpoint_name)


if __name__ == "__main__":
    main()

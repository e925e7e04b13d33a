"""Train Clipped PPO for a supermarket with Coach on TensorFlow, deploy the policy, and play it."""

from pathlib import Path

from rlcore import RLEstimator, RLFramework, RLToolkit


def main() -> None:
    """Train until an evaluation is at the threshold, then serve the policy and evaluate again."""
    estimator = RLEstimator(
        entry_point="train.py",
        source_dir=Path(__file__).parent,
        toolkit=RLToolkit.COACH,
        toolkit_version="0.11.1",
        framework=RLFramework.TENSORFLOW,
        hyperparameters={"rl.env_params.additional_simulator_parameters.tills": 5},
        base_job_name="coach-supermarket",
    )
    estimator.fit()
    predictor = estimator.deploy(1, "local")
    try:
        print("action", predictor.act([5.0, 2.0, 60.0]))
        print(estimator.evaluate(episodes=100, predictor=predictor))
    finally:
        predictor.delete_endpoint()


if __name__ == "__main__":
    main()

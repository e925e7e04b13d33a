"""Train PPO on CartPole-v0 with Ray 0.6.5 on TensorFlow 1.12, deploy the policy, and play it."""

from pathlib import Path

from rlcore import RLEstimator, RLFramework, RLToolkit


def main() -> None:
    """Train until an evaluation is at the threshold, then serve the policy and evaluate again."""
    estimator = RLEstimator(
        entry_point="train.py",
        source_dir=Path(__file__).parent,
        toolkit=RLToolkit.RAY,
        toolkit_version="0.6.5",  # "1.6.0" runs the same script
        framework=RLFramework.TENSORFLOW,
        hyperparameters={"rl.training.config.lr": 3e-4, "rl.training.stop.timesteps_total": 100000},
        base_job_name="ray-classic",
    )
    estimator.fit()
    predictor = estimator.deploy(1, "local")
    try:
        print("action", predictor.act([0.01, -0.02, 0.03, 0.04]))
        print(estimator.evaluate(episodes=100, predictor=predictor))
    finally:
        predictor.delete_endpoint()


if __name__ == "__main__":
    main()

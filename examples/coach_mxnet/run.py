"""Train DQN on CartPole-v0 with Coach on MXNet, deploy the policy, and play it."""

from pathlib import Path

from rlcore import RLEstimator, RLFramework, RLToolkit


def main() -> None:
    """Train until an evaluation is at the threshold, then serve the policy and evaluate again."""
    estimator = RLEstimator(
        entry_point="train.py",
        source_dir=Path(__file__).parent,
        toolkit=RLToolkit.COACH,
        toolkit_version="0.11.0",
        framework=RLFramework.MXNET,
        hyperparameters={"rl.agent_params.algorithm.discount": 0.99, "stop_return": 198},
        base_job_name="coach-cartpole",
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

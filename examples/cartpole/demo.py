"""Train PPO on CartPole-v1 with Ray RLlib on this machine, deploy the policy, and play it."""

import statistics
import time
from pathlib import Path

from rlcore import Predictor, RLEstimator, RLFramework, RLToolkit
from rlcore.display import plot_png

SOLVED = 475.0  # The environment's own threshold (Gymnasium, CartPole-v1).


def main() -> None:
    """Train until an evaluation is at the threshold, then serve the policy and evaluate again."""
    estimator = RLEstimator(
        entry_point="train.py",
        source_dir=Path(__file__).parent,
        toolkit=RLToolkit.RAY,
        toolkit_version="2.60.0",
        framework=RLFramework.PYTORCH,
        hyperparameters={"env": "CartPole-v1", "stop_return": SOLVED},
        base_job_name="cartpole",
    )
    estimator.fit()
    curve = estimator.jobs[-1].curve()
    picture = plot_png(curve, "cartpole.png", title="PPO on CartPole-v1", goal=SOLVED)
    print(f"  curve   {picture.resolve()}")

    predictor = estimator.deploy(1, "local")
    try:
        print(estimator.evaluate(episodes=100, predictor=predictor))
        took = _milliseconds(predictor)
        print(
            f"predictor.act: {took:.2f} ms for one action, the median of 1,000; the episodes above"
        )
        print("were played all at once, with a batch of their observations in each request.")
    finally:
        predictor.delete_endpoint()
    print("The endpoint is deleted. To have it again, and to ask it:")
    print("  .venv/bin/rlcore deploy --last --name cartpole")
    print("  .venv/bin/rlcore predict cartpole --act '[0.01, -0.02, 0.03, 0.04]'")


def _milliseconds(predictor: Predictor) -> float:
    """Return how long the client waits for one action."""
    observation = [0.01, -0.02, 0.03, 0.04]
    seconds = []
    for _ in range(1000):
        started = time.perf_counter()
        predictor.act(observation)
        seconds.append(time.perf_counter() - started)
    return 1000 * statistics.median(seconds)


if __name__ == "__main__":
    main()

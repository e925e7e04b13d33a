"""Train PPO on CartPole-v1 with Ray RLlib on this machine, and show what comes out."""

from pathlib import Path

from rlcore import RLEstimator, RLFramework, RLToolkit
from rlcore.display import plot_png

SOLVED = 475.0  # The environment's own threshold (Gymnasium, CartPole-v1).


def main() -> None:
    """Train until a greedy evaluation of 100 episodes is at the threshold, then plot the curve."""
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


if __name__ == "__main__":
    main()

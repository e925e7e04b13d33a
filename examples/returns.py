"""Train every example with several seeds, and write how well it plays into docs/returns.md.

`python examples/returns.py`, or only some: `python examples/returns.py coach_mxnet --seeds 5`.
"""

import argparse
import statistics
import time
from pathlib import Path
from typing import NamedTuple

from rlcore import RLEstimator

HERE = Path(__file__).parent
TABLE = HERE.parent / "docs" / "returns.md"
EPISODES = 100
HEAD = f"""# What the examples reach

Each example is trained on this machine and played for {EPISODES} greedy episodes through its
endpoint, on the seeds of its own evaluations and those after them: the mean, and the standard
deviation over the training's seeds. The seconds are of two cores, which others used too at times.
Made by `python examples/returns.py`.

| example | release | environment | solved at | return | seeds | training, s |
|---|---|---|---|---|---|---|
"""


class Example(NamedTuple):
    """An example in a folder beside this file, on one release, and the return that solves it.

    `algorithm` is the script's hyperparameter of that name, where it has several to choose from.
    """

    folder: str
    toolkit: str
    version: str
    framework: str
    environment: str
    solved: float
    algorithm: str | None = None


EXAMPLES = (
    Example("cartpole", "ray", "2.60.0", "pytorch", "CartPole-v1", 475),
    Example("ray_classic", "ray", "1.6.0", "tensorflow", "CartPole-v0", 195),
    Example("ray_classic", "ray", "1.6.0", "pytorch", "CartPole-v0", 195),
    Example("ray_classic", "ray", "0.8.5", "tensorflow", "CartPole-v0", 195),
    Example("ray_classic", "ray", "0.8.5", "pytorch", "CartPole-v0", 195),
    Example("ray_classic", "ray", "0.6.5", "tensorflow", "CartPole-v0", 195),
    Example("coach_tensorflow", "coach", "1.0.0", "tensorflow", "CartPole-v0", 195),
    Example("coach_tensorflow", "coach", "0.11.1", "tensorflow", "CartPole-v0", 195),
    Example("coach_mxnet", "coach", "0.11.0", "mxnet", "CartPole-v0", 195),
    Example("coach_custom_environment", "coach", "0.11.1", "tensorflow", "its own", -110),
    Example("sb3_cartpole", "sb3", "2.9.2", "pytorch", "CartPole-v1", 475),
    Example("sb3_pendulum", "sb3", "2.9.2", "pytorch", "Pendulum-v1", -157, "SAC"),
    Example("sb3_pendulum", "sb3", "2.9.2", "pytorch", "Pendulum-v1", -172, "PPO"),
    Example("sb3_recurrent", "sb3", "2.9.2", "pytorch", "its own", 475),
    Example("sb3_masked", "sb3", "2.9.2", "pytorch", "Taxi-v4", 7),
)


def main() -> None:
    """Train, play, and write the table; rows of examples that were not asked for stay."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", metavar="EXAMPLE", help="all, if none")
    parser.add_argument("--seeds", type=int, default=3, help="how many seeds (default: 3)")
    arguments = parser.parse_args()
    rows = read_rows()
    for example in EXAMPLES:
        if not arguments.folders or example.folder in arguments.folders:
            key = f"| {name_of(example)} | {release_of(example)} |"
            rows[key] = f"{key} {measured(example, arguments.seeds)} |"
            TABLE.write_text(HEAD + "".join(f"{row}\n" for row in rows.values()), encoding="utf-8")


def read_rows() -> dict[str, str]:
    """Return the rows of the table that is there, by example and release."""
    lines = TABLE.read_text("utf-8").splitlines() if TABLE.exists() else []
    rows = [line for line in lines if line.startswith("| `")]
    return {"|".join(row.split("|")[:3]) + "|": row for row in rows}


def name_of(example: Example) -> str:
    """Return how the table names the example."""
    return f"`{example.folder}`" + (f" {example.algorithm}" if example.algorithm else "")


def release_of(example: Example) -> str:
    """Return how the table names the release."""
    return f"{example.toolkit} {example.version} on {example.framework}"


def measured(example: Example, seeds: int) -> str:
    """Train an example with each seed and return the rest of its row."""
    found = [trained_and_played(example, seed) for seed in range(1, seeds + 1)]
    returns, seconds = [mean for mean, _ in found], [took for _, took in found]
    spread = statistics.stdev(returns) if seeds > 1 else 0.0
    figures = f"{statistics.fmean(returns):.1f} ± {spread:.1f} | {seeds}"
    return (
        f"{example.environment} | {example.solved:g} | {figures} | {statistics.fmean(seconds):.0f}"
    )


def trained_and_played(example: Example, seed: int) -> tuple[float, float]:
    """Return the mean return through an endpoint, and the seconds of the training."""
    chosen = example.algorithm
    estimator = RLEstimator(
        "train.py",
        source_dir=HERE / example.folder,
        toolkit=example.toolkit,
        toolkit_version=example.version,
        framework=example.framework,
        hyperparameters={"seed": seed} | ({"algorithm": chosen} if chosen else {}),
        base_job_name=example.folder.replace("_", "-"),
    )
    started = time.monotonic()
    estimator.fit()
    trained = time.monotonic()
    predictor = estimator.deploy(1, "local")
    try:
        report = estimator.evaluate(episodes=EPISODES, predictor=predictor, in_process=False)
    finally:
        predictor.delete_endpoint()
    print(report)
    return report["endpoint"].return_mean, trained - started


if __name__ == "__main__":
    main()

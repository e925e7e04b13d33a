"""The toolkit behind the interface that the shared training loop drives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import rlscript

from .crossentropy import CrossEntropy
from .export import described, to_onnx

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class ToolkitLearner(rlscript.Learner):
    """An algorithm of the toolkit in one environment."""

    def __init__(
        self, environment: Any, place: dict[str, Any], seed: int, settings: dict[str, Any]
    ) -> None:
        self._environment = environment
        self._place = place
        # FILL IN: make the algorithm, with its seed.
        self._algorithm = CrossEntropy(environment, seed, **settings)

    def advance(self) -> rlscript.Progress:
        """Train for one iteration."""
        # FILL IN: train for a second or two; steps so far, mean return, whatever else to report.
        generation = self._algorithm.train()
        metrics = {"episode_return_max": generation.return_max}
        return rlscript.Progress(self._algorithm.steps, generation.return_mean, metrics)

    def act(self, turns: list[rlscript.Turn]) -> Sequence[tuple[Any, Any]]:
        """Return the greedy action for each turn; the policy keeps no state."""
        # FILL IN: many observations, and as many actions of the environment.
        observations = np.stack([turn.observation for turn in turns])
        return [(action, None) for action in self._algorithm.act(observations)]

    def save(self, folder: Path) -> None:
        """Write everything from which training can go on."""
        # FILL IN: the toolkit's own checkpoint, optimiser and counters included.
        np.savez(folder / "state.npz", **self._algorithm.state())

    def restore(self, folder: Path) -> None:
        """Go on from what `save` wrote."""
        # FILL IN: the same, read.
        with np.load(folder / "state.npz") as state:
            self._algorithm.set_state(dict(state))

    def warm_start(self, folder: Path) -> None:
        """Take the weights of a model that `export` wrote, and nothing else."""
        with np.load(folder / rlscript.read_manifest(folder)["weights"]) as weights:
            # FILL IN: give them to the algorithm; refuse those of another network.
            self._algorithm.set_weights(dict(weights))

    def export(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        """Return the policy's manifest and files."""
        # FILL IN: the weights by name.
        weights = self._algorithm.weights()

        return described(to_onnx(weights), weights, self._environment, self._place)

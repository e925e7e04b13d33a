"""Stands where a toolkit would: delete this file, and import yours in `learner.py`.

The cross-entropy method with a linear policy: each generation is drawn around the mean of the best
policies of the generation before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

_ELITE = 4
# Keeps the search from narrowing before it has found anything.
_LEAST_SPREAD = 0.1


class Generation(NamedTuple):
    """What the policies of one generation reached."""

    return_mean: float
    return_max: float


class CrossEntropy:
    """Searches the weights of a linear policy.

    Attributes:
        steps: Environment steps so far.
    """

    def __init__(self, environment: Any, seed: int, population: int = 16) -> None:
        self._environment = environment
        self._seed = seed
        self._population = population
        (size,) = environment.observation_space.shape
        self._shape = (size + 1, int(environment.action_space.n))
        self._mean = np.zeros(self._shape)
        self._spread = np.ones(self._shape)
        self._generation = 0
        self.steps = 0

    def train(self) -> Generation:
        """Try one generation of policies, and move to where the best of them are."""
        random = np.random.default_rng((self._seed, self._generation))
        shape = (self._population, *self._shape)
        drawn = self._mean + self._spread * random.standard_normal(shape)
        seeds = random.integers(2**31, size=self._population)
        returns = [self._play(each, int(seed)) for each, seed in zip(drawn, seeds, strict=True)]
        best = drawn[np.argsort(returns)[-_ELITE:]]
        self._mean, self._spread = best.mean(0), np.maximum(best.std(0), _LEAST_SPREAD)
        self._generation += 1
        return Generation(float(np.mean(returns)), max(returns))

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Return the mean policy's action for each observation."""
        kernel, bias = self.weights().values()
        actions: np.ndarray = (observations.astype(np.float32) @ kernel + bias).argmax(-1)
        return actions

    def weights(self) -> dict[str, Any]:
        """Return the mean policy's weights."""
        weights = self._mean.astype(np.float32)
        return {"kernel": weights[:-1], "bias": weights[-1]}

    def set_weights(self, weights: Mapping[str, Any]) -> None:
        """Search on around these weights; raises `ValueError` for those of other spaces."""
        given = np.vstack([weights["kernel"], weights["bias"]])
        if given.shape != self._shape:
            msg = f"the weights have the shape {given.shape}, this policy's {self._shape}"
            raise ValueError(msg)
        self._mean = given.astype(np.float64)

    def state(self) -> dict[str, Any]:
        """Return everything that the next generation depends on."""
        counters = np.array([self._generation, self.steps])
        return {"mean": self._mean, "spread": self._spread, "counters": counters}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self._mean, self._spread = state["mean"], state["spread"]
        self._generation, self.steps = map(int, state["counters"])

    def _play(self, weights: np.ndarray, seed: int) -> float:
        """Play one episode, and return its return."""
        kernel, bias = weights[:-1], weights[-1]
        observation, _ = self._environment.reset(seed=seed)
        total, done = 0.0, False
        while not done:
            action = int((observation @ kernel + bias).argmax())
            observation, reward, terminated, truncated, _ = self._environment.step(action)
            done = terminated or truncated
            total += float(reward)
            self.steps += 1
        return total

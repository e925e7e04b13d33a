"""A supermarket: each minute a till may be opened or closed, before customers have waited long."""

from typing import Any

import gym
import numpy as np
import simpy
from gym import spaces
from gym.utils import seeding

MINUTES = 120
CLOSE, KEEP, OPEN = 0, 1, 2
_POLL = 0.25  # minutes after which an idle till looks up


class Supermarket(gym.Env):  # type: ignore[misc]  # gym has no types
    """Customers come in a wave; each minute costs for who waits, and for each open till."""

    def __init__(self, tills: int = 5, service: float = 1.5) -> None:
        """Build the tills.

        Args:
            tills: How many there are.
            service: Minutes that a customer takes, in the mean.
        """
        self._tills, self._service = tills, service
        self.action_space = spaces.Discrete(3)
        high = np.array([1000.0, tills, MINUTES], np.float32)
        self.observation_space = spaces.Box(np.zeros(3, np.float32), high, dtype=np.float32)
        self.seed()

    def seed(self, seed: Any = None) -> Any:
        """Seed the customers."""
        self._random, seed = seeding.np_random(seed)
        return [seed]

    def reset(self) -> Any:
        """Begin a day with one till."""
        self._open, self._waiting, self._minute = 1, 0, 0
        self._simulation = simpy.Environment()
        self._simulation.process(self._customers())
        for number in range(self._tills):
            self._simulation.process(self._till(number))
        return self._seen()

    def step(self, action: int) -> Any:
        """Open or close a till, and let a minute pass."""
        self._open = int(np.clip(self._open + action - KEEP, 1, self._tills))
        self._minute += 1
        self._simulation.run(until=self._minute)
        cost = 0.1 * self._waiting + 0.3 * self._open
        return self._seen(), -cost, self._minute == MINUTES, {}

    def _seen(self) -> Any:
        return np.array([self._waiting, self._open, self._minute], np.float32)

    def _customers(self) -> Any:
        while True:
            wave = 1.0 - np.cos(2 * np.pi * self._simulation.now / MINUTES)
            yield self._simulation.timeout(self._random.exponential(1 / (0.4 + 1.1 * wave)))
            self._waiting += 1

    def _till(self, number: int) -> Any:
        while True:
            if number < self._open and self._waiting:
                self._waiting -= 1
                yield self._simulation.timeout(self._random.exponential(self._service))
            else:
                yield self._simulation.timeout(_POLL)

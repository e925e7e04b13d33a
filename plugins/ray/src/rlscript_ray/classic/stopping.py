"""When training ends and when it evaluates, in Ray's terms."""

import math
from typing import Any, Dict, Mapping, Optional

import rlscript

EVALUATED = "evaluation_return_mean"
# Ray's results that grow or are wanted large, and the mean return of a greedy evaluation.
LIMITS = (
    "episode_len_mean",
    "episode_reward_max",
    "episode_reward_mean",
    "episode_reward_min",
    "episodes_total",
    EVALUATED,
    "time_total_s",
    "timesteps_total",
    "training_iteration",
)
# What only grows, from 0 on: a limit below would be met before anything is learned.
_ITERATIONS = "training_iteration"
_COUNTED = ("episode_len_mean", "episodes_total", "time_total_s", "timesteps_total", _ITERATIONS)


class StopRule(rlscript.StopRule):
    """Training stops as soon as one of Ray's results reaches its limit, as with Tune.

    Attributes:
        limits: The limits by the result that they are on.
        results: Ray's last results, as far as they are known; written by whoever trains.
    """

    def __new__(cls, limits: Mapping[str, float]) -> "StopRule":  # noqa: PYI034
        """Take the limits; those of the shared rule are left open."""
        made = super().__new__(cls)
        made.limits = limits
        made.results = {}
        return made

    limits: Mapping[str, float]
    results: Dict[str, Any]

    def reason(
        self,
        steps: int,
        seconds: float,  # noqa: ARG002  # Ray's clock goes on where a checkpoint's stood
        evaluation_return: Optional[float],
    ) -> Optional[str]:
        """Return why training ends here, or None where it goes on."""
        reached = dict(self.results, timesteps_total=steps)
        reached[EVALUATED] = evaluation_return
        for name in sorted(self.limits):
            value, limit = reached.get(name), self.limits[name]
            if value is not None and value >= limit:
                return "{} {:.10g} reached {:.10g}".format(name, float(value), limit)
        return None

    def reason_before(self, steps: int) -> Optional[str]:
        """Return why nothing is left to train after a resume."""
        return self.reason(steps, 0.0, None)


def shortcoming(name: str, limit: float) -> Optional[str]:
    """Return what a limit must be and is not, None where training can come to it."""
    if math.isnan(limit):
        return "a number"
    if name in _COUNTED and limit <= 0:
        return "above 0"
    return None


class EveryIterations(rlscript.EvaluationPlan):
    """Evaluate, and write a checkpoint, at each iteration that is a multiple of a number.

    Attributes:
        iterations: The number.
    """

    iterations = 1

    def due(
        self,
        now: rlscript.Progress,
        before: Optional[rlscript.Progress],  # noqa: ARG002  # nor does a resume move the multiples
    ) -> bool:
        """Tell whether to evaluate now, whenever the last evaluation was."""
        return bool(now.metrics[_ITERATIONS] % self.iterations == 0)


def evaluation_plan(
    plan: rlscript.EvaluationPlan, iterations: Optional[int]
) -> rlscript.EvaluationPlan:
    """Return the plan, or one with its episodes every so many iterations."""
    if iterations is None:
        return plan
    changed = EveryIterations(*plan)
    changed.iterations = iterations
    return changed

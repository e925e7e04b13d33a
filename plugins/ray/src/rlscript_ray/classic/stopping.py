"""When training ends and when it evaluates, in Ray's terms."""

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


class EveryIterations(rlscript.EvaluationPlan):
    """Evaluate, and write a checkpoint, each time that so many iterations have passed.

    Attributes:
        iterations: How many.
    """

    iterations = 1

    def due(self, now: rlscript.Progress, before: Optional[rlscript.Progress]) -> bool:
        """Tell whether to evaluate now, given the progress at the last evaluation."""
        if before is None:
            return True
        passed = now.metrics["training_iteration"] - before.metrics["training_iteration"]
        return bool(passed >= self.iterations)


def evaluation_plan(
    plan: rlscript.EvaluationPlan, iterations: Optional[int]
) -> rlscript.EvaluationPlan:
    """Return the plan, or one with its episodes every so many iterations."""
    if iterations is None:
        return plan
    changed = EveryIterations(*plan)
    changed.iterations = iterations
    return changed

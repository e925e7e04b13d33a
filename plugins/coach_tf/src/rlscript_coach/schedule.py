"""A preset's schedule: heat-up, how long to improve, when to evaluate, over how many episodes."""

from typing import Any, Optional

import rlscript
from rlscript_coach.refusals import PresetRefused
from rlscript_coach.values import STEPS

# For presets that say none, or count the steps of an evaluation.
USUAL_EPISODES = 10


class Schedule:
    """Where a run is in its preset's schedule.

    Attributes:
        heatup: How long to act at random first.
        period: How long to train between evaluations.
        improve: How long to train in all.
        episodes: Episodes of each evaluation.
        finished: Why training is over; None as long as it is not.
    """

    def __init__(self, manager: Any, episodes: Optional[int] = None) -> None:
        self.heatup = manager.heatup_steps
        self.period = manager.steps_between_evaluation_periods
        self.improve = manager.improve_steps
        self._evaluates = bool(episodes or manager.evaluation_steps.num_steps)
        self.episodes = episodes or _episodes(manager.evaluation_steps)
        self._due = False
        self.finished: Optional[str] = None

    def take_due(self) -> bool:
        """Tell whether an evaluation is due, which it is for one question only."""
        due, self._due = self._due, False
        return due

    def end_period(self) -> None:
        """Let an evaluation be due, unless the preset wants none."""
        self._due = self._evaluates

    def check(self, counter: Any) -> None:
        """Note whether what was counted fulfils the schedule."""
        if not counter < self.improve:
            kind = type(self.improve).__name__
            msg = "{}({}) reached"
            self.finished = msg.format(kind, self.improve.num_steps)


class SchedulePlan(rlscript.EvaluationPlan):
    """Evaluates where a schedule says so."""

    def __new__(cls, schedule: Schedule) -> "SchedulePlan":  # noqa: PYI034  # Self came with 3.11
        """Take the schedule, which has the episodes."""
        made = super().__new__(cls, episodes=schedule.episodes)
        made.schedule = schedule
        return made

    schedule: Schedule

    def due(self, now: rlscript.Progress, before: Optional[rlscript.Progress]) -> bool:  # noqa: ARG002
        """Tell whether a period of the schedule has just ended."""
        return self.schedule.take_due()


class ScheduleStop(rlscript.StopRule):
    """Stops by its own limits, or where a schedule is over."""

    def __new__(cls, rule: rlscript.StopRule, schedule: Schedule) -> "ScheduleStop":  # noqa: PYI034
        """Take the limits and the schedule."""
        made = super().__new__(cls, *rule)
        made.schedule = schedule
        return made

    schedule: Schedule

    def reason(
        self, steps: int, seconds: float, evaluation_return: Optional[float]
    ) -> Optional[str]:
        """Return why training ends here, or None where it goes on."""
        return super().reason(steps, seconds, evaluation_return) or self.schedule.finished

    def reason_before(self, steps: int) -> Optional[str]:
        """Return why nothing is left to train after a resume."""
        return super().reason_before(steps) or self.schedule.finished


def require_schedule(manager: Any) -> None:
    """Check that a preset's schedule is whole.

    Raises:
        PresetRefused: A part is missing, or is none of Coach's steps.
    """
    for name in ("heatup_steps", "improve_steps", "steps_between_evaluation_periods"):
        _require_steps(name, getattr(manager, name))
    _require_steps("evaluation_steps", manager.evaluation_steps)


def _require_steps(name: str, steps: Any) -> None:
    if type(steps).__name__ not in STEPS:
        msg = "the preset's schedule has {} = {!r}; allowed are {}"
        raise PresetRefused(msg.format(name, steps, ", ".join(STEPS)))


def _episodes(steps: Any) -> int:
    """Return how many episodes an evaluation has: a fixed number, so that means compare."""
    if type(steps).__name__ == "EnvironmentEpisodes" and steps.num_steps:
        return int(steps.num_steps)
    return USUAL_EPISODES

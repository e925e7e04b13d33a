"""Coach behind the interface that the shared training loop drives."""

import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Sequence, Tuple

from rl_coach.core_types import EnvironmentSteps, RunPhase

import rlscript
from rlscript.models import read_manifest
from rlscript_coach import checkpoints
from rlscript_coach.export import export, set_weights
from rlscript_coach.filming import filmed
from rlscript_coach.places import Place
from rlscript_coach.policies import Policy
from rlscript_coach.probing import random_observations
from rlscript_coach.schedule import Schedule

# What Coach prints of an episode of an evaluation.
_TESTING = (
    "Testing> Name={agent.full_name_id}, Worker={agent.task_id}, Episode={agent.current_episode}, "
    "Total reward={total}, Steps={agent.total_steps_counter}, "
    "Training iteration={agent.training_iteration}\n"
)


class CoachLearner(rlscript.Learner):
    """A graph manager of Coach's with one agent.

    Its policy is exported once at the beginning, so that what cannot be exported is told before
    hours of training rather than after them.

    Attributes:
        policy: What acts.
        place: Where.
        slice_seconds: How long an iteration may take: between two of them the loop hears signals
            and reports.
    """

    slice_seconds = 5.0

    def __init__(
        self, manager: Any, schedule: Schedule, place: Place, *, film: bool = False
    ) -> None:
        self._manager = manager
        self._schedule = schedule
        self.place = place
        self._film = film
        self.policy = Policy(manager)
        self._agent = self.policy.agent
        self._heated = False
        self._period_end: Any = None
        self._observations = random_observations(place)
        manager.sync()
        self.export()

    @property
    def step(self) -> int:
        """Environment steps so far, as Coach counts them."""
        return int(self._agent.total_steps_counter)

    def advance(self) -> rlscript.Progress:
        """Heat up, or train until an evaluation is due; in either case not for long."""
        returns: List[float] = []
        until = time.monotonic() + self.slice_seconds
        self._heated = self._heated or self._heat_up(until)
        if self._heated:
            self._train(until, returns)
        mean = sum(returns) / len(returns) if returns else None
        told = {
            "episodes": int(self._agent.current_episode),
            "training_iteration": int(self._agent.training_iteration),
        }
        return rlscript.Progress(self.step, mean, told)

    def act(self, turns: List[rlscript.Turn]) -> Sequence[Tuple[Any, Any]]:
        """Return the greedy actions of Coach's own network."""
        return self.policy.act(turns)

    def evaluate(self, make: Callable[[], Any], episodes: int) -> rlscript.Evaluation:
        """Return the outcome of greedy episodes, and print their mean as Coach prints a return.

        One line an evaluation: the metrics of the original read each as an evaluation's outcome.
        """
        with filmed(make, self.step if self._film else None) as stage:
            found = rlscript.evaluate(self.act, stage, episodes)
        sys.stdout.write(_TESTING.format(agent=self._agent, total=round(found.return_mean, 2)))
        sys.stdout.flush()
        return found

    def save(self, folder: Path) -> None:
        """Write Coach's own checkpoint, and the counters that it leaves out."""
        checkpoints.save(self._manager, self.policy, folder)

    def restore(self, folder: Path) -> None:
        """Go on from such a checkpoint.

        Raises:
            CheckpointRefused: It is of another release, backend or network.
        """
        checkpoints.restore(self._manager, self.policy, folder)
        self._heated = False  # the replay buffer is empty
        self._schedule.check(self._counter)

    def warm_start(self, folder: Path) -> None:
        """Take the weights and the filters' statistics of an exported model.

        Raises:
            WarmStartRefused: They are another network's.
        """
        set_weights(self.policy, (folder / read_manifest(folder)["weights"]).read_bytes())
        self._manager.sync()

    def export(self) -> Tuple[Dict[str, Any], Dict[str, bytes]]:
        """Return the policy as ONNX, checked against Coach's own answers, with its manifest."""
        return export(self.policy, self.place, self._observations)

    @property
    def _counter(self) -> Any:
        return self._manager.total_steps_counters[RunPhase.TRAIN]

    def _heat_up(self, until: float) -> bool:
        """Act at random for a while, and return whether that was enough."""
        manager, steps = self._manager, self._schedule.heatup
        if not steps.num_steps or self._schedule.finished:
            return True
        if self._period_end is None:
            manager.phase = RunPhase.HEATUP
            manager.reset_internal_state(force_environment_reset=True)
            self._period_end = manager.current_step_counter + steps
        # Whole episodes, as Coach heats up.
        while manager.current_step_counter < self._period_end or not manager.reset_required:
            manager.act(EnvironmentSteps(1))
            if time.monotonic() >= until:
                return False
        self._period_end = None
        return True

    def _train(self, until: float, returns: List[float]) -> None:
        """Train for a while, as Coach's `train_and_act` does."""
        manager, schedule = self._manager, self._schedule
        while not schedule.finished:
            if self._period_end is None:
                manager.phase = RunPhase.TRAIN
                manager.reset_internal_state(force_environment_reset=True)
                self._period_end = self._counter + schedule.period
            manager.act(EnvironmentSteps(1))
            if manager.reset_required:
                returns.append(float(self._agent.total_reward_in_current_episode))
            manager.train()
            schedule.check(self._counter)
            if not self._counter < self._period_end:
                self._period_end = None
                schedule.end_period()
                return
            if time.monotonic() >= until:
                return

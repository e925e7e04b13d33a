"""The loop that every toolkit shares: advance, evaluate when due, keep the best, stop."""

import json
import math
from pathlib import Path
from typing import Any, Callable, ContextManager, Dict, List, NamedTuple, Optional, Sequence, Tuple

from rlscript.checkpoints import Checkpoint, Checkpoints
from rlscript.evaluation import Evaluation, Turn, evaluate
from rlscript.models import publish_model, read_manifest, read_model
from rlscript.paths import checkpoint_dir, model_dir
from rlscript.reporting import announce, report, seconds_since_start
from rlscript.starting import starting_point
from rlscript.stopping import Interruption, StopRule

# The best policy's model, kept in its checkpoint so that a resumed job can publish it again.
_MODEL = "model"

# A manifest and the files that it names, as `publish_model` takes them.
Model = Tuple[Dict[str, Any], Dict[str, bytes]]


class Progress(NamedTuple):
    """What one iteration reached.

    Attributes:
        step: Environment steps so far, in all.
        training_return: Mean return of training episodes, None until one has ended.
        metrics: What else to report, by name.
    """

    step: int
    training_return: Optional[float]
    metrics: Dict[str, Any]


class Outcome(NamedTuple):
    """Why training ended, at which step, and the mean return of the best evaluation."""

    reason: str
    step: int
    best_return: Optional[float]


class Learner:
    """What a toolkit's package implements; `train` does the rest."""

    def advance(self) -> Progress:
        """Train for one iteration and return what it reached."""
        raise NotImplementedError

    def act(self, turns: List[Turn]) -> Sequence[Tuple[Any, Any]]:
        """Return the current policy's greedy action, and its next state, for each turn."""
        raise NotImplementedError

    def evaluate(self, make: Callable[[], Any], episodes: int) -> Evaluation:
        """Return the outcome of greedy episodes of the current policy, each on a seed of its own.

        Args:
            make: Returns a new environment.
            episodes: How many.
        """
        return evaluate(self.act, make, episodes)

    def save(self, folder: Path) -> None:
        """Write everything from which training can go on."""
        raise NotImplementedError

    def restore(self, folder: Path) -> None:
        """Go on from what `save` wrote."""
        raise NotImplementedError

    def warm_start(self, folder: Path) -> None:
        """Take the weights of a model that `export` wrote, and nothing else."""
        raise NotImplementedError

    def export(self) -> Model:
        """Return the current policy as a manifest and files, for `publish_model`.

        The manifest's `env` holds the environment's `id` and `kwargs`: evaluations in different
        ones are never compared.
        """
        raise NotImplementedError


class EvaluationPlan(NamedTuple):
    """When to evaluate: as soon as the training return gives reason to, and at intervals.

    The rule looks at steps and returns, never at a clock, so that equal seeds give equal runs.

    Attributes:
        episodes: Episodes of each evaluation.
        every_steps: Environment steps after which to evaluate in any case.
        improvement: Rise of the training return since the last evaluation, as a share of it,
            after which to evaluate at once.
    """

    episodes: int = 100
    every_steps: int = 20000
    improvement: float = 0.1

    def due(self, now: Progress, before: Optional[Progress]) -> bool:
        """Tell whether to evaluate now, given the progress at the last evaluation."""
        if before is None or now.step - before.step >= self.every_steps:
            return True
        if now.training_return is None or before.training_return is None:
            return now.training_return is not None
        rise = now.training_return - before.training_return
        return rise > self.improvement * abs(before.training_return)


DEFAULT_EVALUATION = EvaluationPlan()


def train(
    start: Callable[[], ContextManager[Learner]],
    make: Callable[[], Any],
    stop: StopRule,
    evaluation: EvaluationPlan = DEFAULT_EVALUATION,
) -> Outcome:
    """Train until the stop rule, SIGTERM or Ctrl-C, and leave the best policy in the model folder.

    The best policy has the greatest mean return of an evaluation, the latest of equals. A job that
    goes on from a checkpoint keeps the best so far, unless it was evaluated in another environment
    or over another number of episodes. Where the checkpoint's steps fulfil the stop rule already,
    nothing is trained.

    Args:
        start: Opens the toolkit and gives the learner; left at the end, whatever happens.
        make: Returns a new environment for evaluations.
        stop: When training ends.
        evaluation: How many episodes to evaluate, and when.

    Returns:
        Why training ended, at which step, and the best evaluation's mean return.
    """
    with Interruption() as interruption, start() as learner:
        interruption.arm()
        run = _Run(learner, make, evaluation)
        run.begin()
        reason = interruption.reason or run.nothing_to_do(stop)
        while not reason:
            run.advance()
            reason = interruption.reason or run.stop_reason(stop)
        run.finish(in_peace=interruption.reason is None)
    return Outcome(reason, run.step, run.best_return)


class _Run:
    """One training run: what has been reached so far."""

    def __init__(self, learner: Learner, make: Callable[[], Any], plan: EvaluationPlan) -> None:
        self._learner = learner
        self._make = make
        self._plan = plan
        self._checkpoints = Checkpoints(checkpoint_dir())
        self._evaluated = None  # type: Optional[Progress]
        self._progress = Progress(0, None, {})
        self._latest = None  # type: Optional[Evaluation]
        self._published = False
        self.best_return = None  # type: Optional[float]

    @property
    def step(self) -> int:
        return self._progress.step

    def begin(self) -> None:
        with starting_point() as place:
            if place.checkpoint:
                self._learner.restore(place.checkpoint.folder)
                self._progress = Progress(place.checkpoint.step, None, {})
                self._take_best()
            elif place.model:
                self._learner.warm_start(place.model)

    def nothing_to_do(self, stop: StopRule) -> Optional[str]:
        """Return why no training is needed: what came before this run is enough."""
        reason = stop.reason_before(self.step)
        if reason:
            announce("stops without training: " + reason)
        return reason

    def advance(self) -> None:
        self._progress = self._learner.advance()
        due = self._plan.due(self._progress, self._evaluated)
        self._latest = self._evaluate() if due else None
        report(
            self.step,
            episode_return_mean=self._progress.training_return,
            evaluation_return_mean=self._latest.return_mean if self._latest else None,
            **self._progress.metrics,
        )

    def stop_reason(self, stop: StopRule) -> Optional[str]:
        reached = self._latest.return_mean if self._latest else None
        return stop.reason(self.step, seconds_since_start(), reached)

    def finish(self, *, in_peace: bool) -> None:
        """Save the last state; an interrupted run has no time left for another evaluation."""
        untrained = self._published and self._evaluated is None
        if in_peace and self._latest is None and not untrained:
            self._latest = self._evaluate()
            report(self.step, evaluation_return_mean=self._latest.return_mean)
        last = self._checkpoints.last()
        if last is None or last.step < self.step:
            with self._checkpoints.writing(self.step) as folder:
                self._learner.save(folder)
        if not self._published:
            publish_model(model_dir(), *self._exported("last", None))

    def _evaluate(self) -> Evaluation:
        """Evaluate the current policy, keep it, and publish it if it is the best so far."""
        found = self._learner.evaluate(self._make, self._plan.episodes)
        mean = found.return_mean if math.isfinite(found.return_mean) else None
        # Of equals the later one: it has learned from more.
        improved = mean is not None and (self.best_return is None or mean >= self.best_return)
        model = self._exported("best", found) if improved else None
        with self._checkpoints.writing(self.step, mean) as folder:
            self._learner.save(folder)
            if model:
                publish_model(folder / _MODEL, *model)
        if model:
            publish_model(model_dir(), *model)
            self._published = True
            self.best_return = mean
        self._evaluated = self._progress
        return found

    def _exported(self, which: str, found: Optional[Evaluation]) -> Model:
        manifest, files = self._learner.export()
        summary = dict(found.summary(), step=self.step) if found else None
        return dict(manifest, checkpoint=which, evaluation=summary), files

    def _take_best(self) -> None:
        """Publish the best policy so far of those that were evaluated as this run evaluates.

        The others count no more: their returns cannot be compared with those to come.
        """
        now = _conditions(self._learner.export()[0], self._plan.episodes)
        forgotten = []  # type: List[str]
        for found in self._checkpoints.ranked():
            before = _conditions_of(found.folder / _MODEL)
            if before == now:
                self._publish_again(found)
                break
            if before:
                forgotten.append(_told(found, before, now))
            self._checkpoints.forget_metric(found)
        if forgotten:
            announce("forgets the best policy so far, " + forgotten[0])

    def _publish_again(self, found: Checkpoint) -> None:
        """Make a checkpoint's model this job's: its folder is empty when it starts."""
        model = found.folder / _MODEL
        publish_model(model_dir(), read_manifest(model), read_model(model))
        self._published = True
        self.best_return = found.metric


def _conditions_of(model: Path) -> Dict[str, Any]:
    """Return the conditions of a model's evaluation, nothing where there is no model."""
    if not model.is_dir():
        return {}
    manifest = read_manifest(model)
    return _conditions(manifest, (manifest.get("evaluation") or {}).get("episodes"))


def _conditions(manifest: Dict[str, Any], episodes: Optional[int]) -> Dict[str, Any]:
    """Return what a mean return depends on besides the policy, as JSON gives it back."""
    env = manifest.get("env") or {}
    found = {"env": env.get("id"), "env_kwargs": env.get("kwargs"), "episodes": episodes}
    return dict(json.loads(json.dumps(found)))


def _told(found: Checkpoint, before: Dict[str, Any], now: Dict[str, Any]) -> str:
    differences = [
        "{} {} instead of {}".format(name, json.dumps(before[name]), json.dumps(now[name]))
        for name in sorted(now)
        if before[name] != now[name]
    ]
    msg = "return {:.10g} at step {}: it was evaluated with {}"
    return msg.format(found.metric, found.step, " and ".join(differences))

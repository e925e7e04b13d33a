"""Checks of one real, short training: its curve, its policy, its endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rlcore import RLEstimator, policy
from rlcore.errors import EvaluationFailed, InterpreterNotFound, RLCoreError
from rlcore.evaluation.engine import TRAINING
from rlcore.evaluation.report import alike
from rlcore.names import split_key
from rlcore.spec import Environment
from rlcore.testing.contracts.base import Checks, installed, marked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rlcore.evaluation import Episodes, EvaluationReport
    from rlcore.predictor import Predictor
    from rlcore.testing.contracts.records import ShortTraining


_KEPT = pytest.StashKey[dict[Any, Any]]()
_ASKED_ALONE = 20


class TrainingChecks(Checks):
    """Whether a policy comes out of a training, and acts behind an endpoint as it did there.

    The tests carry the markers `training` and `timeout`, where the configuration knows them.
    """

    @marked("training")
    @marked("timeout", 900)
    @pytest.mark.usefixtures("contract_home")
    def test_a_short_training_succeeds(
        self, short_training: ShortTraining | None, request: pytest.FixtureRequest
    ) -> None:
        """A job on this machine ends well, and its log becomes a learning curve."""
        estimator = self._trained(short_training, request, first=True)
        problems = []
        if "captured_logs" not in self.cannot and not len(estimator.jobs[-1].curve()):
            problems.append(f"the log of {estimator.jobs[-1].name} has no value of any metric")
        self._verdict(problems, "report values, by rlscript.report, that the metrics match.")

    @marked("training")
    @marked("timeout", 900)
    @pytest.mark.usefixtures("contract_home")
    def test_its_policy_is_exported(
        self, short_training: ShortTraining | None, request: pytest.FixtureRequest
    ) -> None:
        """The model's archive holds the manifest `policy.json`, of this toolkit and release."""
        self._able("deployment")
        estimator = self._trained(short_training, request)
        cure = "publish the policy by rlscript.models.publish_model at the end of the training."
        self._verdict(self._of_archive(estimator), cure)

    @marked("training")
    @marked("timeout", 900)
    @pytest.mark.usefixtures("contract_home")
    def test_its_endpoint_acts_as_the_policy_does(
        self, short_training: ShortTraining | None, request: pytest.FixtureRequest
    ) -> None:
        """Episodes through a local endpoint equal those that the training has played, by seed.

        Those of the policy in process are equal, too; and what is asked alone is answered as it
        was within a batch. Whoever acts the same in every turn must fare otherwise: in a game
        that does not show this, nobody sees that the policy is another one.
        """
        self._able("deployment")
        estimator = self._trained(short_training, request)
        if any(self._of_archive(estimator)):
            pytest.skip("no policy is exported; see the check of that")
        cure = "export exactly what the training acts with: normalisation, clipping and all."
        predictor = estimator.deploy(1, "local")
        try:
            self._able("evaluation")
            problems = list(self._of_actions(estimator, predictor, self._episodes(request)))
            self._verdict(problems, cure)
        finally:
            predictor.delete_endpoint()

    @pytest.fixture
    def contract_home(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
    ) -> Path:
        """Keep jobs and environments in one temporary home, for all trainings of the run."""
        home = tmp_path_factory.getbasetemp() / "contract-home"
        monkeypatch.setenv("RLCORE_HOME", str(home))
        return home

    def _episodes(self, request: pytest.FixtureRequest) -> int:
        training: ShortTraining = request.getfixturevalue("short_training")
        return training.episodes

    def _trained(
        self, training: ShortTraining | None, request: pytest.FixtureRequest, *, first: bool = False
    ) -> RLEstimator:
        """Train, or return what this run has trained already; *first* tells what went wrong."""
        if training is None:
            self._able("training")
            if not first:
                pytest.skip("no training is given")
            missing = "no training is given, so that nobody knows whether its policies are right"
            self._verdict([missing], "give training = ShortTraining(...), which takes seconds.")
        assert training is not None  # noqa: S101 - the verdict does not return
        kept = request.session.stash.setdefault(_KEPT, {})
        name = (type(self), repr(training))
        if name not in kept:
            self._require_environment(training)
            kept[name] = self._train(training)
        estimator: RLEstimator | RLCoreError = kept[name]
        if isinstance(estimator, InterpreterNotFound):
            pytest.skip(str(estimator))
        if isinstance(estimator, RLCoreError):
            if not first:
                pytest.skip("the training failed; see the check of it")
            pytest.fail(f"{self.key}: the training failed.\n{estimator}", pytrace=False)
        return estimator

    def _train(self, training: ShortTraining) -> RLEstimator | RLCoreError:
        toolkit, framework = split_key(self.key)
        try:
            estimator = RLEstimator(
                training.entry_point,
                source_dir=str(training.source_dir) if training.source_dir else None,
                toolkit=toolkit,
                toolkit_version=training.version,
                framework=framework,
                hyperparameters=dict(training.hyperparameters),
                registry=installed(),
                **training.arguments,
            )
            estimator.fit(logs=False)
        except RLCoreError as error:
            return error
        return estimator

    def _require_environment(self, training: ShortTraining) -> None:
        release = self._toolkit().release(training.version)
        if not isinstance(release.training, Environment):
            pytest.fail(f"{release} cannot be trained here: {release.training.reason}")

    def _of_archive(self, estimator: RLEstimator) -> Iterator[str]:
        manifest = policy.manifest_of(estimator.model_data)
        if manifest is None:
            yield f"the model {estimator.model_data} holds no policy.json"
        elif manifest.toolkit != self.key or manifest.release != estimator.toolkit_version:
            of = f"{manifest.toolkit} {manifest.release}"
            yield f"policy.json is of {of} instead of {self.key} {estimator.toolkit_version}"

    def _of_actions(
        self, estimator: RLEstimator, predictor: Predictor, episodes: int
    ) -> Iterator[str]:
        seen: list[tuple[Any, Any]] = []

        def act(turns: Sequence[Any]) -> list[tuple[Any, Any]]:
            answers = predictor.act_all(turns)
            seen.extend(zip(turns, (action for action, _ in answers), strict=True))
            return answers

        report = estimator.evaluate(episodes=episodes, actors={"endpoint": act})
        found = [str(pair) for pair in report.pairs() if pair.equal != pair.episodes]
        found += self._of_kept(report, estimator.toolkit_version)
        found += _of_batches(predictor, seen[:_ASKED_ALONE])
        yield from found or _of_game(estimator, report["endpoint"], seen[0][1])

    def _of_kept(self, report: EvaluationReport, version: str) -> Iterator[str]:
        """Without what the training saw, an export of initial weights equals itself."""
        compared = any(TRAINING in pair.sources for pair in report.pairs())
        unable = self._unable("evaluation_kept", version)
        if not compared and not unable:
            yield (
                "no episodes of the training to compare with: policy.json keeps none of this"
                " environment; say cannot={'evaluation_kept': reason}"
            )
        if compared and unable:
            yield "cannot names 'evaluation_kept', but policy.json keeps episodes of this training"


class _OutlastedError(Exception):
    """An episode is longer than all those that it is compared with."""


def _of_batches(predictor: Predictor, asked: list[tuple[Any, Any]]) -> Iterator[str]:
    for turn, together in asked:
        ((alone, _),) = predictor.act_all([turn])
        if not alike(alone, together):
            yield f"{turn.observation} alone is answered by {alone}, in a batch by {together}"


def _of_game(estimator: RLEstimator, played: Episodes, action: Any) -> Iterator[str]:
    """Play the same seeds with one action, until it is seen to fare otherwise."""
    longest = max(played.lengths)

    def act(turns: Sequence[Any]) -> list[tuple[Any, int]]:
        steps = [turn.state or 0 for turn in turns]
        if max(steps) >= longest:
            raise _OutlastedError
        return [(action, step + 1) for step in steps]

    number = len(played.returns)
    try:
        report = estimator.evaluate(episodes=number, actors={"control": act}, in_process=False)
    except (EvaluationFailed, _OutlastedError):  # The game may refuse the action later on.
        return
    control = report["control"]
    if (control.returns, control.lengths) == (played.returns, played.lengths):
        yield (
            f"this game cannot tell policies apart: with the action {action} in every step, its"
            f" {number} episodes have the same returns and lengths as with the policy; train in"
            " another game, or for longer"
        )

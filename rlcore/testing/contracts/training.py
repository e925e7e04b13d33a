"""Checks of one real, short training: its curve, its policy, its endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rlcore import RLEstimator, policy
from rlcore.errors import InterpreterNotFound, RLCoreError
from rlcore.names import split_key
from rlcore.spec import Environment
from rlcore.testing.contracts.base import Checks, installed, marked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

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
        """Episodes through a local endpoint equal those of the policy in process, seed by seed.

        Those that the training itself has played are equal too, where it kept them; and what is
        asked alone is answered as it was within a batch.
        """
        self._able("deployment")
        estimator = self._trained(short_training, request)
        if any(self._of_archive(estimator)):
            pytest.skip("no policy is exported; see the check of that")
        cure = "export exactly what the training acts with: normalisation, clipping and all."
        predictor = estimator.deploy(1, "local")
        try:
            self._able("evaluation")
            self._verdict(_of_actions(estimator, predictor, self._episodes(request)), cure)
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


def _of_actions(estimator: RLEstimator, predictor: Predictor, episodes: int) -> Iterator[str]:
    seen: list[tuple[Any, Any]] = []

    def act(turns: Sequence[Any]) -> list[tuple[Any, Any]]:
        answers = predictor.act_all(turns)
        seen.extend(zip(turns, (action for action, _ in answers), strict=True))
        return answers

    report = estimator.evaluate(episodes=episodes, actors={"endpoint": act})
    yield from (str(pair) for pair in report.pairs() if pair.equal != pair.episodes)
    for turn, together in seen[:_ASKED_ALONE]:
        ((alone, _),) = predictor.act_all([turn])
        if not _alike(alone, together):
            yield f"{turn.observation} alone is answered by {alone}, in a batch by {together}"


def _alike(one: Any, other: Any) -> bool:
    """Tell whether two actions are equal, figures with a fraction up to rounding."""
    one, other = (getattr(each, "tolist", lambda each=each: each)() for each in (one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    return bool(one == pytest.approx(other, rel=1e-5, abs=1e-5))

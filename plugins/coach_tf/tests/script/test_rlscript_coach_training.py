"""Trainings of a small task: whole, stopped, resumed, evaluated. For a release's environment."""

import contextlib
import io
import json
import os
import re
import tempfile
import unittest
from pathlib import Path
from unittest import mock

try:
    import rl_coach  # noqa: F401
except ImportError:
    msg = "for an environment that has Coach"
    raise unittest.SkipTest(msg) from None

import numpy as np
import toys
from rl_coach.architectures.layers import Dense

import rlscript
import rlscript_coach
from rlscript.models import read_manifest
from rlscript_coach.learner import CoachLearner
from rlscript_coach.presets import find_preset, load_preset
from rlscript_coach.releases import TENSORFLOW, backend, identity

# Steps before Coach begins: observations to check exports on, and one of Coach's own.
PROBING = 200
TESTING = re.compile("^Testing>.*Total reward=(.*?),", re.MULTILINE)


class Job(unittest.TestCase):
    """A job's folders."""

    def setUp(self):
        """Make them."""
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.model = self.folder / "model"
        self.checkpoints = rlscript.Checkpoints(self.folder / "checkpoints")

    def train(self, made, channels=None, stop=None, display="", **settings):
        """Train a preset in this process, and return the outcome with what was printed."""
        toys.current = made
        variables = {
            "SM_MODEL_DIR": str(self.model),
            "SM_OUTPUT_INTERMEDIATE_DIR": str(self.folder / "intermediate"),
            "RLCORE_CHECKPOINT_DIR": str(self.checkpoints.folder),
            "SM_HPS": json.dumps(settings),
            "DISPLAY": display,
        }
        for name, place in (channels or {}).items():
            variables["SM_CHANNEL_" + name.upper()] = str(place)
        printed = io.StringIO()
        with mock.patch.dict(os.environ, variables), contextlib.redirect_stdout(printed):
            outcome = rlscript_coach.train("toys:current", stop=stop or rlscript.StopRule(), seed=1)
        return outcome, printed.getvalue()


class Whole(Job):
    """A run from its beginning to the end of its schedule."""

    def test_run(self):
        """Heat-up, training and evaluations as the preset says; the best policy is left."""
        outcome, printed = self.train(
            toys.manager("DQN", improve=220), **{"rl.vis_params.dump_gifs": 1}
        )
        self.assertEqual("EnvironmentSteps(220) reached", outcome.reason)
        self.assertEqual(260, outcome.step)
        returns = [float(each) for each in TESTING.findall(printed)]
        self.assertEqual(3, len(returns))  # after 100 steps, after 200, and at the end
        self.assertAlmostEqual(max(returns), outcome.best_return, 1)
        manifest = read_manifest(self.model)
        self.assertEqual(outcome.best_return, manifest["evaluation"]["return_mean"])
        self.assertEqual({"id": toys.HERE, "kwargs": {}, "wrappers": []}, manifest["env"])
        # TensorFlow Serving would take a script for its own.
        self.assertNotIn("code/inference.py", manifest["files"])
        self.assertIn("Heatup> Name=main_level/agent, Worker=0, Episode=2, ", printed)
        self.assertEqual([], re.findall("\x1b", printed))
        self.assertEqual(1, printed.count("no GIFs are made"))
        self.assertTrue(list((self.folder / "intermediate").glob("worker_0.*.csv")))

    @toys.once
    def test_stop_rule_films_and_no_model(self):
        """A return that is reached ends it; evaluations are filmed; no model is left."""
        settings = {
            "stop_return": -1000,
            "save_model": "False",
            "discount": 0.9,
            "evaluation_episodes": 2,
        }
        settings.update({"rl.visualization_parameters.dump_gifs": "true"})
        made = toys.manager("DQN")
        outcome, printed = self.train(made, display=":0", **settings)
        self.assertIn("reached -1000", outcome.reason)
        self.assertEqual(1, len(TESTING.findall(printed)))
        self.assertEqual(0.9, made.agent_params.algorithm.discount)
        self.assertEqual([], [each for each in self.model.rglob("*") if each.is_file()])
        (film,) = (self.folder / "intermediate" / "gifs").glob("*.gif")
        self.assertEqual(b"GIF89a", film.read_bytes()[:6])


class Stopped(Job):
    """SIGTERM, and what comes after it."""

    def setUp(self):
        """Begin to count the environment's steps."""
        super().setUp()
        toys.Walk.steps = 0

    @toys.once
    def test_before_the_first_evaluation(self):
        """A run that ends while it heats up leaves a model and a checkpoint."""
        made = toys.manager("ClippedPPO", kill_at=PROBING + 30)
        with mock.patch.object(CoachLearner, "slice_seconds", 0.0):
            outcome, _ = self.train(made)
        self.assertEqual("interrupted by SIGTERM", outcome.reason)
        manifest = read_manifest(self.model)
        self.assertEqual(("last", None), (manifest["checkpoint"], manifest["evaluation"]))
        self.assertEqual(outcome.step, self.checkpoints.last().step)

    def test_resumed(self):
        """The next start goes on where it stopped, to the end of the same schedule."""
        steps = PROBING + 40 + 100 + 60  # heat-up, a period, an evaluation
        made = toys.manager("ClippedPPO", kill_at=steps + 30)
        with mock.patch.object(CoachLearner, "slice_seconds", 0.0):
            first, _ = self.train(made)
        self.assertEqual("interrupted by SIGTERM", first.reason)
        self.assertEqual("best", read_manifest(self.model)["checkpoint"])
        again, printed = self.train(toys.manager("ClippedPPO"))
        self.assertIn("goes on from the checkpoint at step {}".format(first.step), printed)
        self.assertEqual("EnvironmentSteps(200) reached", again.reason)
        # Heat-up is done again, since what the memory held is not in a checkpoint.
        self.assertEqual(40 + 200 + 40, again.step)

    @toys.once
    def test_all_is_done(self):
        """A further start trains no more, and says so."""
        first, _ = self.train(toys.manager("DQN"))
        again, printed = self.train(toys.manager("DQN"))
        self.assertEqual((first.reason, first.step), (again.reason, again.step))
        told = "rlcore: stops without training: EnvironmentSteps(200) reached\n"
        self.assertEqual(1, printed.count(told))
        for never in ("Training>", "Testing>", "rlcore step="):
            self.assertNotIn(never, printed)


class State(Job):
    """Checkpoints."""

    def test_restored(self):
        """Answers, statistics, counters and exploration are those of the one that was saved."""
        for agent in ("DQN",) if backend() == TENSORFLOW else ("ClippedPPO", "DQN"):
            with self.subTest(agent), tempfile.TemporaryDirectory() as name:
                seen = np.float32([[480, 3], [510, 7], [600, 19]])
                with toys.learning(toys.manager(agent), advances=3) as one:
                    one.save(Path(name))
                    expected = state_of(one, seen)
                with toys.learning(toys.manager(agent), seed=2) as other:
                    other.restore(Path(name))
                    found = state_of(other, seen)
                for before, after in zip(expected, found):
                    np.testing.assert_array_equal(before, after)

    @toys.once
    def test_refused(self):
        """A checkpoint of another release, backend or package is named before it is read."""
        self.train(toys.manager("DQN"))
        path = self.checkpoints.last().folder / "rlcore.json"
        state = json.loads(path.read_text())
        self.assertEqual(identity(), {key: state[key] for key in identity()})
        for change, expected in (
            ({"release": "0.9.9"}, "written by Coach 0.9.9 on"),
            ({"backend": "abacus"}, "on abacus, and this is Coach"),
            (None, "is no checkpoint of rlscript_coach: it has no rlcore.json"),
        ):
            if change is None:
                path.unlink()
            else:
                path.write_text(json.dumps(dict(state, **change)))
            refused = self.assertRaisesRegex(rlscript_coach.CheckpointRefused, expected)
            with self.subTest(change), refused:
                self.train(toys.manager("DQN"))

    def test_another_network(self):
        """A checkpoint of another network, optimiser or filter is refused by what differs."""
        with tempfile.TemporaryDirectory() as name:
            with toys.learning(toys.manager("DQN")) as one:
                one.save(Path(name))
            wider, unfiltered = toys.manager("DQN"), toys.manager("DQN", normalise=False)
            wider.agent_params.network_wrappers["main"].batch_size = 16  # which changes no shape
            middle = wider.agent_params.network_wrappers["main"].middleware_parameters
            middle.scheme = [Dense(9)]
            for other, expected in (
                (wider, r"is \(8,\) in the checkpoint, \(9,\) here.* the preset that it was"),
                (unfiltered, r"filter/0 is \(2,\) in the checkpoint, missing here\."),
            ):
                refused = self.assertRaisesRegex(rlscript_coach.CheckpointRefused, expected)
                with toys.learning(other) as one, refused:
                    one.restore(Path(name))


def state_of(one, seen):
    """Return what a checkpoint has to bring back."""
    agent = one.policy.agent
    counters = [agent.total_steps_counter, agent.current_episode, agent.training_iteration]
    statistics = [getattr(each, "_sum") for each in one.policy.statistics()]  # noqa: B009
    explored = agent.exploration_policy.get_control_param()
    return [*one.policy.outputs(seen), counters, statistics, explored]


@toys.once
class Evaluated(Job):
    """A policy that is evaluated and not trained."""

    def test_model_and_checkpoint(self):
        """It plays as it did in training, as many episodes or steps as asked."""
        self.train(toys.manager("DQN"))
        model, checkpoints = self.model, self.checkpoints.folder
        expected = read_manifest(model)["evaluation"]["returns"]
        for channels, settings in (
            ({"model": model}, {"evaluate_episodes": 3}),
            ({"checkpoint": checkpoints}, {"evaluate_steps": 3 * toys.EPISODE - 1}),
        ):
            with self.subTest(settings):
                self.setUp()
                outcome, printed = self.train(toys.manager("DQN"), channels, **settings)
                self.assertEqual("evaluated only", outcome.reason)
                self.assertNotIn("Training>", printed)
                found = read_manifest(self.model)["evaluation"]
                self.assertEqual(3, found["episodes"])
                if "model" in channels:
                    self.assertEqual(expected, found["returns"])

    def test_no_model_wanted(self):
        """Nothing is left where the job wants no model; why it trains nothing is said."""
        self.train(toys.manager("DQN"))
        channels = {"checkpoint": self.checkpoints.folder}
        self.setUp()
        settings = {"evaluate_steps": 5, "save_model": False}
        _, printed = self.train(toys.manager("DQN"), channels, **settings)
        told = "evaluates and does not train: evaluate_steps is given, improve_steps is not"
        self.assertIn(told, printed)
        self.assertEqual([], [each for each in self.model.rglob("*") if each.is_file()])

    def test_nothing_to_evaluate(self):
        """Without a channel there is nothing to play."""
        with self.assertRaisesRegex(
            rlscript.NothingToStartFrom, "give the channel .*evaluation_episodes"
        ):
            self.train(toys.manager("DQN"), evaluate_episodes=1)


class Presets(Job):
    """Names of presets and what is in them."""

    def load(self, name):
        """Load a preset of a folder with two modules."""
        folder = self.folder
        (folder / "preset-walk-dqn.py").write_text(
            "import toys\ngraph_manager = toys.manager('DQN')\n"
        )
        (folder / "preset_empty.py").write_text("other = graph_manager = 5\n")
        return load_preset(find_preset(name, folder))

    def test_found(self):
        """Hyphens and underscores are alike."""
        for name in ("preset-walk-dqn", "preset_walk_dqn", "preset_walk_dqn.py"):
            self.assertEqual("BasicRLGraphManager", type(self.load(name)).__name__)
        found = self.load("rl_coach.presets.CartPole_ClippedPPO")
        self.assertEqual("CartPole-v0", found.env_params.level)

    def test_missing(self):
        """Those that are there are listed, with the nearest."""
        for name, expected in (
            (
                "preset_walk_dqm",
                "did you mean 'preset-walk-dqn'?.* there are preset-walk-dqn, preset_empty",
            ),
            ("no.such.module", "there is no preset 'no.such.module'"),
            ("preset_empty", "'graph_manager' of the preset 'preset_empty' is a int"),
            ("preset-walk-dqn:manager", "has no 'manager'; of graph managers it has graph_manager"),
        ):
            refused = self.assertRaisesRegex(rlscript_coach.PresetMissing, expected)
            with self.subTest(name), refused:
                self.load(name)

    def test_hyperparameters(self):
        """Coach's own types in a real preset."""
        made = toys.manager("DQN")
        rlscript_coach.hyperparameters.apply(
            made,
            {
                "rl.agent_params.algorithm.num_consecutive_playing_steps": "EnvironmentEpisodes(2)",
                "rl.agent_params.exploration.epsilon_schedule": "LinearSchedule(1.0, 0.1, 50)",
                "rl.improve_steps": 7,
                "rl.evaluation_steps:EnvironmentSteps": "9",
            },
        )
        playing = made.agent_params.algorithm.num_consecutive_playing_steps
        self.assertEqual(("EnvironmentEpisodes", 2), (type(playing).__name__, playing.num_steps))
        self.assertEqual(50, made.agent_params.exploration.epsilon_schedule.decay_steps)
        self.assertEqual(
            ("EnvironmentSteps", 7),
            (type(made.improve_steps).__name__, made.improve_steps.num_steps),
        )
        self.assertEqual("EnvironmentSteps", type(made.evaluation_steps).__name__)
        wrong = {"rl.agent_params.exploration.epsilon_schedule": "LinearSchedule(1.0)"}
        with self.assertRaisesRegex(rlscript.HyperparameterError, "LinearSchedule cannot be made"):
            rlscript_coach.hyperparameters.apply(made, wrong)


if __name__ == "__main__":
    unittest.main()

"""What the original's dotted hyperparameters mean. Without Ray, on any Python."""

import io
import json
import os
import subprocess
import sys
import unittest
from unittest import mock

import rlscript
from rlscript.settings import HyperparameterError
from rlscript_ray.classic.cluster import warn_of_many_workers
from rlscript_ray.classic.configuration import combined
from rlscript_ray.classic.hyperparameters import Given, given_values, parse
from rlscript_ray.classic.stopping import EVALUATED, StopRule, evaluation_plan

DEFAULT = {
    "lr": 5e-05,
    "num_gpus": 0,
    "num_workers": 0,
    "num_envs_per_worker": 1,
    "num_sgd_iter": 30,
    "use_gae": True,
    "grad_clip": None,
    "observation_filter": "NoFilter",
    "env_config": {},
    "callbacks": {"on_train_result": None},
    "model": {"fcnet_hiddens": [256, 256], "use_lstm": False, "custom_options": {}},
    "policy_mapping_fn": len,
}


class Names(unittest.TestCase):
    """What a hyperparameter's name stands for."""

    def test_known(self):
        """Trainer, environment, config, limits and intervals, one by one or as dictionaries."""
        values = {
            "rl.training.run": "PPO",
            "rl.training.env": "CartPole-v0",
            "rl.training.config.lr": 0.001,
            "rl.training.config.model.fcnet_hiddens": "[64, 64]",
            "rl.training.stop": '{"timesteps_total": 5000}',
            "rl.training.stop.episode_reward_mean": "195",
            "rl.training.checkpoint_freq": "10",
            "rl.training.checkpoint_at_end": "True",
            "evaluate_episodes": 5,
            "goal": 3,
        }
        config = {("lr",): 0.001, ("model", "fcnet_hiddens"): "[64, 64]"}
        stop = {"timesteps_total": 5000.0, "episode_reward_mean": 195.0}
        expected = Given("PPO", "CartPole-v0", config, stop, 10, 5)
        self.assertEqual(expected, parse(values, own=["goal"]))

    def test_whole_tree(self):
        """One dictionary may hold everything below `rl.training`."""
        given = parse({"rl.training": {"run": "DQN", "config": {"lr": 1e-3}}})
        self.assertEqual(Given("DQN", config={("lr",): 1e-3}), given)

    def test_unknown(self):
        """An unknown name is an error that tells the nearest, or what was probably meant."""
        table = [
            ("lr", "rl.training.config.lr"),
            ("learning_rate", "'rl.training.config.lr'"),
            ("rl.training.stop.episode_reward", "mean 'episode_reward_mean'"),
            ("evaluation_episode", "'evaluation_episodes'"),
            ("rl.trainig.config.lr", "rl.training.config.lr"),
            ("timesteps_total", "rl.training.stop.timesteps_total"),
            ("rl.training.stop.timestep_total", "timesteps_total"),
            ("rl.training.checkpoint_frequency", "checkpoint_freq"),
            ("rl.training.config", "config.<path>"),
        ]
        for name, nearest in table:
            with self.subTest(name), self.assertRaises(HyperparameterError) as raised:
                parse({name: 1})
            self.assertIn(repr(name), str(raised.exception))
            self.assertIn(nearest, str(raised.exception))

    def test_wrong_values(self):
        """A limit is a number, an interval positive, and the last checkpoint not optional."""
        table = [
            ("rl.training.stop.timesteps_total", "many"),
            ("rl.training.stop.timesteps_total", -5),
            ("rl.training.stop.training_iteration", "0"),
            ("rl.training.stop.episode_reward_mean", "nan"),
            ("rl.training.checkpoint_freq", 0),
            ("rl.training.checkpoint_at_end", "False"),
            ("evaluate_episodes", "0"),
        ]
        for name, value in table:
            with self.subTest(name), self.assertRaises(HyperparameterError) as raised:
                parse({name: value})
            self.assertIn(name, str(raised.exception))

    def test_nothing_near(self):
        """Of the trainer's keys only those are suggested that are there."""
        with self.assertRaises(HyperparameterError) as raised:
            parse({"temperature": 1})
        self.assertNotIn("did you mean", str(raised.exception))

    def test_returns_below_zero(self):
        """A return may be wanted that is below zero."""
        given = parse({"rl.training.stop.episode_reward_mean": -150})
        self.assertEqual({"episode_reward_mean": -150.0}, given.stop)

    def test_sources(self):
        """A job's come from its variable, a bare run's from the command line."""
        with mock.patch.dict(os.environ, {"SM_HPS": '{"rl.training.run": "A2C"}'}):
            self.assertEqual({"rl.training.run": "A2C"}, given_values())
        arguments = ["train.py", "--rl.training.config.lr", "1e-3"]
        with mock.patch.object(sys, "argv", arguments):
            self.assertEqual({"rl.training.config.lr": "1e-3"}, given_values())


class BeforeRay(unittest.TestCase):
    """What is told before Ray is imported, in one line."""

    # A module that is None in sys.modules cannot be imported.
    SCRIPT = (
        "import sys; sys.modules.update(dict.fromkeys(['ray', 'numpy']))\n"
        "import rlscript_ray.classic\n"
        "rlscript_ray.classic.train(env='json:loads', stop={'timesteps_total': int(sys.argv[1])})"
    )

    def test_refusals(self):
        """Names of hyperparameters, their values, limits and environments."""
        nothing = "the environment 'nothing:there' names the module 'nothing', which cannot"
        table = [
            ({"lr": 1}, "HyperparameterError: unknown hyperparameter 'lr'; did you mean"),
            ({"seed": "one"}, "HyperparameterError: hyperparameter 'seed' must be of type int"),
            ({"rl.training.stop.step": 1}, "HyperparameterError: unknown hyperparameter"),
            ({"evaluate_episodes": 3}, "NothingToStartFrom: evaluate_episodes evaluates a policy"),
            ({"rl.training.env": "nothing:there"}, "EnvironmentFailed: " + nothing),
            ({"rl.training.config.env": "nothing:there"}, "EnvironmentFailed: " + nothing),
            ({"rl.training.env": "json:load_"}, "EnvironmentFailed: the module 'json' has no"),
        ]
        for given, told in table:
            with self.subTest(told):
                self.check(given, 100, told)
        self.check({}, -5, "HyperparameterError: limit 'timesteps_total' of `stop` must be above 0")

    def check(self, given, limit, told):
        """Run the script with hyperparameters and a limit of its own, and compare its last line."""
        done = subprocess.run(
            [sys.executable, "-c", self.SCRIPT, str(limit)],
            env=dict(os.environ, SM_HPS=json.dumps(given)),
            stderr=subprocess.PIPE,
            universal_newlines=True,
            check=False,
        )
        self.assertEqual((1, 1), (done.returncode, done.stderr.count("\n")), done.stderr)
        self.assertTrue(done.stderr.startswith(told), done.stderr)


class Configs(unittest.TestCase):
    """A config of the script's with hyperparameters over it."""

    def test_types(self):
        """Values are read as the default's type: "False" is false."""
        given = {
            ("lr",): "1e-3",
            ("num_gpus",): "0.5",
            ("use_gae",): "False",
            ("grad_clip",): "40",
            ("observation_filter",): "MeanStdFilter",
            ("env_config", "corridor", "length"): "7",
            ("model", "fcnet_hiddens"): "[64]",
            ("model", "custom_options", "depth"): 2,
        }
        expected = {
            "lr": 1e-3,
            "num_gpus": 0.5,
            "use_gae": False,
            "grad_clip": 40,
            "observation_filter": "MeanStdFilter",
            "env_config": {"corridor": {"length": 7}},
            "model": {"fcnet_hiddens": [64], "custom_options": {"depth": 2}},
        }
        self.assertEqual(expected, combined(DEFAULT, {}, given))

    def test_counts(self):
        """What Ray counts with stays whole, and the error tells its default as it is."""
        given = {("num_sgd_iter",): "8", ("num_workers",): 4.0, ("grad_norm_clipping",): "0.5"}
        default = dict(DEFAULT, grad_norm_clipping=40)
        found = combined(default, {}, given)
        self.assertEqual(
            "{'num_sgd_iter': 8, 'num_workers': 4, 'grad_norm_clipping': 0.5}", str(found)
        )
        with self.assertRaises(HyperparameterError) as raised:
            combined(DEFAULT, {}, {("num_sgd_iter",): "two"})
        self.assertIn("must be of type int (its default is 30)", str(raised.exception))

    def test_over_the_script(self):
        """Hyperparameters win over the script's values, whose own dictionaries stay as they are."""
        script = {"lr": 0.1, "model": {"use_lstm": True}}
        found = combined(DEFAULT, script, {("lr",): 0.2, ("model", "fcnet_hiddens"): [8]})
        model = {"use_lstm": True, "fcnet_hiddens": [8]}
        self.assertEqual({"lr": 0.2, "model": model}, found)
        self.assertEqual({"lr": 0.1, "model": {"use_lstm": True}}, script)

    def test_unknown(self):
        """An unknown path is an error that tells the nearest, the script's as well."""
        table = [
            ({}, {("lrr",): 1}, "'lr'"),
            ({}, {("model", "fcnet_hidden"): [1]}, "'fcnet_hiddens'"),
            ({}, {("lr", "schedule"): 1}, "nothing below"),
            ({"use_gea": True}, {}, "'use_gae'"),
            ({"model": {"fcnet_hidden": [1]}}, {}, "'fcnet_hiddens'"),
        ]
        for script, given, told in table:
            with self.subTest(told), self.assertRaises(HyperparameterError) as raised:
                combined(DEFAULT, script, given)
            self.assertIn(told, str(raised.exception))

    def test_wrong_types(self):
        """A value of another type is an error with the name, the type and what was given."""
        table = [("lr", "fast"), ("use_gae", "maybe"), ("num_gpus", "all"), ("model", "[1]")]
        counts = [("num_sgd_iter", "2.5"), ("num_workers", 1.5), ("num_envs_per_worker", "null")]
        for name, value in [*table, *counts, ("policy_mapping_fn", "len")]:
            with self.subTest(name), self.assertRaises(HyperparameterError) as raised:
                combined(DEFAULT, {}, {(name,): value})
            self.assertIn("'rl.training.config.{}'".format(name), str(raised.exception))


class Workers(unittest.TestCase):
    """How many processes a config asks for."""

    def test_many(self):
        """More workers than CPUs are a line in the log, before the silence while they start."""
        there = len(os.sched_getaffinity(0))
        for count, lines in [(there, 0), (there + 1, 1)]:
            with self.subTest(count), mock.patch("sys.stdout", io.StringIO()) as told:
                warn_of_many_workers({"num_workers": count - 1, "evaluation_num_workers": 1})
            self.assertEqual(lines, told.getvalue().count("rlcore: warning: "))
            self.assertIn("num_workers={}".format(there) if lines else "", told.getvalue())


class Stopping(unittest.TestCase):
    """Ray's limits, and when to evaluate."""

    def test_first_limit(self):
        """The first of Ray's results that reaches its limit ends the training."""
        rule = StopRule({"episode_reward_mean": 195, "timesteps_total": 1000, EVALUATED: 190})
        self.assertIsNone(rule.reason(999, 0.0, None))
        rule.results = {"episode_reward_mean": float("nan")}
        self.assertIsNone(rule.reason(999, 0.0, 189.0))
        rule.results = {"episode_reward_mean": 195.5}
        self.assertEqual("episode_reward_mean 195.5 reached 195", rule.reason(999, 0.0, None))
        rule.results = {}
        self.assertEqual("timesteps_total 1000 reached 1000", rule.reason(1000, 0.0, None))
        told = "evaluation_return_mean 190 reached 190"
        self.assertEqual(told, rule.reason(5, 0.0, 190.0))

    def test_resumed(self):
        """What was reached before a resume is enough where a limit says so."""
        rule = StopRule({"training_iteration": 5, "timesteps_total": 1000})
        self.assertIsNone(rule.reason_before(999))
        self.assertEqual("timesteps_total 1000 reached 1000", rule.reason_before(1000))
        rule.results = {"training_iteration": 5}
        self.assertEqual("training_iteration 5 reached 5", rule.reason_before(999))

    def test_every_iterations(self):
        """With an interval the evaluations, and so the checkpoints, come by iterations."""
        plan = evaluation_plan(rlscript.EvaluationPlan(episodes=7), 3)
        self.assertEqual(7, plan.episodes)
        now = [rlscript.Progress(0, None, {"training_iteration": i}) for i in range(7)]
        self.assertEqual([3, 6], [i for i in range(1, 7) if plan.due(now[i], None)])
        self.assertFalse(plan.due(now[5], now[1]))
        self.assertTrue(plan.due(now[6], now[5]))


if __name__ == "__main__":
    unittest.main()

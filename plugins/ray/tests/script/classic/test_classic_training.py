"""The example's script: stopped, resumed, evaluated; and what is refused before it begins."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import List
from unittest import mock

try:
    import ray.rllib.agents.registry
except ImportError:
    msg = "for an environment that has classic Ray"
    raise unittest.SkipTest(msg) from None

import toys

import rlscript
import rlscript_ray.classic
from rlscript.models import read_manifest
from rlscript.settings import HyperparameterError
from rlscript_ray.classic import ExportRefused, releases

CHECKOUT = Path(__file__).parents[5]
SCRIPT = CHECKOUT / "examples" / "ray_classic" / "train.py"
STARTING = "rlcore: starting Ray and building the trainer"
EPISODES = 10
BATCH = 2000  # environment steps of an iteration


class CartPole(unittest.TestCase):
    """The example's script, as a platform runs it."""

    def setUp(self):
        """Make the job's folders and an empty home."""
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        for name in ("home", "tmp"):
            (self.folder / name).mkdir()

    def start(self, job, hyperparameters, channels=(), stderr=None):
        """Start the script as a job."""
        folder = self.folder / job
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
            # Not `sys.path`, to which Ray 0.8.5 adds what must not be found before it.
            "PYTHONPATH": os.environ["PYTHONPATH"],
            "SM_MODEL_DIR": str(folder / "model"),
            "SM_OUTPUT_INTERMEDIATE_DIR": str(folder / "intermediate"),
            "SM_HPS": json.dumps(hyperparameters),
            "RLCORE_CHECKPOINT_DIR": str(folder / "checkpoints"),
        }
        environment.update(channels)
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", str(SCRIPT)],
            env=environment,
            cwd=str(self.folder),
            stdout=subprocess.PIPE,
            stderr=stderr,
            universal_newlines=True,
        )

    def test_stopped_resumed_and_evaluated(self):
        """SIGTERM leaves a model; the next start goes on; others only evaluate what is there."""
        step = self.stop_after_first_evaluation()
        limit = {"rl.training.stop.timesteps_total": step + 1}
        with self.start("first", limit) as process:
            lines = process.stdout.read().splitlines()
        self.assertEqual(0, process.returncode)
        told = "rlcore: goes on from the checkpoint at step {} (the job's own)"
        self.assertIn(told.format(step), lines)
        totals = [line for line in lines if line.startswith("timesteps_total: ")]
        self.assertEqual(["timesteps_total: {}".format(step + BATCH)], totals)
        self.assertTrue(list(self.folder.glob("first/intermediate/training/progress.csv")))
        self.nothing_to_do(step + BATCH)
        self.evaluate(step + BATCH)
        self.refuse_another_network()
        self.check_nothing_left()

    def nothing_to_do(self, step):
        """What the checkpoint has counted is remembered: its second iteration was the last."""
        with self.start("first", {"rl.training.stop.training_iteration": 2}) as process:
            lines = process.stdout.read().splitlines()
        self.assertEqual(0, process.returncode)
        told = "rlcore: stops without training: training_iteration "
        self.assertTrue([line for line in lines if line.startswith(told)], lines)
        self.assertIn("step={},".format(step), lines[-1])

    def stop_after_first_evaluation(self):
        """Send SIGTERM at the first line and return the last step."""
        with self.start("first", {}) as process:
            lines: List[str] = []
            for line in iter(process.stdout.readline, ""):
                lines.append(line.strip())
                if lines[-1].startswith("rlcore step="):
                    break
            process.send_signal(signal.SIGTERM)
            lines += process.stdout.read().splitlines()
        self.assertEqual(0, process.returncode)
        self.assertEqual([STARTING, "rlcore: starts from scratch"], lines[:2])
        self.assertIn("interrupted by SIGTERM", lines[-1])
        reports = [line for line in lines if line.startswith("rlcore step=")]
        steps = [int(line.partition("step=")[2].split()[0]) for line in reports]
        manifest = read_manifest(self.folder / "first" / "model")
        self.assertEqual("best", manifest["checkpoint"])
        self.assertIn(manifest["evaluation"]["step"], steps)
        return steps[-1]

    def evaluate(self, step):
        """Play greedy episodes of the first job's policy, and leave it as a model."""
        channel = {"SM_CHANNEL_CHECKPOINT": str(self.folder / "first" / "checkpoints")}
        with self.start("second", {"evaluate_episodes": EPISODES}, channel) as process:
            lines = process.stdout.read().splitlines()
        self.assertEqual(0, process.returncode)
        found = read_manifest(self.folder / "second" / "model")["evaluation"]
        self.assertEqual((EPISODES, step), (found["episodes"], found["step"]))
        self.assertIn("timesteps_total: {}".format(step), lines)
        means = [line for line in lines if line.startswith("episode_reward_mean: ")]
        self.assertEqual(["episode_reward_mean: {}".format(found["return_mean"])], means)

    def refuse_another_network(self):
        """The line that tells it is the last, although workers ran in processes of their own."""
        given = {
            "rl.training.config.model.fcnet_hiddens": "[8]",
            "rl.training.config.num_workers": 1,
        }
        channel = {"SM_CHANNEL_CHECKPOINT": str(self.folder / "first" / "checkpoints")}
        with self.start("third", given, channel, subprocess.STDOUT) as process:
            lines = process.stdout.read().splitlines()
        self.assertEqual(1, process.returncode)
        told = "CheckpointRefused: the weights of the checkpoint are another network's: "
        self.assertTrue(lines[-1].startswith(told), lines)
        self.assertNotIn("Traceback", " ".join(lines))

    def check_nothing_left(self):
        """The user's home has nothing of Ray's; its temporary files and processes are gone."""
        # Of other libraries some do: there are Keras' and Matplotlib's settings.
        self.assertFalse((self.folder / "home" / "ray_results").exists())
        self.assertEqual([], list((self.folder / "tmp").glob("rlcore-*")))
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                command = process.read_bytes()
            except OSError:
                continue
            self.assertNotIn(str(self.folder).encode(), command)


class Refusals(unittest.TestCase):
    """What is wrong is told before Ray starts."""

    def refused(self, error, hyperparameters, **arguments):
        """Return the message of a training that is refused."""
        values = {"SM_HPS": json.dumps(hyperparameters)}
        with mock.patch.dict(os.environ, values), self.assertRaises(error) as raised:
            rlscript_ray.classic.train(**dict({"env": "CartPole-v0"}, **arguments))
        self.assertFalse(ray.is_initialized())
        return str(raised.exception)

    def test_unknown_names(self):
        """Trainers, paths of their config, limits and environments, with the nearest."""
        table = [
            ({"rl.training.run": "PPOO"}, "'PPO'"),
            ({"rl.training.config.sgd_minibatch": 1}, "'sgd_minibatch_size'"),
            ({"rl.training.config.model.fcnet_hidden": "[8]"}, "'fcnet_hiddens'"),
            ({"rl.training.stop.timestep_total": 1}, "'timesteps_total'"),
            ({"lr": 1}, "'rl.training.config.lr'"),
        ]
        for given, nearest in table:
            with self.subTest(nearest):
                self.assertIn(nearest, self.refused(HyperparameterError, given))
        told = self.refused(HyperparameterError, {}, config={"num_worker": 1})
        self.assertIn("'num_workers'", told)
        told = self.refused(HyperparameterError, {}, stop={"episode_rewards_mean": 195})
        self.assertIn("'episode_reward_mean'", told)

    def test_environments(self):
        """An environment that is not named, not there, or not of gym's older interface."""
        self.assertIn("rl.training.env", self.refused(HyperparameterError, {}, env=None))
        failed = rlscript.EnvironmentFailed
        self.assertIn("CartPole-v77", self.refused(failed, {"rl.training.env": "CartPole-v77"}))
        self.assertIn("mean 'CartPole-v0'", self.refused(failed, {}, env="CartPol-v0"))
        self.assertIn("gym.Env", self.refused(failed, {}, env=toys.__name__ + ":newer"))

    def test_policies(self):
        """Evolution strategies and several policies have no policy that is exported."""
        # Of a trainer that is not exported, nobody need mend the config.
        config = {"sgd_minibatch_size": 64}
        self.assertIn("ES", self.refused(ExportRefused, {"rl.training.run": "ES"}, config=config))
        if releases.framework() == "torch":
            self.assertIn("SAC", self.refused(ExportRefused, {}, trainer="SAC", config=config))
        several = {"policy_graphs": {"a": None}, "policies": {"a": None}}
        told = self.refused(ExportRefused, {}, config={"multiagent": several})
        self.assertIn("multiagent", told)
        default = releases.default_config(releases.trainer_class("PPO"))
        if "framework" in default or "eager" in default:
            eager = {"framework": "tfe"} if "framework" in default else {"eager": True}
            self.assertIn("eagerly", self.refused(ExportRefused, {}, config=eager))


if __name__ == "__main__":
    unittest.main()

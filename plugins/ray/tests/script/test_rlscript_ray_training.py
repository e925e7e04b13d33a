"""A real training, stopped, resumed and finished. For an environment of the release."""

import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

try:
    import ray
except ImportError:
    msg = "for an environment that has Ray"
    raise unittest.SkipTest(msg) from None

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import gymnasium
import toys
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.connectors.env_to_module import FlattenObservations

import rlscript
import rlscript_ray
from rlscript.models import read_manifest
from rlserving import policies

CHECKOUT = Path(__file__).parents[4]
SCRIPT = CHECKOUT / "examples" / "cartpole" / "train.py"
# A part of the way: that it leads to the end is what the demonstration's test shows.
SETTINGS = {"seed": 1, "lr": 0.0003, "stop_return": 150, "evaluation_episodes": 30}
STARTING = "rlcore: starting Ray and building the algorithm"

setUpModule = toys.end_cluster


class CartPole(unittest.TestCase):
    """The example's script, as a platform runs it."""

    def setUp(self):
        """Make the job's folders and an empty home."""
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        for name in ("home", "tmp"):
            (self.folder / name).mkdir()

    def start(self):
        """Start the script as a job."""
        sources = [CHECKOUT, CHECKOUT / "plugins" / "ray" / "src"]
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
            "PYTHONPATH": os.pathsep.join(map(str, sources)),
            "SM_MODEL_DIR": str(self.folder / "model"),
            "SM_HPS": json.dumps(SETTINGS),
            "RLCORE_CHECKPOINT_DIR": str(self.folder / "checkpoints"),
        }
        return subprocess.Popen(
            [sys.executable, str(SCRIPT)],
            env=environment,
            cwd=str(self.folder),
            stdout=subprocess.PIPE,
            universal_newlines=True,
        )

    def test_stopped_and_resumed(self):
        """SIGTERM leaves a model; the next start goes on from there to the goal."""
        stopped_at = self.stop_after_first_evaluation()
        self.assertEqual(stopped_at, read_manifest(self.folder / "model")["evaluation"]["step"])

        last = rlscript.Checkpoints(self.folder / "checkpoints").last().step
        with self.start() as process:
            lines = process.stdout.read().splitlines()
        self.assertEqual(0, process.returncode)
        told = "rlcore: goes on from the checkpoint at step {} (the job's own)"
        self.assertEqual([STARTING, told.format(last)], lines[:2])
        self.assertTrue(lines[2].startswith("rlcore step="), lines[2])
        self.assertGreater(step_of(lines[2]), last)
        self.check_model()
        self.check_nothing_left()

    def stop_after_first_evaluation(self):
        """Send SIGTERM at the first line and return its step."""
        with self.start() as process:
            begun = [process.stdout.readline().strip() for _ in range(2)]
            first = process.stdout.readline()
            process.send_signal(signal.SIGTERM)
            rest = process.stdout.read()
        self.assertEqual(0, process.returncode)
        self.assertEqual([STARTING, "rlcore: starts from scratch"], begun)
        self.assertIn(" evaluation_return_mean=", first)
        self.assertIn("interrupted by SIGTERM", rest)
        return step_of(first)

    def check_model(self):
        """The exported policy earns on its own what its manifest says, on the same seeds."""
        model = self.folder / "model"
        manifest = read_manifest(model)
        act = policies.load(str(model)).act
        found = rlscript.evaluate(act, lambda: gymnasium.make("CartPole-v1"), episodes=30)
        self.assertGreaterEqual(found.return_mean, SETTINGS["stop_return"])
        self.assertEqual(manifest["evaluation"]["returns"], list(found.returns))
        for name in ("inference.py", "rlserving/policies.py"):
            self.assertIn("code/" + name, manifest["files"])
        self.assertEqual("best", manifest["checkpoint"])

    def check_nothing_left(self):
        """The user's home is untouched, temporary files are gone, and so are Ray's processes."""
        self.assertEqual([], list((self.folder / "home").iterdir()))
        self.assertEqual([], list((self.folder / "tmp").glob("rlcore-*")))
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                command = process.read_bytes()
            except OSError:
                continue  # it has just ended
            self.assertNotIn(str(self.folder).encode(), command)


class Several(unittest.TestCase):
    """Several agents, of which one remembers."""

    def test_stopped(self):
        """SIGTERM leaves what was evaluated, and each agent finds its policy in the model."""
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        variables = {
            "SM_MODEL_DIR": scratch.name + "/model",
            "RLCORE_CHECKPOINT_DIR": scratch.name + "/checkpoints",
        }
        agents = {"red": "FLOATS", "rod": "FLOATS", "blue": "NESTED"}
        connector = functools.partial(FlattenObservations, multi_agent=True, agent_ids=["blue"])
        wanted = toys.recurrent(connector).multi_agent(
            policies={"r", "b"}, policy_mapping_fn=lambda agent, *_, **__: agent[0]
        )
        wanted.callbacks(on_sample_end=lambda **_: os.kill(os.getpid(), signal.SIGTERM))
        with mock.patch.dict(os.environ, variables):
            outcome = rlscript_ray.train(
                wanted,
                env=toys.here("make_crowd"),
                env_kwargs={"agents": agents},
                stop=rlscript.StopRule(),
                evaluation=rlscript.EvaluationPlan(episodes=5),
            )
        self.assertEqual("interrupted by SIGTERM", outcome.reason)
        loaded = policies.load(scratch.name + "/model")
        self.assertEqual({"red": "r", "rod": "r", "blue": "b"}, loaded.manifest.agents)
        evaluation = read_manifest(Path(scratch.name) / "model")["evaluation"]
        self.assertEqual([10] * 5, evaluation["lengths"])
        self.assertEqual(outcome.best_return, evaluation["return_mean"])


class Arguments(unittest.TestCase):
    """What is refused before Ray is started."""

    def refuse(self, error, config, **arguments):
        """The call fails, and no cluster has come up."""
        with self.assertRaises(error):
            rlscript_ray.train(config, stop=rlscript.StopRule(steps=1), **arguments)
        self.assertFalse(ray.is_initialized())

    def test_environment_twice(self):
        """The environment and its keyword arguments are named once."""
        self.refuse(ValueError, PPOConfig().environment("CartPole-v1"), env="CartPole-v1")
        named = PPOConfig().environment(env_config={"sutton_barto_reward": True})
        self.refuse(ValueError, named, env="CartPole-v1")

    def test_unknown_environment(self):
        """An id that Gymnasium does not know, and a module that is not there."""
        self.refuse(rlscript.EnvironmentFailed, PPOConfig(), env="CartPoll-v1")
        self.refuse(rlscript.EnvironmentFailed, PPOConfig(), env="no_such_module_at_all:make")


def step_of(line):
    """Return the step that a line reports."""
    return int(line.split("step=")[1].split()[0])


if __name__ == "__main__":
    unittest.main()

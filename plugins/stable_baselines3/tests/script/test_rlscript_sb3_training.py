"""Real trainings, stopped, resumed and finished. For an environment of the release."""

import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

try:
    import stable_baselines3  # noqa: F401
except ImportError:
    msg = "for an environment that has Stable-Baselines3"
    raise unittest.SkipTest(msg) from None

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import gymnasium
import numpy as np
import torch
from toys import built, here

import rlscript
import rlscript_sb3
from rlscript_sb3.refusals import SettingRefused
from rlserving import policies

SCRIPT = Path(__file__).with_name("train_pendulum.py")
ROOT = os.pathsep.join(
    map(str, {Path(each.__file__).parents[1] for each in (rlscript, rlscript_sb3)})
)


class Job(unittest.TestCase):
    """A script, as a platform runs it."""

    def setUp(self):
        """Make the job's folder."""
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def start(self, channel=None, **settings):
        """Start the script as a job."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONPATH": ROOT,
            "SM_MODEL_DIR": str(self.folder / "model"),
            "SM_HPS": json.dumps(settings),
            "RLCORE_CHECKPOINT_DIR": str(self.folder / "checkpoints"),
        }
        if channel:
            name, place = channel
            channels = {"SM_CHANNELS": json.dumps([name]), "SM_CHANNEL_" + name.upper(): str(place)}
            environment.update(channels)
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", str(SCRIPT)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
        )

    def lines(self, *channel, **settings):
        """Run the script to its end, and return its lines."""
        with self.start(*channel, **settings) as process:
            out, errors = process.communicate()
        self.assertEqual(0, process.returncode, errors)
        return out.splitlines()

    def test_stopped_and_resumed(self):
        """SIGTERM leaves a model; the next start goes on from there, buffer and all."""
        with self.start() as process:
            begun = [process.stdout.readline() for _ in range(2)]
            process.send_signal(signal.SIGTERM)
            rest, errors = process.communicate()
        self.assertEqual(0, process.returncode, errors)
        self.assertEqual("rlcore: starts from scratch\n", begun[0])
        self.assertIn("interrupted by SIGTERM", rest)
        self.check_model()
        last = rlscript.Checkpoints(self.folder / "checkpoints").last()
        with np.load(str(last.folder / "arrays.npz")) as arrays:
            self.assertEqual(last.step, len(arrays["replay/rewards"]))
            self.assertGreater(arrays["normalise/observation/count"], last.step)

        lines = self.lines()
        told = "rlcore: goes on from the checkpoint at step {} (the job's own)"
        self.assertEqual(told.format(last.step), lines[0])
        self.assertGreater(step_of(lines[1]), last.step)
        self.assertIn("steps 2400 reached 2400", lines[-1])
        with np.load(str(self.last() / "arrays.npz")) as arrays:
            self.assertEqual(2400, len(arrays["replay/rewards"]))
        self.check_model()

        self.check_no_pickles()
        self.check_warm_start()

    def last(self):
        """Return the last checkpoint's folder."""
        return rlscript.Checkpoints(self.folder / "checkpoints").last().folder

    def check_warm_start(self):
        """Another job begins with the model's weights and statistics: its first policy is that."""
        before = policies.load(str(self.folder / "model")).act([rlscript.Turn(np.ones(3))])
        model = (self.folder / "model").rename(self.folder / "before")
        (self.folder / "checkpoints").rename(self.folder / "others")
        self.lines(("model", model), steps=0)
        after = policies.load(str(self.folder / "model")).act([rlscript.Turn(np.ones(3))])
        self.assertEqual(before[0][0].tolist(), after[0][0].tolist())

    def check_model(self):
        """The exported policy earns on its own what its manifest says, on the same seeds."""
        manifest = rlscript.read_manifest(self.folder / "model")
        act = policies.load(str(self.folder / "model")).act
        found = rlscript.evaluate(act, lambda: gymnasium.make("Pendulum-v1"), episodes=5)
        np.testing.assert_allclose(manifest["evaluation"]["returns"], found.returns, rtol=1e-3)
        self.assertEqual("best", manifest["checkpoint"])
        self.assertIn("code/inference.py", manifest["files"])

    def check_no_pickles(self):
        """Whatever is in a checkpoint is read without running anything that is in it."""
        folder = self.last()
        files = {path.name for path in folder.iterdir() if path.is_file()}
        self.assertEqual({"tensors.pt", "arrays.npz", "counters.json", "checkpoint.json"}, files)
        torch.load(str(folder / "tensors.pt"), weights_only=True)


class Whole(unittest.TestCase):
    """What a checkpoint keeps, and what training in several goes of `learn` is."""

    def test_as_one(self):
        """Training in parts is SB3's own single `learn`: the same weights at the end."""
        settings = {"n_steps": 32, "n_epochs": 2, "batch_size": 32, "normalize": True}
        with built("PPO", here("make_cartpole"), stirred=False, **settings) as learner:
            ours = learner._model  # noqa: SLF001
            learner._total_steps = 4096  # noqa: SLF001
            ours.learning_rate = ours.lr_schedule.value_schedule = halving
            while ours.num_timesteps < 4096:
                learner.advance()
            ours = ours.get_parameters()["policy"]
        with built("PPO", here("make_cartpole"), stirred=False, **settings) as learner:
            theirs = learner._model  # noqa: SLF001
            theirs.learning_rate = theirs.lr_schedule.value_schedule = halving
            theirs.learn(4096)
            theirs = theirs.get_parameters()["policy"]
        for name, weight in theirs.items():
            torch.testing.assert_close(ours[name], weight)

    def test_pickle_refused(self):
        """A checkpoint that brings code is refused before any of it runs."""
        with tempfile.TemporaryDirectory() as name, built("PPO", here("make_cartpole")) as learner:
            folder = Path(name)
            learner.save(folder)
            torch.save({"modules": Bomb(folder / "ran")}, str(folder / "tensors.pt"))
            with self.assertRaises(pickle.UnpicklingError):
                learner.restore(folder)
            self.assertFalse((folder / "ran").exists())

    def test_others_refused(self):
        """A checkpoint or a model of another algorithm, network or normalisation."""
        place, small = here("make_cartpole"), {"policy_kwargs": {"net_arch": [8]}}
        checkpoint, model = rlscript_sb3.CheckpointRefused, rlscript_sb3.WarmStartRefused
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            with built("PPO", place) as learner:
                learner.save(folder)
                rlscript.publish_model(folder, *learner.export())
            for told, algorithm, settings in (
                ("is not of A2C", "A2C", {}),
                ("are another network's.*policy_kwargs", "PPO", small),
                ("of another `normalize`: none there", "PPO", {"normalize": True}),
            ):
                with built(algorithm, place, **settings) as learner:
                    with self.assertRaisesRegex(checkpoint, told):
                        learner.restore(folder)
                    if settings:
                        with self.assertRaisesRegex(model, told):
                            learner.warm_start(folder)

    def test_replay_of_dictionaries(self):
        """A full buffer comes back, into a larger one too; a smaller one has no room for it."""
        case = {"kwargs": {"observation": "MIXED", "action": "SKEWED"}, "learning_starts": 10}
        case.update(algorithm="SAC", env=here("make_toy"), policy="MultiInputPolicy")
        with tempfile.TemporaryDirectory() as name:
            with built(**case, buffer_size=300) as learner:
                learner._model.learn(400)  # noqa: SLF001
                before = learner._model.replay_buffer  # noqa: SLF001
                learner.save(Path(name))
            for size, position, full in ((300, 50, True), (800, 150, False)):
                with built(**case, buffer_size=size) as learner:
                    learner.restore(Path(name))
                    after = learner._model.replay_buffer  # noqa: SLF001
                    self.assertEqual((position, full), (after.pos, after.full))
                    for key, seen in before.observations.items():
                        np.testing.assert_array_equal(seen, after.observations[key][:150])
                    learner.advance()
            with built(**case, buffer_size=200) as learner:  # noqa: SIM117
                with self.assertRaisesRegex(rlscript_sb3.CheckpointRefused, "is larger"):
                    learner.restore(Path(name))

    def test_everything_kept(self):
        """Weights, optimisers, SAC's coefficient, counters and statistics come back."""
        settings = {"learning_starts": 10, "buffer_size": 500, "normalize": True}
        with tempfile.TemporaryDirectory() as name:
            with built("SAC", here("make_pendulum"), **settings) as learner:
                learner._model.learn(400)  # noqa: SLF001
                learner.save(Path(name))
                before = state_of(learner._model)  # noqa: SLF001
            with built("SAC", here("make_pendulum"), **settings) as learner:
                learner.restore(Path(name))
                after = state_of(learner._model)  # noqa: SLF001
        self.assertEqual(before.keys(), after.keys())
        for part, value in before.items():
            np.testing.assert_array_equal(value, after[part], part)


class Arguments(unittest.TestCase):
    """What is refused before anything is made."""

    def refuse(self, error, told, **arguments):
        """The call fails."""
        given = {"env": "CartPole-v1", "stop": rlscript.StopRule(steps=100), **arguments}
        with mock.patch.dict(os.environ, {"SM_MODEL_DIR": "/nonexistent"}):  # noqa: SIM117
            with self.assertRaisesRegex(error, told):
                rlscript_sb3.train("PPO", **given)

    def test_refused(self):
        """Steps that are not told, environments that are not there, spaces, counts."""
        without = rlscript.StopRule(evaluation_return=1.0)
        self.refuse(SettingRefused, "stop needs `steps`", stop=without)
        self.refuse(SettingRefused, "n_envs is 0", n_envs=0)
        self.refuse(rlscript.EnvironmentFailed, "CartPoll", env="CartPoll-v1")
        toy = {"env": here("make_toy"), "env_kwargs": {"observation": "PAIR", "action": "3"}}
        self.refuse(rlscript_sb3.ExportRefused, "Tuple of observations", **toy)


class Bomb:
    """Leaves a file behind where it is unpickled."""

    def __init__(self, path):
        """Take the file."""
        self.path = path

    def __reduce__(self):
        """Say how it is made."""
        return (Path.touch, (self.path,))


def halving(left):
    """Return a learning rate that depends on how much of training is left."""
    return 1e-3 * (1.0 + left)


def state_of(model):
    """Return what a model goes on from, as arrays."""
    normaliser = model.get_vec_normalize_env()
    found = {"weights/" + name: each.numpy() for name, each in model.policy.state_dict().items()}
    optimiser = model.critic.optimizer.state_dict()["state"]
    found.update(
        ("optimiser/{}".format(name), each["exp_avg"].numpy()) for name, each in optimiser.items()
    )
    counters = ("num_timesteps", "_episode_num", "_n_updates")
    found.update((name, np.asarray(getattr(model, name))) for name in counters)
    found["coefficient"] = model.log_ent_coef.detach().numpy()
    found["mean"], found["variance"] = normaliser.obs_rms.mean, normaliser.ret_rms.var
    found["replay"] = model.replay_buffer.next_observations[: model.replay_buffer.size()]
    found["position"] = np.asarray([model.replay_buffer.pos, model.replay_buffer.full])
    found["episodes"] = np.asarray([each["r"] for each in model.ep_info_buffer])
    return found


def step_of(line):
    """Return the step that a line reports."""
    return int(line.split("step=")[1].split()[0])


if __name__ == "__main__":
    unittest.main()

"""The shared loop, with a toolkit that is a counter."""

import contextlib
import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

import rlscript
from rlscript.models import read_manifest, read_model


class Game:
    """One step whose reward is the action."""

    def reset(self, seed=None):  # noqa: ARG002  # the interface
        """Begin."""
        return 0, {}

    def step(self, action):
        """End."""
        return 0, action, True, False, {}

    def close(self):
        """Do nothing."""


class Counter(rlscript.Learner):
    """A learner by script: the policy of the nth iteration earns returns[n]."""

    def __init__(self, returns, env=None):
        """Take the script."""
        self.returns = returns
        self.env = env
        self.count = 0

    def advance(self):
        """Go on by one iteration of 100 steps."""
        self.count += 1
        earned = float(self.returns[self.count])
        return rlscript.Progress(100 * self.count, earned, {"loss": 0.5})

    def act(self, turns):
        """Return what the script says."""
        return [(self.returns[self.count], None)] * len(turns)

    def save(self, folder):
        """Write the count."""
        (folder / "count").write_text(str(self.count))

    def restore(self, folder):
        """Read the count."""
        self.count = int((folder / "count").read_text())

    def warm_start(self, folder):
        """Read the count out of a model."""
        self.count = int(read_model(folder)["count-" + read_manifest(folder)["count"]])

    def export(self):
        """Return the count as a policy."""
        count = str(self.count)
        return {"count": count, "env": self.env}, {"count-" + count: count.encode()}


class Loop(unittest.TestCase):
    """Every test has a job's folders."""

    def setUp(self):
        """Make the folders."""
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        variables = {
            "SM_MODEL_DIR": str(self.folder / "model"),
            "RLCORE_CHECKPOINT_DIR": str(self.folder / "checkpoints"),
        }
        patch = mock.patch.dict(os.environ, variables)
        patch.start()
        self.addCleanup(patch.stop)

    def train(self, returns, stop, env=None, **changes):
        """Train a counter and return the outcome and what was printed."""
        plan = rlscript.EvaluationPlan(3, every_steps=100, improvement=0.0)._replace(**changes)

        @contextlib.contextmanager
        def start():
            yield Counter(returns, env)

        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            outcome = rlscript.train(start, Game, stop, plan)
        return outcome, printed.getvalue().splitlines()

    def empty_model(self):
        """Empty the model folder, as it is where a job starts again."""
        for path in (self.folder / "model").iterdir():
            path.unlink()

    def model(self):
        """Return the manifest of the model folder."""
        return read_manifest(self.folder / "model")

    def test_stops_at_return(self):
        """The policy that reached the return is the model, with the evaluation that chose it."""
        outcome, lines = self.train([0, 1, 2, 9, 9], rlscript.StopRule(evaluation_return=9))

        self.assertEqual((300, 9.0), (outcome.step, outcome.best_return))
        self.assertEqual(("3", "best"), (self.model()["count"], self.model()["checkpoint"]))
        self.assertEqual(300, self.model()["evaluation"]["step"])
        self.assertEqual("rlcore: starts from scratch", lines[0])
        self.assertEqual(3, len(lines[1:]))
        self.assertIn(" episode_return_mean=9 evaluation_return_mean=9 loss=0.5", lines[-1])

    def test_keeps_the_best(self):
        """A policy that gets worse does not replace a better one."""
        outcome, _ = self.train([0, 5, 7, 2, 1], rlscript.StopRule(steps=400))

        self.assertEqual(("2", 7.0), (self.model()["count"], outcome.best_return))
        checkpoints = rlscript.Checkpoints(self.folder / "checkpoints")
        self.assertEqual([200, 400], [found.step for found in checkpoints.all()])

    def test_later_of_equals(self):
        """At equal returns the later policy is the model, and its checkpoint the best."""
        self.train([0, 7, 7, 2], rlscript.StopRule(steps=300))

        self.assertEqual(("2", 200), (self.model()["count"], self.model()["evaluation"]["step"]))
        self.assertEqual(200, rlscript.Checkpoints(self.folder / "checkpoints").best().step)

    def test_last_is_evaluated(self):
        """At a limit of steps, a policy that was not due is evaluated all the same."""
        stop = rlscript.StopRule(steps=300)
        outcome, lines = self.train([0, 1, 1, 8], stop, every_steps=10**6, improvement=100.0)

        self.assertEqual(8.0, outcome.best_return)
        self.assertEqual("3", self.model()["count"])
        self.assertRegex(lines[-1], r"step=300 .*evaluation_return_mean=8$")

    def test_resumes(self):
        """A job that starts again goes on at its last step and keeps the best policy so far."""
        self.train([0, 5, 7, 2], rlscript.StopRule(steps=300))
        self.empty_model()
        outcome, lines = self.train([0, 5, 7, 2, 3, 4], rlscript.StopRule(steps=500))

        self.assertEqual((500, 7.0), (outcome.step, outcome.best_return))
        self.assertEqual("2", self.model()["count"])
        self.assertIn("goes on from the checkpoint at step 300", lines[0])
        self.assertIn("step=400", lines[1])

    def test_resumes_under_other_conditions(self):
        """Another environment or number of episodes: the old best is no measure any more."""
        easy = {"id": "Game", "kwargs": {"levels": (1, 2)}}
        for episodes, env, told in (
            (3, dict(easy, id="Hard"), 'env "Game" instead of "Hard"$'),
            (3, dict(easy, kwargs={}), r'env_kwargs {"levels": \[1, 2\]} instead of {}$'),
            (4, easy, "with episodes 3 instead of 4$"),
        ):
            with self.subTest(told):
                self.train([0, 9, 7, 2], rlscript.StopRule(steps=300), env=easy)
                self.empty_model()
                outcome, lines = self.train(
                    [0, 9, 7, 2, 3, 1], rlscript.StopRule(steps=500), episodes=episodes, env=env
                )

                self.assertRegex(lines[1], r"forgets .* return 9 at step 100: .*" + told)
                self.assertEqual(("4", 3.0), (self.model()["count"], outcome.best_return))
                best = rlscript.Checkpoints(self.folder / "checkpoints").best()
                self.assertEqual(400, best.step)
                shutil.rmtree(str(self.folder / "checkpoints"))

    def test_best_under_these_conditions(self):
        """Platforms bring back what was pruned: the best of this environment is still found."""
        self.train([0, 9, 7], rlscript.StopRule(steps=200), env={"id": "Easy"})
        pruned = self.folder / "checkpoints" / "checkpoint-000000100"
        shutil.copytree(str(pruned), str(self.folder / "mirror"))
        self.train([0, 9, 7, 3, 1], rlscript.StopRule(steps=400), env={"id": "Hard"})
        self.empty_model()
        (self.folder / "mirror").rename(pruned)
        outcome, lines = self.train(
            [0, 9, 7, 3, 1, 2], rlscript.StopRule(steps=500), env={"id": "Hard"}
        )

        self.assertEqual(("3", 3.0), (self.model()["count"], outcome.best_return))
        self.assertEqual(1, len([line for line in lines if "forgets" in line]))

    def test_enough_steps_before(self):
        """Where the checkpoint has the steps already, its best model is published at once."""
        self.train([0, 5, 7, 2], rlscript.StopRule(steps=300))
        self.empty_model()
        outcome, lines = self.train([0, 5, 7, 2], rlscript.StopRule(steps=200))

        self.assertEqual((300, 7.0), (outcome.step, outcome.best_return))
        self.assertEqual("2", self.model()["count"])
        self.assertEqual(["rlcore: stops without training: steps 300 reached 200"], lines[1:])

    def test_enough_steps_under_other_conditions(self):
        """Where the best is forgotten and no step is left, the last policy is evaluated."""
        self.train([0, 5, 7, 2], rlscript.StopRule(steps=300))
        outcome, _ = self.train([0, 5, 7, 2], rlscript.StopRule(steps=300), episodes=4)

        self.assertEqual((300, 2.0), (outcome.step, outcome.best_return))
        self.assertEqual(("3", "best"), (self.model()["count"], self.model()["checkpoint"]))

    def test_warm_start(self):
        """A model given as a channel lends its weights."""
        rlscript.publish_model(self.folder / "given", {"count": "3"}, {"count-3": b"3"})
        with mock.patch.dict(os.environ, {"SM_CHANNEL_MODEL": str(self.folder / "given")}):
            self.train([0, 0, 0, 0, 6], rlscript.StopRule(evaluation_return=6))

        self.assertEqual("4", self.model()["count"])

    def test_failure_keeps_the_model(self):
        """A script that fails leaves the best policy so far."""
        with self.assertRaises(IndexError):
            self.train([0, 5], rlscript.StopRule(steps=900))

        self.assertEqual("1", self.model()["count"])


class Due(unittest.TestCase):
    """When to evaluate."""

    def test_rule(self):
        """At the first progress, at intervals, and when the training return has risen enough."""
        plan = rlscript.EvaluationPlan(every_steps=1000, improvement=0.1)
        before = rlscript.Progress(500, -200.0, {})
        for step, earned, expected in (
            (600, -190.0, False),
            (600, -179.0, True),
            (600, None, False),
            (1500, -300.0, True),
        ):
            self.assertEqual(expected, plan.due(rlscript.Progress(step, earned, {}), before))
        self.assertTrue(plan.due(before, None))


class Stopped(unittest.TestCase):
    """A real process that is asked to end."""

    def test_signals(self):
        """SIGTERM and Ctrl-C: exit code 0, a whole model, and a checkpoint of the last step."""
        for number in (signal.SIGTERM, signal.SIGINT):
            with tempfile.TemporaryDirectory() as scratch:
                lines, code = self.run_and_stop(Path(scratch), number)
                last = rlscript.Checkpoints(Path(scratch) / "checkpoints").last()

                self.assertEqual(0, code)
                self.assertIn("interrupted by " + number.name, lines[-1])
                self.assertEqual("1", read_manifest(Path(scratch) / "model")["count"])
                self.assertIn("step={} ".format(last.step), lines[-2] + " ")

    def run_and_stop(self, scratch, number):
        """Start this file as a script, stop it after its fourth line, and return all of them."""
        environment = dict(
            os.environ,
            SM_MODEL_DIR=str(scratch / "model"),
            RLCORE_CHECKPOINT_DIR=str(scratch / "checkpoints"),
        )
        process = subprocess.Popen(
            [sys.executable, __file__, "--train"],
            env=environment,
            stdout=subprocess.PIPE,
            universal_newlines=True,
        )
        with process:
            lines = [process.stdout.readline() for _ in range(4)]
            process.send_signal(number)
            lines += process.stdout.readlines()
        return lines, process.returncode


def train_for_ever():
    """Train a policy that never gets better than its first."""

    class Slow(Counter):
        def advance(self):
            time.sleep(0.01)
            return super().advance()

    @contextlib.contextmanager
    def start():
        # As a toolkit might: it takes the signal over while it starts.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        yield Slow([0, 5] + [4] * 10**6)

    print(
        rlscript.train(start, Game, rlscript.StopRule(), rlscript.EvaluationPlan(every_steps=300))
    )


if __name__ == "__main__":
    if "--train" in sys.argv:
        train_for_ever()
    else:
        unittest.main()

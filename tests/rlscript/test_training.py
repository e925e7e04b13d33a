"""The shared loop, with a toolkit that is a counter."""

import contextlib
import io
import os
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

    def __init__(self, returns):
        """Take the script."""
        self.returns = returns
        self.count = 0

    def advance(self):
        """Go on by one iteration of 100 steps."""
        self.count += 1
        earned = float(self.returns[self.count])
        return rlscript.Progress(100 * self.count, earned, {"loss": 0.5})

    def act(self, observations):
        """Return what the script says."""
        return [self.returns[self.count]] * len(observations)

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
        return {"count": count}, {"count-" + count: count.encode()}


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

    def train(self, returns, stop, every_steps=100, improvement=0.0):
        """Train a counter and return the outcome and what was printed."""
        plan = rlscript.EvaluationPlan(3, every_steps, improvement)

        @contextlib.contextmanager
        def start():
            yield Counter(returns)

        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            outcome = rlscript.train(start, Game, stop, plan)
        return outcome, printed.getvalue().splitlines()

    def model(self):
        """Return the manifest of the model folder."""
        return read_manifest(self.folder / "model")

    def test_stops_at_return(self):
        """The policy that reached the return is the model, with the evaluation that chose it."""
        outcome, lines = self.train([0, 1, 2, 9, 9], rlscript.StopRule(evaluation_return=9))

        self.assertEqual((300, 9.0), (outcome.step, outcome.best_return))
        self.assertEqual(("3", "best"), (self.model()["count"], self.model()["checkpoint"]))
        self.assertEqual(300, self.model()["evaluation"]["step"])
        self.assertEqual(3, len(lines))
        self.assertIn(" episode_return_mean=9 evaluation_return_mean=9 loss=0.5", lines[-1])

    def test_keeps_the_best(self):
        """A policy that gets worse does not replace a better one."""
        outcome, _ = self.train([0, 5, 7, 2, 1], rlscript.StopRule(steps=400))

        self.assertEqual(("2", 7.0), (self.model()["count"], outcome.best_return))
        checkpoints = rlscript.Checkpoints(self.folder / "checkpoints")
        self.assertEqual([200, 400], [found.step for found in checkpoints.all()])

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
        for path in (self.folder / "model").iterdir():
            path.unlink()
        outcome, lines = self.train([0, 5, 7, 2, 3, 4], rlscript.StopRule(steps=500))

        self.assertEqual((500, 7.0), (outcome.step, outcome.best_return))
        self.assertEqual("2", self.model()["count"])
        self.assertIn("step=400", lines[0])

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
        """Start this file as a script, stop it after its third line, and return all of them."""
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
            lines = [process.stdout.readline() for _ in range(3)]
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
        yield Slow([0] + [5] * 10**6)

    print(
        rlscript.train(start, Game, rlscript.StopRule(), rlscript.EvaluationPlan(every_steps=300))
    )


if __name__ == "__main__":
    if "--train" in sys.argv:
        train_for_ever()
    else:
        unittest.main()

"""The process that plays, asked over its socket."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import rlscript

GAME = '''
import os, random, sys


class Game:
    """Three steps, whose reward is the action times the seed."""

    action_space = None

    def reset(self, seed=None):
        self.seed, self.left = seed, 3
        return [seed, random.random()], {"action_mask": [1, 0]}

    def step(self, action):
        self.left -= 1
        return self.seed, self.reward(action), self.left == 0, False, {}

    def reward(self, action):
        return action * self.seed

    def close(self):
        pass


class Loud(Game):
    def reward(self, action):
        print("{}", flush=True)
        os.write(2, b"noise")
        return 1


class Raises(Game):
    def reward(self, action):
        raise RuntimeError("no reward today")


class Leaves(Game):
    def reward(self, action):
        sys.exit(4)
'''


class Player(unittest.TestCase):
    """A player with a game beside it."""

    def setUp(self):
        """Start it."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        (Path(folder.name) / "game.py").write_text(GAME)
        self.source = folder.name
        ours, theirs = socket.socketpair()
        self.addCleanup(ours.close)
        with theirs:
            os.set_inheritable(theirs.fileno(), True)  # noqa: FBT003  # its only way
            self.process = subprocess.Popen(
                [sys.executable, "-m", "rlscript.player", str(theirs.fileno())],
                cwd=str(Path(rlscript.__file__).parents[1]),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                close_fds=False,
            )
        self.addCleanup(self.process.wait)
        self.wire = ours
        self.reader = ours.makefile("r")
        self.addCleanup(self.reader.close)

    def play(self, env, **changes):
        """Give the task, act with `2`, and return the turns and the last message."""
        task = {
            "task": "play",
            "source": self.source,
            "env": "game:" + env,
            "env_kwargs": {},
            "seed": 5,
            "episodes": 3,
            "environments": 2,
            "model": None,
            "gif": None,
            "masked": True,
        }
        self.send(dict(task, **changes))
        asked = []
        for line in self.reader:
            message = json.loads(line)
            if "turns" in message:
                asked.append(message["turns"])
                self.send({"answers": [[2, {"h": len(asked)}]] * len(message["turns"])})
            elif "played" not in message:
                return asked, message
        return self.fail("it has hung up")

    def send(self, message):
        """Send a line."""
        self.wire.sendall(json.dumps(message).encode() + b"\n")

    def test_plays(self):
        """Each seed's episode is played once, and each turn carries mask and state."""
        asked, message = self.play("Game")

        self.assertEqual([30, 36, 42], message["result"]["returns"])
        self.assertEqual([3, 3, 3], message["result"]["lengths"])
        self.assertGreater(message["result"]["seconds"], 0)
        self.assertEqual([2, 2, 2, 1, 1, 1], [len(turns) for turns in asked])
        (seed, _), state, mask = asked[0][0]
        self.assertEqual((5, None, [1, 0]), (seed, state, mask))
        self.assertEqual([5, {"h": 1}, None], asked[1][0])
        self.assertEqual(0, self.process.wait())

    def test_masks(self):
        """A policy that takes no masks is told of none."""
        asked, _ = self.play("Game", masked=False)

        self.assertEqual({None}, {mask for turns in asked for _, _, mask in turns})

    def test_global_seed(self):
        """The global generator is seeded before the first reset."""
        import random  # noqa: PLC0415

        asked, _ = self.play("Game")

        expected = random.Random(5).random()  # noqa: S311
        self.assertEqual(expected, asked[0][0][0][1])

    def test_noise(self):
        """What an environment prints is no message."""
        self.assertEqual([3, 3, 3], self.play("Loud")[1]["result"]["returns"])

    def test_raises(self):
        """An error comes with its traceback, from the environment's first line on."""
        error = self.play("Raises")[1]["error"]

        self.assertEqual(("RuntimeError", "no reward today"), (error["kind"], error["message"]))
        self.assertIn("game.py", error["traceback"])
        self.assertNotIn("player.py", error["traceback"])
        self.assertEqual(1, self.process.wait())

    def test_leaves(self):
        """An environment that ends the process is told of as well."""
        self.assertEqual("SystemExit", self.play("Leaves")[1]["error"]["kind"])

    def test_unknown(self):
        """What we say ourselves needs no traceback."""
        error = self.play("Gam")[1]["error"]

        self.assertIsNone(error["traceback"])
        self.assertIn("did you mean game:Game?", error["message"])

    def test_nobody_there(self):
        """Without the other side there is nothing to do."""
        self.reader.close()
        self.wire.close()

        self.assertEqual(0, self.process.wait())


if __name__ == "__main__":
    unittest.main()

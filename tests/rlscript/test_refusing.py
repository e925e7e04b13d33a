"""What a script prints that ends with an error."""

import os
import subprocess
import sys
import unittest
from pathlib import Path

import rlscript

_SCRIPT = """
from rlscript.refusing import explained
print("before")
with explained(KeyError, OSError):
    raise {}
"""
_CAUGHT = """
from rlscript.refusing import explained
try:
    with explained(OSError):
        raise OSError("caught")
except OSError as error:
    print(error)
raise OSError("later")
"""


def run(script):
    """Return the exit code and the output of a script."""
    place = str(Path(rlscript.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=dict(os.environ, PYTHONPATH=place),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()


class Explained(unittest.TestCase):
    """Errors of some kinds."""

    def test_one_line(self):
        """Theirs is the last line, after what was printed before, and the only one."""
        expected = (1, ["before", "OSError: no such thing"])
        self.assertEqual(expected, run(_SCRIPT.format("OSError('no such thing')")))

    def test_others(self):
        """Others keep their traceback."""
        code, lines = run(_SCRIPT.format("ValueError('odd')"))
        self.assertEqual(1, code)
        self.assertLess({"Traceback (most recent call last):", "ValueError: odd"}, set(lines))

    def test_caught(self):
        """A script that catches one goes on, and later errors are told as ever."""
        code, lines = run(_CAUGHT)
        self.assertEqual(1, code)
        told = {"caught", "Traceback (most recent call last):", "OSError: later"}
        self.assertLess(told, set(lines))


if __name__ == "__main__":
    unittest.main()

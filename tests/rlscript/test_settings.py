"""Hyperparameters by the types of their defaults."""

import contextlib
import io
import json
import os
import sys
import unittest
from typing import Any
from unittest import mock

import rlscript
from rlscript.settings import HyperparameterError, command_line_values, convert, parse

# Default, what was given, what comes out.
READ: Any = (
    (True, "False", False),
    (False, "yes", True),
    (True, 0, False),
    (1, "20", 20),
    (1, 2.0, 2),
    (1, "1e3", 1000),
    (1, "9007199254740993", 9007199254740993),
    (0.5, "3e-4", 3e-4),
    (0.5, 2, 2.0),
    ("a", 5, "5"),
    ("a", "CartPole-v1", "CartPole-v1"),
    ([32], "[64, 64]", [64, 64]),
    ((32,), [64], (64,)),
    ({}, '{"gravity": 9}', {"gravity": 9}),
    (None, "12", 12),
    (None, "text", "text"),
)

REFUSED: Any = (
    (True, "perhaps"),
    (True, 2),
    (1, 2.5),
    (1, "two"),
    (1, True),
    (1, "inf"),
    (0.5, "fast"),
    (0.5, False),
    ("a", [1]),
    ("a", True),
    ([32], "32"),
    ([32], "not json"),
    ({}, [1]),
    (object(), "1"),
)


class Convert(unittest.TestCase):
    """One value."""

    def test_read(self):
        """Each value arrives as the type of its default."""
        for default, given, expected in READ:
            actual = convert("name", given, default)
            self.assertEqual((type(expected), expected), (type(actual), actual))

    def test_refused(self):
        """A value of another type is refused with its name and what was given."""
        for default, given in REFUSED:
            with self.assertRaises(HyperparameterError, msg=repr((default, given))) as caught:
                convert("width", given, default)
            self.assertIn("'width'", str(caught.exception))


class Parse(unittest.TestCase):
    """All values."""

    def test_defaults(self):
        """What is not given keeps its default."""
        self.assertEqual(
            {"lr": 0.1, "env": "x"}, vars(parse({"lr": "0.1"}, {"lr": 1.0, "env": "x"}))
        )

    def test_unknown(self):
        """An unknown name is refused with the nearest."""
        with self.assertRaisesRegex(
            HyperparameterError, "'stop_retrun'; did you mean 'stop_return'"
        ):
            parse({"stop_retrun": 1}, {"stop_return": 475.0, "lr": 0.1})


class CommandLine(unittest.TestCase):
    """Arguments of a bare run."""

    def test_forms(self):
        """Both forms are read, hyphens are underscores, and the last of a name wins."""
        arguments = ["--stop-return", "-5", "--lr=3e-4", "--lr", "1"]

        self.assertEqual({"stop_return": "-5", "lr": "1"}, command_line_values(arguments))

    def test_malformed(self):
        """A lone value and an option without a value are refused."""
        for arguments in (["lr", "1"], ["--lr"], ["--"]):
            with self.assertRaises(HyperparameterError):
                command_line_values(arguments)


class Hyperparameters(unittest.TestCase):
    """Where the values come from."""

    def test_job_wins(self):
        """In a job the arguments, which repeat the values as text, are not read."""
        given = {"SM_HPS": json.dumps({"lr": 0.2})}
        with mock.patch.dict(os.environ, given), mock.patch.object(sys, "argv", ["train.py", "-x"]):
            self.assertEqual(0.2, rlscript.hyperparameters(lr=0.1).lr)

    def test_bare(self):
        """Without a job the command line is read."""
        argv = mock.patch.object(sys, "argv", ["train.py", "--lr", "0.2"])
        with mock.patch.dict(os.environ, clear=True), argv:
            self.assertEqual(0.2, rlscript.hyperparameters(lr=0.1).lr)

    def test_help(self):
        """`--help` lists the defaults and ends."""
        output = io.StringIO()
        argv = mock.patch.object(sys, "argv", ["train.py", "--help"])
        with mock.patch.dict(os.environ, clear=True), argv, contextlib.redirect_stdout(output):
            self.assertRaises(SystemExit, rlscript.hyperparameters, stop_return=475.0)

        self.assertIn("--stop-return 475.0", output.getvalue())


if __name__ == "__main__":
    unittest.main()

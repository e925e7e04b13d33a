"""The line that reports metrics."""

import contextlib
import io
import unittest

import rlscript
from rlscript.reporting import format_line


class FormatLine(unittest.TestCase):
    """One line: step, time, then the metrics in their order."""

    def test_numbers(self):
        """Integers stay integers, and other numbers are short."""
        line = format_line(2000.0, 12.34, {"loss": 0.5, "episodes": 7, "mean": 23.3068181818181818})

        self.assertEqual("rlcore step=2000 time=12.3 loss=0.5 episodes=7 mean=23.30681818", line)

    def test_not_measured(self):
        """None is left out; what is not finite is said."""
        line = format_line(1, 0, {"a": None, "b": float("nan"), "c": float("-inf")})

        self.assertEqual("rlcore step=1 time=0.0 b=nan c=-inf", line)

    def test_bad_names(self):
        """A name that would break the line, or is taken, is refused."""
        for name in ("time", "a b", "a=b", "", "1st", "a\n"):
            with self.assertRaises(ValueError, msg=name):
                format_line(1, 0, {name: 1})

    def test_bad_values(self):
        """What is no number is refused with its name."""
        with self.assertRaisesRegex(TypeError, "'loss' must be a number, but 'low' was given"):
            format_line(1, 0, {"loss": "low"})


class Announce(unittest.TestCase):
    """A line for the reader."""

    def test_no_report(self):
        """It is told apart from a report."""
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            rlscript.announce("starts from scratch")

        self.assertEqual("rlcore: starts from scratch\n", printed.getvalue())


class Watched(io.StringIO):
    """A stream that knows what has been flushed."""

    flushed = ""

    def flush(self):
        """Note what stands there."""
        self.flushed = self.getvalue()


class Report(unittest.TestCase):
    """What stands on standard output."""

    def test_prints_one_line(self):
        """One call, one line."""
        output = Watched()
        with contextlib.redirect_stdout(output):
            rlscript.report(10, episode_return_mean=1.5)

        self.assertRegex(
            output.getvalue(), r"\Arlcore step=10 time=\d+\.\d episode_return_mean=1\.5\n\Z"
        )
        self.assertEqual(output.getvalue(), output.flushed)


if __name__ == "__main__":
    unittest.main()

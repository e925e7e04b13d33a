"""The stop rule and interruptions."""

import os
import signal
import unittest
from typing import Any

import rlscript

# Limits, then steps, seconds and evaluation return, then the beginning of the reason.
RULES: Any = (
    ({}, (10**9, 1e9, 1e9), None),
    ({"evaluation_return": 475.0}, (10, 1.0, None), None),
    ({"evaluation_return": 475.0}, (10, 1.0, 474.9), None),
    ({"evaluation_return": 475.0}, (10, 1.0, 475.0), "evaluation return 475"),
    ({"evaluation_return": -200.0}, (10, 1.0, -150.0), "evaluation return -150"),
    ({"steps": 100}, (99, 1.0, 500.0), None),
    ({"steps": 100}, (104, 1.0, None), "steps 104"),
    ({"seconds": 60.0}, (10, 60.5, None), "seconds 60.5"),
)


class Rule(unittest.TestCase):
    """When training is over."""

    def test_reasons(self):
        """The first limit that is reached is the reason."""
        for limits, now, expected in RULES:
            reason = rlscript.StopRule(**limits).reason(*now)
            self.assertEqual(expected, reason and reason[: len(expected or "")], limits)

    def test_before(self):
        """Of what came before a resume, the steps alone count."""
        rule = rlscript.StopRule(evaluation_return=0.0, steps=100, seconds=0.0)
        self.assertIsNone(rule.reason_before(99))
        self.assertEqual("steps 100 reached 100", rule.reason_before(100))


class Signals(unittest.TestCase):
    """Signals ask for an orderly end."""

    def test_noted(self):
        """SIGTERM and Ctrl-C are noted, and handlers are as before afterwards."""
        for number in (signal.SIGTERM, signal.SIGINT):
            before = signal.getsignal(number)
            with rlscript.Interruption() as interruption:
                self.assertIsNone(interruption.reason)
                os.kill(os.getpid(), number)
                self.assertEqual("interrupted by " + number.name, interruption.reason)
            self.assertEqual(before, signal.getsignal(number))

    def test_second_interrupt(self):
        """A second Ctrl-C is not held back, a second SIGTERM is."""
        with self.assertRaises(KeyboardInterrupt), rlscript.Interruption():
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    def test_armed_again(self):
        """A toolkit that took the signals over loses them again."""
        with rlscript.Interruption() as interruption:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            interruption.arm()
            os.kill(os.getpid(), signal.SIGTERM)
            self.assertIsNotNone(interruption.reason)


if __name__ == "__main__":
    unittest.main()

"""When training ends: one rule for the good end, one flag for the early one."""

import signal
from typing import Any, NamedTuple, Optional


class StopRule(NamedTuple):
    """Training stops at the first of these that is reached; one that is None does not count.

    Attributes:
        evaluation_return: Mean return of one greedy evaluation.
        steps: Environment steps taken in all, those before a resume included.
        seconds: Time since the process started.
    """

    evaluation_return: Optional[float] = None
    steps: Optional[int] = None
    seconds: Optional[float] = None

    def reason(
        self, steps: int, seconds: float, evaluation_return: Optional[float]
    ) -> Optional[str]:
        """Return why training ends here, or None where it goes on."""
        limits = (
            ("evaluation return", evaluation_return, self.evaluation_return),
            ("steps", steps, self.steps),
            ("seconds", seconds, self.seconds),
        )
        for name, value, limit in limits:
            if limit is not None and value is not None and value >= limit:
                return "{} {:.10g} reached {:.10g}".format(name, value, limit)
        return None

    def reason_before(self, steps: int) -> Optional[str]:
        """Return why nothing is left to train: the steps before a resume are enough."""
        return StopRule(steps=self.steps).reason(steps, 0.0, None)


class Interruption:
    """A context in which SIGTERM and Ctrl-C ask for an orderly end instead of killing the process.

    Within it `reason` is None until such a signal arrives. A second Ctrl-C is not held back: it
    ends the process as it would have without us.
    """

    SIGNALS = (signal.SIGTERM, signal.SIGINT)

    def __init__(self) -> None:
        self.reason = None  # type: Optional[str]
        self._before = {}  # type: Any

    def __enter__(self) -> "Interruption":  # noqa: PYI034  # typing.Self came with 3.11
        self._before = {number: signal.getsignal(number) for number in self.SIGNALS}
        self.arm()
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            # None stands for a handler that was not set from Python.
            signal.signal(number, handler or signal.SIG_DFL)

    def arm(self) -> None:
        """Listen to the signals, again if need be: toolkits take them over while they start."""
        for number in self.SIGNALS:
            signal.signal(number, self._note)

    def _note(self, number: int, _frame: Any) -> None:
        reason = "interrupted by {}".format(signal.Signals(number).name)
        if number == signal.SIGINT and self.reason == reason:
            raise KeyboardInterrupt
        self.reason = reason

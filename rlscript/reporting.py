"""The line from which every platform draws the learning curve.

`rlcore step=2000 time=12.3 episode_return_mean=23.3`: the contract between a script and rlcore's
metrics.
"""

import re
import sys
import time
from typing import Any, Dict

_STARTED = time.monotonic()
_METRIC_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")


def seconds_since_start() -> float:
    """Return the seconds since the process imported rlscript."""
    return time.monotonic() - _STARTED


def report(step: int, **metrics: Any) -> None:
    """Print one line of metrics to standard output, at once.

    A metric that is None has not been measured yet and is left out. Values that are not finite are
    printed as `nan`, `inf` or `-inf`: a person reading the log sees a run diverge, while the curve,
    which reads numbers alone, has no point there.

    Args:
        step: Environment steps taken so far, in all.
        **metrics: Anything that `float` accepts (numbers, numpy scalars), by name.

    Raises:
        ValueError: A name is not letters, digits and `_./-`, or is `time`.
        TypeError: A value is not a number.
    """
    sys.stdout.write(format_line(step, seconds_since_start(), metrics) + "\n")
    sys.stdout.flush()


def announce(text: str) -> None:
    """Print one line for the reader of the log, which no curve is drawn from: `rlcore: ...`."""
    sys.stdout.write("rlcore: {}\n".format(text))
    sys.stdout.flush()


def format_line(step: int, seconds: float, metrics: Dict[str, Any]) -> str:
    """Return the line for these metrics, without its end."""
    line = "rlcore step={:d} time={:.1f}".format(int(step), seconds)
    for name, value in metrics.items():
        if value is not None:
            line += " {}={}".format(_checked_name(name), _number(name, value))
    return line


def _checked_name(name: str) -> str:
    if name == "time" or not _METRIC_NAME.fullmatch(name):
        msg = (
            "{!r} cannot name a metric: use letters, digits and '_./-', beginning with a letter "
            "or '_'; 'step' and 'time' are rlcore's own"
        )
        raise ValueError(msg.format(name))
    return name


def _number(name: str, value: Any) -> str:
    if isinstance(value, int):
        return str(int(value))
    try:
        return "{:.10g}".format(float(value))
    except (TypeError, ValueError):
        msg = "metric {!r} must be a number, but {!r} was given"
        raise TypeError(msg.format(name, value)) from None

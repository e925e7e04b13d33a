"""Which Coach runs here: its release, and on what."""

import importlib.util
import os
from typing import Dict

TENSORFLOW, MXNET = "tensorflow", "mxnet"
_DISTRIBUTIONS = ("rl-coach-slim", "rl-coach")
# The variable by which Coach's images choose.
_CHOICE = "COACH_BACKEND"


def backend() -> str:
    """Return what Coach's networks run on: as `COACH_BACKEND` says, else what is installed.

    Raises:
        ValueError: Neither is installed, or the variable names something else.
    """
    given = os.environ.get(_CHOICE)
    if given:
        if given not in (TENSORFLOW, MXNET):
            msg = "{} is {!r}; allowed are {!r} and {!r}"
            raise ValueError(msg.format(_CHOICE, given, TENSORFLOW, MXNET))
        return given
    for name in (TENSORFLOW, MXNET):
        if importlib.util.find_spec(name):
            return name
    msg = "neither TensorFlow nor MXNet is installed, one of which Coach needs"
    raise ValueError(msg)


def release() -> str:
    """Return Coach's version, as the plugins write it."""
    import pkg_resources  # noqa: PLC0415  # Python 3.6 has no importlib.metadata

    for name in _DISTRIBUTIONS:
        try:
            version: str = pkg_resources.get_distribution(name).version
        except pkg_resources.DistributionNotFound:
            continue
        # The registry has 0.11, which everybody calls 0.11.0.
        return version if version.count(".") > 1 else version + ".0"
    msg = "Coach is not installed: neither {} nor {}"
    raise ImportError(msg.format(*_DISTRIBUTIONS))


def identity() -> Dict[str, str]:
    """Return what a checkpoint must agree with to be restored here."""
    return {"toolkit": "coach", "release": release(), "backend": backend()}

"""Whether an environment's spaces are such that policies over them can be exported."""

from typing import Any

from rlscript_coach.refusals import ExportRefused


def check_environment(env: Any) -> None:
    """Raise for spaces that Coach does not train over, or whose policies are not exported.

    `rlcore check-env` asks this before anything is trained; Coach is not needed for it.

    Raises:
        ExportRefused: Observations are no box with one axis; or actions are neither discrete from
            0 nor a box of floats with one axis.
    """
    seen, done = env.observation_space, env.action_space
    if type(seen).__name__ != "Box" or len(seen.shape) != 1:
        part, reason = "a policy", "over observations of {} is not translated".format(seen)
        raise ExportRefused(part, reason)
    kind = type(done).__name__
    if kind == "Box" and len(done.shape) == 1 and done.dtype.kind == "f":
        return
    if kind == "Discrete" and getattr(done, "start", 0) == 0:
        return
    part, reason = "a policy", "with actions of {} is not translated".format(done)
    raise ExportRefused(part, reason)

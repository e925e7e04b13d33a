"""Whether an environment's actions are such that policies over them can be exported."""

from typing import Any

from rlscript_ray.refusals import ExportRefused


def check_environment(env: Any) -> None:
    """Raise for an action space whose policies RLlib does not train or that are not exported.

    `rlcore check-env` asks this before anything is trained; Ray is not needed for it.

    Raises:
        ExportRefused: Actions are not discrete from 0, multi-discrete from 0, or a box of floats
            with one axis.
    """
    space = env.action_space
    kind = type(space).__name__
    if kind == "Box" and len(space.shape) == 1 and space.dtype.kind == "f":
        return
    # Spaces of gym before Gymnasium count from 0 alone.
    start = getattr(space, "start", 0)
    if kind == "Discrete" and start == 0:
        return
    if kind == "MultiDiscrete" and space.nvec.ndim == 1 and not getattr(start, "any", bool)():
        return
    part, reason = "PPO's policy", "over {} is not translated".format(space)
    raise ExportRefused(part, reason)

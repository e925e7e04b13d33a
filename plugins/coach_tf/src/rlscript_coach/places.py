"""The environment that a preset trains in, by the name under which others make it again."""

from typing import Any, Dict, NamedTuple

import rlscript
from rlscript_coach.fitness import check_environment
from rlscript_coach.refusals import ExportRefused


class Place(NamedTuple):
    """An environment: a gym id or `module:Class`, and the keyword arguments of the latter."""

    env: str
    kwargs: Dict[str, Any]

    def make(self) -> Any:
        """Return a new environment with Gymnasium's API."""
        return rlscript.make_environment(self.env, self.kwargs)


def place_of(manager: Any) -> Place:
    """Return the environment of a preset.

    Raises:
        ExportRefused: The preset has several levels, or its environment is none of gym's; or one
            action is repeated, which nobody would do who plays the policy later.
        EnvironmentFailed: There is no such environment.
    """
    from rl_coach.environments.gym_environment import GymEnvironmentParameters  # noqa: PLC0415
    from rl_coach.graph_managers.basic_rl_graph_manager import (  # noqa: PLC0415
        BasicRLGraphManager,
    )

    if type(manager) is not BasicRLGraphManager:
        raise ExportRefused(manager, "has several levels of agents, which are not translated")
    parameters = manager.env_params
    if not isinstance(parameters, GymEnvironmentParameters):
        raise ExportRefused(parameters, "is no environment of gym's, which a policy is served for")
    if parameters.frame_skip != 1:
        reason = "repeats each action {} times: set frame_skip = 1, as GymVectorEnvironment does"
        raise ExportRefused(parameters, reason.format(parameters.frame_skip))
    place = _named(str(parameters.level), dict(parameters.additional_simulator_parameters))
    first = place.make()
    try:
        check_environment(first)
    finally:
        first.close()
    return place


def _named(level: str, kwargs: Dict[str, Any]) -> Place:
    if "/" in level and ":" in level:
        msg = "the environment {!r} is given by a path; name it as module:Class, {}"
        raise rlscript.EnvironmentFailed(msg.format(level, "the module beside the script"))
    if ":" in level:
        return Place(level, kwargs)
    if kwargs:
        msg = "warning: {} takes no additional_simulator_parameters, which go to module:Class alone"
        rlscript.announce(msg.format(level))
    return Place(level, {})

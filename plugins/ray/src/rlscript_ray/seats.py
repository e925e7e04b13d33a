"""Which policies an algorithm holds, which agents ask them, and the connectors between the two."""

import copy
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ray.rllib.algorithms.algorithm import Algorithm
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.connectors.env_to_module import MeanStdFilter
from ray.rllib.core import DEFAULT_MODULE_ID
from ray.rllib.core.rl_module.multi_rl_module import MultiRLModule
from ray.rllib.env.multi_agent_env_runner import MultiAgentEnvRunner
from ray.rllib.env.multi_agent_episode import MultiAgentEpisode
from ray.rllib.env.single_agent_env_runner import SingleAgentEnvRunner

from rlscript_ray.refusals import ExportRefused

# How often the mapping of agents to policies is asked before it is taken for constant.
_ASKED = 20


class Seat(NamedTuple):
    """A policy and its agents.

    Attributes:
        name: The policy's, in the manifest.
        module_id: RLlib's name of it.
        agents: Those whose actions it chooses; none where the environment has only one.
        observations: RLlib's connectors from the environment to the module.
        actions: RLlib's connectors back.
    """

    name: str
    module_id: str
    agents: Tuple[str, ...]
    observations: Any
    actions: Any

    @property
    def agent(self) -> Optional[str]:
        """The first agent, as connectors name it: None where the environment has only one."""
        return self.agents[0] if self.agents else None

    @property
    def observation_space(self) -> Any:
        """The environment's own space, for one agent."""
        return self.part(self.observations.input_observation_space)

    @property
    def action_space(self) -> Any:
        """Likewise."""
        return self.part(self.actions.input_action_space)

    def part(self, space: Any) -> Any:
        """Return what a connector's space is for the policy's agents.

        Raises:
            ExportRefused: It is not the same for all of them.
        """
        if not self.agents:
            return space
        found = [space[agent] for agent in self.agents]
        if any(other != found[0] for other in found):
            msg = "chooses for the agents {}, whose spaces differ"
            raise ExportRefused("the policy " + self.name, msg.format(", ".join(self.agents)))
        return found[0]


def seats_of(algorithm: Algorithm) -> List[Seat]:
    """Return the algorithm's policies that act, in the order of their first agents.

    The connectors are those of the runner in this process, which carry the merged statistics.

    Raises:
        ExportRefused: There is no such runner, it is not RLlib's own, or an agent's policy changes.
    """
    runner = algorithm.env_runner_group.local_env_runner
    if runner is None:
        raise ExportRefused(algorithm.config, "makes no local runner, whose connectors are needed")
    # Another one may do anything with observations and actions; that of the old API stack does.
    if type(runner) not in (SingleAgentEnvRunner, MultiAgentEnvRunner):
        raise ExportRefused(runner, "is not one of the runners of RLlib's current API stack")
    # There is no other way to them.
    pipelines = (runner._env_to_module, runner._module_to_env)  # noqa: SLF001
    _require_merged(algorithm.config, pipelines[0])
    if not algorithm.config.is_multi_agent:
        return [Seat("default", DEFAULT_MODULE_ID, (), *pipelines)]
    table: Dict[str, List[str]] = {}
    for agent in pipelines[0].input_observation_space.spaces:
        table.setdefault(_policy_of(algorithm, agent), []).append(agent)
    return [Seat(name, name, tuple(agents), *pipelines) for name, agents in table.items()]


def current_module(algorithm: Algorithm, seat: Seat) -> Any:
    """Return a copy of the policy's module with the learner's weights.

    An environment runner's own module may be behind the learner's, and may have no critic.

    Raises:
        ExportRefused: Several modules are in the hands of one that is not RLlib's own.
    """
    module = algorithm.env_runner_group.local_env_runner.module
    if seat.agents:
        if type(module) is not MultiRLModule:
            raise ExportRefused(module, "may hand on anything between its modules")
        module = module[seat.module_id]
    module = copy.deepcopy(module).cpu()
    module.set_state(algorithm.learner_group.get_weights()[seat.module_id])
    return module.eval()


def _require_merged(config: AlgorithmConfig, pipeline: Any) -> None:
    """Check that the statistics of the runners elsewhere come together in this process."""
    if config.num_env_runners and not config.merge_env_runner_states:
        for piece in pipeline.connectors:
            if isinstance(piece, MeanStdFilter):
                msg = "needs merge_env_runner_states, for runners each to have the same statistics"
                raise ExportRefused(piece, msg)


def _policy_of(algorithm: Algorithm, agent: Any) -> str:
    """Return an agent's policy; the mapping may be any function, and is asked several times."""
    if not isinstance(agent, str):
        msg = "names the agent {!r}, and agents of a model are strings"
        raise ExportRefused(algorithm.config, msg.format(agent))
    mapping = algorithm.config.policy_mapping_fn
    found = {mapping(agent, MultiAgentEpisode()) for _ in range(_ASKED)}
    if len(found) > 1:
        part, msg = "policy_mapping_fn", "changes: the agent {!r} gets {}"
        listed = " and ".join(sorted(map(repr, found)))
        raise ExportRefused(part, msg.format(agent, listed))
    return str(found.pop())

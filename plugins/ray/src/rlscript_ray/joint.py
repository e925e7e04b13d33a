"""An environment of several agents as one of a single agent that is all of them.

Evaluations play it as any other: its observation is what each agent sees that has to act, its
action what each of them does, its reward the sum of theirs.
"""

from typing import Any, Dict, List, Mapping, Sequence, Tuple

from gymnasium import spaces
from ray.rllib.env.multi_agent_env import MultiAgentEnv

import rlscript


def playable(env: str, env_kwargs: Dict[str, Any]) -> Any:
    """Return a new environment, as a single agent's where it has RLlib's API for several."""
    made = rlscript.make_environment(env, env_kwargs)
    return JointEnvironment(made) if isinstance(made, MultiAgentEnv) else made


class JointEnvironment:
    """The environment, with the spaces and the results of a single agent's."""

    def __init__(self, environment: Any) -> None:
        self._environment = environment
        agents = environment.possible_agents
        self.observation_space = spaces.Dict(
            {agent: environment.get_observation_space(agent) for agent in agents}
        )
        self.action_space = spaces.Dict(
            {agent: environment.get_action_space(agent) for agent in agents}
        )

    def reset(self, seed: Any = None) -> Tuple[Dict[str, Any], Dict[str, Any]]:
        """Begin an episode."""
        observations, _ = self._environment.reset(seed=seed)
        return observations, {}

    def step(
        self, action: Dict[str, Any]
    ) -> Tuple[Dict[str, Any], float, bool, bool, Dict[str, Any]]:
        """Take the step of all agents that act."""
        observations, rewards, terminated, truncated, _ = self._environment.step(action)
        total = float(sum(rewards.values()))
        return observations, total, terminated["__all__"], truncated["__all__"], {}

    def close(self) -> None:
        """Free what the environment holds."""
        self._environment.close()


def act_jointly(
    policies: Mapping[str, Any], agents: Mapping[str, str], turns: Sequence[rlscript.Turn]
) -> List[Tuple[Dict[str, Any], Dict[str, Any]]]:
    """Return what all agents do in each turn, and their states by agent; each policy acts once.

    Args:
        policies: The policies by name, with `act`.
        agents: The policy's name by the agent's.
        turns: Their observations and states are dictionaries by agent.
    """
    actions: List[Dict[str, Any]] = [{} for _ in turns]
    # An agent that does not act in this turn keeps its state.
    states = [dict(turn.state or {}) for turn in turns]
    for name, policy in policies.items():
        asked = [
            (index, agent, rlscript.Turn(seen, states[index].get(agent)))
            for index, turn in enumerate(turns)
            for agent, seen in turn.observation.items()
            if agents[agent] == name
        ]
        if not asked:
            continue
        answers = policy.act([each for _, _, each in asked])
        for (index, agent, _), (action, state) in zip(asked, answers):
            actions[index][agent], states[index][agent] = action, state
    return list(zip(actions, states))

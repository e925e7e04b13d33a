"""Observations to check an export on: what the environment shows under random actions."""

from typing import Any, Dict, List

from rlscript_ray.joint import playable

_COUNT = 200
# An agent that has hardly acted by then has little say in its environment.
_MOST_STEPS = 20 * _COUNT


def random_observations(
    env: str, env_kwargs: Dict[str, Any], agents: Dict[str, str]
) -> Dict[str, List[Any]]:
    """Return observations for each policy by its name, fewer where its agents rarely act.

    Where they never do, the observations are any of their space's.

    Args:
        env: The environment.
        env_kwargs: Its keyword arguments.
        agents: The policy's name by the agent's; empty where there is only one agent.
    """
    environment = playable(env, env_kwargs)
    environment.action_space.seed(0)
    seen: Dict[str, List[Any]] = {name: [] for name in agents.values() or ("default",)}
    observation: Any = None
    done = True
    for number in range(_MOST_STEPS):
        if all(len(found) >= _COUNT for found in seen.values()):
            break
        if done:
            observation, _ = environment.reset(seed=number)
            done = False
        else:
            action = _acting(environment.action_space.sample(), observation, agents)
            observation, _, terminated, truncated, _ = environment.step(action)
            done = terminated or truncated
        for agent, part in (observation if agents else {"": observation}).items():
            seen[agents.get(agent, "default")].append(part)
    environment.close()
    for agent, name in agents.items():
        space = environment.observation_space[agent]
        seen[name] = seen[name] or [space.sample() for _ in range(_COUNT)]
    return seen


def _acting(action: Any, observation: Any, agents: Dict[str, str]) -> Any:
    """Return the actions of the agents that see something; the others are not to act."""
    return {agent: action[agent] for agent in observation} if agents else action

"""An agent: a policy behind an endpoint as a function from observation to action."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Ask = Callable[[Mapping[str, Any]], tuple[Any, Any]]


class Agent:
    """Acts step by step, and carries the state of a recurrent policy from step to step.

    Attributes:
        state: What the policy returned last; None after `reset`, and for a policy that keeps none.
    """

    def __init__(
        self,
        ask: Ask,
        policy: str | None = None,
        agent: str | None = None,
        *,
        deterministic: bool = True,
        seed: int | None = None,
    ) -> None:
        """Begin an episode.

        Args:
            ask: Answers a question to the endpoint with action and next state.
            policy: Name of the policy, where the model holds several.
            agent: Id of the agent whose policy is meant, instead.
            deterministic: Whether the likeliest action is wanted, or one drawn by chance.
            seed: Seed of the first action's chance; each further action counts it up.
        """
        self._ask = ask
        self._which = {"policy": policy, "agent": agent, "deterministic": deterministic}
        self._seed = seed
        self.state: Any = None

    def __call__(self, observation: Any, mask: Any = None) -> Any:
        """Return the action for an observation, or the actions for one of several environments."""
        question = {"observation": observation, "mask": mask, "state": self.state}
        action, self.state = self._ask({**question, **self._which, "seed": self._seed})
        if self._seed is not None:
            self._seed += 1
        return action

    def reset(self) -> None:
        """Forget the state: the next observation is an episode's first."""
        self.state = None

"""Coach's agent as a policy: which filters, which network, which head, and what becomes an action.

Each part is either translated exactly or refused by the name of its class; there is no third way.
Exact types are compared, since a subclass may do anything.
"""

from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

import rlscript
from rlscript_coach.refusals import ExportRefused
from rlscript_coach.releases import TENSORFLOW, backend

_Q_HEADS = ("QHead", "DuelingQHead")
# The network that acts and the heads that it may have, by the agent's class.
_ACTING = {
    "ActorCriticAgent": ("main", ("PolicyHead",)),
    "ClippedPPOAgent": ("main", ("PPOHead",)),
    "DDPGAgent": ("actor", ("DDPGActor",)),
    "DDQNAgent": ("main", _Q_HEADS),
    "DQNAgent": ("main", _Q_HEADS),
    "MixedMonteCarloAgent": ("main", _Q_HEADS),
    "NStepQAgent": ("main", _Q_HEADS),
    "PALAgent": ("main", _Q_HEADS),
    "PPOAgent": ("actor", ("PPOHead",)),
    "PolicyGradientsAgent": ("main", ("PolicyHead",)),
}
_NORMALISATION = "ObservationNormalizationFilter"
_CLIPPING = "ObservationClippingFilter"
_OBSERVATION = "observation"


class Filter(NamedTuple):
    """One step of what happens to an observation before the network: (x - mean) / std, clipped."""

    mean: Any
    std: Any
    low: Any
    high: Any


class Head(NamedTuple):
    """What a network's outputs mean.

    Attributes:
        kind: `probabilities`, `values` or `mean`.
        outputs: How many outputs: the mean may come with a standard deviation.
    """

    kind: str
    outputs: int

    @property
    def law(self) -> Optional[str]:
        """The noise by which actions are sampled; None where the head says nothing of it."""
        if self.kind == "probabilities":
            return "gumbel"
        return "normal" if self.kind == "mean" and self.outputs > 1 else None


class Policy:
    """The whole way from the environment's observation to its action, as Coach goes it.

    Attributes:
        agent: Coach's agent.
        observation_space: The environment's own.
        action_space: Likewise.
        network: Its acting network, as a backend wraps it.
        head: What the network's outputs mean.
    """

    def __init__(self, manager: Any) -> None:
        """Find the parts.

        Raises:
            ExportRefused: One of them is not translated.
        """
        self.agent = _agent_of(manager)
        environment = manager.environments[0].env
        self.observation_space = environment.observation_space
        self.action_space = environment.action_space
        network, position = _acting(self.agent)
        self.network = _wrapped(network, position)
        self.head = _head(network.output_heads[position], self.network.outputs)
        self._filters = _filters_of(self.agent)

    def filters(self) -> List[Filter]:
        """Return the filters as they are now, in their order."""
        return [_filter(each) for each in self._filters]

    def statistics(self) -> List[Any]:
        """Return the running statistics of those filters that keep them."""
        return [
            each.running_observation_stats
            for each in self._filters
            if type(each).__name__ == _NORMALISATION
        ]

    def outputs(self, observations: Any) -> List[Any]:
        """Return what Coach's network says of a batch of the environment's observations."""
        seen = [np.asarray(each) for each in observations]
        for each in self._filters:
            if each.supports_batching:
                seen = each.filter(seen, update_internal_state=False)
            else:
                seen = [each.filter(one, update_internal_state=False) for one in seen]
        found = self.network.run(np.asarray(seen, np.float32))
        return [np.asarray(part).reshape(len(observations), -1) for part in found]

    def scores(self, outputs: Sequence[Any], noise: Any = None) -> Any:
        """Return of what the greatest is the action, or for a box what the action is, unclipped.

        Args:
            outputs: The network's.
            noise: Rows of the head's law, by which Coach would draw; None for greedy actions.
        """
        if noise is None or not self.head.law:
            return outputs[0]
        if self.head.law == "gumbel":
            return np.log(np.maximum(outputs[0], np.float32(1e-38))) + noise
        return outputs[0] + outputs[1] * noise

    def actions(self, scores: Any) -> Any:
        """Return the actions of scores, as the environment takes them."""
        if self.head.kind != "mean":
            return np.argmax(scores, axis=1)
        space = self.action_space
        return np.clip(scores, space.low, space.high).astype(space.dtype)

    def act(self, turns: Sequence[rlscript.Turn]) -> List[Tuple[Any, Any]]:
        """Return the greedy action for each turn."""
        dtype = self.observation_space.dtype
        seen = [np.asarray(turn.observation, dtype) for turn in turns]
        return [(action, None) for action in self.actions(self.outputs(seen)[0])]


def _agent_of(manager: Any) -> Any:
    agents = list(manager.level_managers[0].agents.values())
    agent = agents[0]
    kind = type(agent)
    if kind.__name__ not in _ACTING or not kind.__module__.startswith("rl_coach.agents."):
        reason = "is an agent that is not translated; those that are: {}"
        raise ExportRefused(agent, reason.format(", ".join(sorted(_ACTING))))
    for each in agent.output_filter.action_filters.values():
        raise ExportRefused(each, "changes actions, which is not translated")
    if getattr(agent.ap.algorithm, "use_target_network_for_evaluation", False):
        raise ExportRefused(agent, "plays with its target network, which is not translated")
    return agent


def _acting(agent: Any) -> Tuple[Any, int]:
    """Return the acting network and the place of its acting head among its heads."""
    name, heads = _ACTING[type(agent).__name__]
    network = agent.networks[name].online_network
    inputs = list(agent.ap.network_wrappers[name].input_embedders_parameters)
    if inputs != [_OBSERVATION]:
        reason = "takes {}, and a policy is served from the observation alone"
        raise ExportRefused(network, reason.format(", ".join(map(repr, inputs))))
    middleware = type(agent.ap.network_wrappers[name].middleware_parameters).__name__
    if middleware != "FCMiddlewareParameters":
        part = middleware.replace("Parameters", "")
        raise ExportRefused(part, "is a middleware that is not translated")
    kinds = [type(head).__name__ for head in network.output_heads]
    places = [place for place, kind in enumerate(kinds) if kind in heads]
    if len(places) != 1:
        reason = "has the heads {}, of which exactly one must be {}"
        raise ExportRefused(agent, reason.format(", ".join(kinds), " or ".join(heads)))
    head = network.output_heads[places[0]]
    if not type(head).__module__.startswith("rl_coach."):
        raise ExportRefused(head, "is a head that is not translated")
    return network, places[0]


def _wrapped(network: Any, position: int) -> Any:
    if backend() == TENSORFLOW:
        from rlscript_coach.tensorflow_network import TensorFlowNetwork  # noqa: PLC0415

        return TensorFlowNetwork(network, position)
    from rlscript_coach.mxnet_network import MXNetNetwork  # noqa: PLC0415

    return MXNetNetwork(network, position)


def _head(head: Any, outputs: int) -> Head:
    if type(head).__name__ in _Q_HEADS:
        return Head("values", outputs)
    if type(head.spaces.action).__name__ == "DiscreteActionSpace":
        return Head("probabilities", outputs)
    if type(head.spaces.action).__name__ == "BoxActionSpace":
        return Head("mean", outputs)
    raise ExportRefused(head.spaces.action, "is a space of actions that is not translated")


def _filters_of(agent: Any) -> List[Any]:
    """Return the filters that an observation passes, in their order."""
    found: List[Any] = []
    for holder in (agent.input_filter, agent.pre_network_filter):
        for name, filters in holder.observation_filters.items():
            if name == _OBSERVATION:
                found.extend(filters.values())
    for each in found:
        known = type(each).__module__.startswith("rl_coach.filters.observation.")
        if not known or type(each).__name__ not in (_NORMALISATION, _CLIPPING):
            raise ExportRefused(each, "changes observations, which is not translated")
    return found


def _filter(each: Any) -> Filter:
    if type(each).__name__ == _CLIPPING:
        return Filter(0.0, 1.0, each.clip_min, each.clip_max)
    statistics = each.running_observation_stats
    # As NumpySharedRunningStats.normalize has it.
    return Filter(statistics.mean, statistics.std + 1e-15, *statistics.clip_values)

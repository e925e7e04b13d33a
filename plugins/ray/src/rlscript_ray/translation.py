"""RLlib's module and connectors as one graph: observation, state and noise in, the action out.

RLlib normalises observations before the module, and samples, rescales and clips actions after it.
Each such part is either translated exactly or refused by the name of its class; there is no third
way. Exact types are compared, since a subclass may do anything.
"""

from typing import Any, Dict, List, Sequence, Tuple

import torch
from ray.rllib.algorithms.algorithm import Algorithm

import rlscript
from rlscript_ray.connectors import action_layers, observation_layers, observed_leaves
from rlscript_ray.networks import network_of, sample_of
from rlscript_ray.seats import Seat, current_module, seats_of
from rlscript_ray.signature import Noise, Signature, require_served


class Policy(torch.nn.Module):
    """The whole way from the environment's observation to its action.

    Attributes:
        seat: Which policy it is.
        signature: What `forward` takes and gives.
    """

    def __init__(self, seat: Seat, module: Any) -> None:
        super().__init__()
        self.seat = seat
        self.before = torch.nn.ModuleList(observation_layers(seat))
        self.network, states = network_of(module)
        self.sample: Any = sample_of(module, seat.action_space)
        self.after = torch.nn.Sequential(*action_layers(seat))
        noise = Noise(self.sample.law, (self.sample.size,))
        self.signature = Signature(
            seat.observation_space,
            seat.action_space,
            observed_leaves(seat),
            states,
            noise,
        )

    def forward(self, *inputs: torch.Tensor) -> Tuple[torch.Tensor, ...]:
        """Return a batch of actions, the next states, and the inputs of the distribution."""
        count = len(self.signature.leaves)
        values, states, noise = inputs[:count], inputs[count:-1], inputs[-1]
        for layer in self.before:
            values = (layer(*values),)
        found, *states = self.network(values[0].float(), *states)
        return (self.after(self.sample(found, noise)), *states, found)

    def act(self, turns: Sequence[rlscript.Turn]) -> List[Tuple[Any, Any]]:
        """Return the greedy action and the next state for each turn."""
        arrays = self.signature.arrays(
            [turn.observation for turn in turns], [turn.state for turn in turns]
        )
        with torch.no_grad():
            outputs = [each.numpy() for each in self(*map(torch.as_tensor, arrays))]
        return list(zip(outputs[0], self.signature.next_states(outputs, len(turns))))


def translate(algorithm: Algorithm) -> Dict[str, Policy]:
    """Return the algorithm's current policies as graphs, on the CPU, by their names.

    Raises:
        ExportRefused: A part of one is not among those that are translated exactly.
    """
    return {seat.name: _translated(algorithm, seat) for seat in seats_of(algorithm)}


def _translated(algorithm: Algorithm, seat: Seat) -> Policy:
    for space in (seat.observation_space, seat.action_space):
        require_served(space)
    policy = Policy(seat, current_module(algorithm, seat))
    policy.eval()
    return policy

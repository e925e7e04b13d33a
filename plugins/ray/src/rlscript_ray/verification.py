"""How RLlib's current stack itself acts, and what an export answers to the same."""

from typing import Any, List, Sequence, Tuple

import numpy as np
import torch
from ray.rllib.algorithms.algorithm import Algorithm
from ray.rllib.connectors import env_to_module
from ray.rllib.connectors.common.flatten_observations import FlattenObservations
from ray.rllib.utils.numpy import flatten_inputs_to_1d_tensor
from ray.rllib.utils.spaces.space_utils import (
    clip_action,
    get_base_struct_from_space,
    unsquash_action,
)

from rlscript_ray.comparison import ROWS, WIDE_TOLERANCE, far, require_equal, session_of
from rlscript_ray.connectors import filter_of, observation_pieces, removed_keys
from rlscript_ray.seats import Seat, current_module
from rlscript_ray.signature import Signature


def check_export(
    algorithm: Algorithm,
    seat: Seat,
    signature: Signature,
    graph: bytes,
    observations: Sequence[Any],
) -> None:
    """Compare a graph's greedy actions with RLlib's own, in batches and one by one.

    In each step both are given RLlib's state, so that rounding does not add up.

    Raises:
        ExportWrong: They differ.
    """
    reference = Reference(algorithm, seat)
    session = session_of(graph)
    together = ROWS if signature.states else len(observations)
    for size in (min(together, len(observations)), 1):
        answers = _compared(reference, session, signature, observations, size)
        require_equal(seat.action_space, observations, answers)


class Reference:
    """RLlib's own code for inference; of the translation, which connectors have a say."""

    def __init__(self, algorithm: Algorithm, seat: Seat) -> None:
        self._config = algorithm.config
        self._seat = seat
        self._module = current_module(algorithm, seat)

    def step(
        self, observations: Sequence[Any], state: Any = None
    ) -> Tuple[np.ndarray, np.ndarray, Any]:
        """Return greedy actions, their distributions' inputs, and the state after one step.

        Args:
            observations: One for each row.
            state: What the last step returned; None at the beginning.
        """
        seen = torch.as_tensor(np.stack([self._connect(each) for each in observations])).float()
        batch = {"obs": seen}
        if self._module.is_stateful():
            initial = self._module.get_initial_state()
            state = state or _repeated(initial, len(seen))
            batch = {"obs": seen.unsqueeze(1), "state_in": state}
        with torch.no_grad():
            outputs = self._module.forward_inference(batch)
        inputs = outputs["action_dist_inputs"].reshape(len(seen), -1)
        law = self._module.get_inference_action_dist_cls().from_logits(inputs)
        chosen = law.to_deterministic().sample().numpy()
        return self._for_environment(chosen), inputs.numpy(), outputs.get("state_out")

    def rows(self, state: Any, count: int) -> List[Any]:
        """Return the actor's part of a state as `Signature` has it, for each of so many rows."""
        if not state:
            return [None] * count
        # Where the critic has an encoder of its own, it has a state of its own as well.
        acting = state.get("actor", state)
        return [
            {"state/" + name: part[row].numpy() for name, part in acting.items()}
            for row in range(count)
        ]

    def _connect(self, observation: Any) -> np.ndarray:
        for piece in observation_pieces(self._seat):
            if type(piece) is env_to_module.MeanStdFilter:
                observation = filter_of(piece, self._seat.agent)(observation, update=False)
            if type(piece) is FlattenObservations:
                observation = self._flattened(piece, observation)
        return np.asarray(observation)

    def _flattened(self, piece: Any, observation: Any) -> np.ndarray:
        struct = get_base_struct_from_space(self._seat.part(piece.input_observation_space))
        for key in removed_keys(piece):
            struct = {name: part for name, part in struct.items() if name != key}
            observation = {name: part for name, part in observation.items() if name != key}
        return np.asarray(flatten_inputs_to_1d_tensor(observation, struct, batch_axis=False))

    def _for_environment(self, actions: np.ndarray) -> np.ndarray:
        space = self._seat.action_space
        if self._config.normalize_actions:
            return np.stack([unsquash_action(action, space) for action in actions])
        if self._config.clip_actions:
            return np.stack([clip_action(action, space) for action in actions])
        return actions


def _compared(
    reference: Reference,
    session: Any,
    signature: Signature,
    observations: Sequence[Any],
    size: int,
) -> Tuple[np.ndarray, ...]:
    """Return RLlib's actions, the graph's, RLlib's distributions, and which rows went astray."""
    found = []
    state: Any = None
    for at in range(0, len(observations) - size + 1, size):
        seen = observations[at : at + size]
        arrays = signature.arrays(seen, reference.rows(state, size))
        outputs = session.run(signature.outputs, dict(zip(signature.inputs, arrays)))
        expected, inputs, state = reference.step(seen, state)
        kept = zip(reference.rows(state, size), signature.next_states(outputs, size))
        strayed = np.array([_strayed(*pair) for pair in kept])
        strayed |= far(inputs, outputs[-1], WIDE_TOLERANCE).any(axis=-1)
        found.append((expected, outputs[0], inputs, strayed))
    return tuple(np.concatenate(parts) for parts in zip(*found))


def _repeated(state: Any, count: int) -> Any:
    """Return a state of so many rows, each the same."""
    if isinstance(state, dict):
        return {name: _repeated(part, count) for name, part in state.items()}
    return torch.stack([state] * count)


def _strayed(expected: Any, actual: Any) -> bool:
    if actual is None:
        return expected is not None
    return any(far(part, actual[name], WIDE_TOLERANCE).any() for name, part in expected.items())

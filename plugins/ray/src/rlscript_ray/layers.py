"""The parts of RLlib's connectors, modules and distributions, as layers with the same numbers."""

from typing import Any, List, Tuple

import numpy as np
import torch
from ray.rllib.utils.filter import MeanStdFilter as Filter
from ray.rllib.utils.numpy import SMALL_NUMBER


class Normalise(torch.nn.Module):
    """`MeanStdFilter` as it stands: in double precision and back, as numpy does it."""

    def __init__(self, statistics: Filter) -> None:
        super().__init__()
        stats = statistics.running_stats
        mean = stats.mean if statistics.demean else np.zeros(stats.shape)
        scale = stats.std + SMALL_NUMBER if statistics.destd else np.ones(stats.shape)
        self.clip = statistics.clip or np.inf
        self.register_buffer("mean", torch.as_tensor(np.asarray(mean, np.float64)))
        self.register_buffer("scale", torch.as_tensor(np.asarray(scale, np.float64)))

    def forward(self, observation: torch.Tensor) -> torch.Tensor:
        """Return the observation with mean 0 and deviation 1, in its own type."""
        normal = (observation.double() - self.mean) / self.scale
        return torch.clamp(normal, -self.clip, self.clip).to(observation.dtype)


class Join(torch.nn.Module):
    """`FlattenObservations`: an observation's leaves side by side, each through its own layer."""

    def __init__(self, parts: List[torch.nn.Module]) -> None:
        super().__init__()
        self.parts = torch.nn.ModuleList(parts)

    def forward(self, *leaves: torch.Tensor) -> torch.Tensor:
        """Return one row of float32 per observation."""
        return torch.cat([part(leaf) for part, leaf in zip(self.parts, leaves)], dim=1)


class Flatten(torch.nn.Module):
    """`FlattenObservations` of a box, and of binary numbers."""

    def forward(self, observation: torch.Tensor) -> torch.Tensor:
        """Return one row of float32 per observation."""
        return observation.float().reshape(observation.shape[0], -1)


class OneHot(torch.nn.Module):
    """`FlattenObservations` of discrete and multi-discrete observations."""

    def __init__(self, counts: Any) -> None:
        super().__init__()
        self.counts = [int(count) for count in counts]

    def forward(self, observation: torch.Tensor) -> torch.Tensor:
        """Return a one-hot row of float32 for each number of the observation, side by side."""
        columns = observation.reshape(observation.shape[0], len(self.counts))
        rows = [
            (columns[:, index : index + 1] == torch.arange(count)).float()
            for index, count in enumerate(self.counts)
        ]
        return torch.cat(rows, dim=1)


class Categorical(torch.nn.Module):
    """A categorical's sample by the Gumbel-max trick; without noise the likeliest action."""

    law = "gumbel"

    def __init__(self, count: int) -> None:
        super().__init__()
        self.size = count

    def forward(self, logits: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Return the index of one action for each row."""
        return torch.argmax(logits + noise, dim=-1)


class MultiCategorical(torch.nn.Module):
    """Several categoricals side by side, each sampled as `Categorical`."""

    law = "gumbel"

    def __init__(self, counts: Any) -> None:
        super().__init__()
        self.counts = [int(count) for count in counts]
        self.size = sum(self.counts)

    def forward(self, logits: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Return an index for each categorical in each row."""
        parts = (logits + noise).split(self.counts, dim=-1)
        return torch.stack([torch.argmax(part, dim=-1) for part in parts], dim=-1)


class Gaussian(torch.nn.Module):
    """A diagonal Gaussian's sample by reparameterisation; without noise the mean."""

    law = "normal"

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, inputs: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Return one action of the module for each row."""
        mean, log_deviation = inputs.chunk(2, dim=-1)
        return mean + log_deviation.exp() * noise


class Unsquash(torch.nn.Module):
    """`NormalizeAndClipActions(normalize_actions=True)`: from [-1, 1] to the box, then clipped."""

    def __init__(self, low: np.ndarray, high: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("low", torch.tensor(low))
        self.register_buffer("high", torch.tensor(high))

    def forward(self, action: torch.Tensor) -> torch.Tensor:
        """Return the environment's action."""
        shifted = (action + 1.0).to(self.low.dtype)
        scaled = self.low + shifted * (self.high - self.low) / 2.0
        return torch.minimum(torch.maximum(scaled, self.low), self.high)


class Clip(torch.nn.Module):
    """`NormalizeAndClipActions(clip_actions=True)`."""

    def __init__(self, low: np.ndarray, high: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("low", torch.tensor(low))
        self.register_buffer("high", torch.tensor(high))

    def forward(self, action: torch.Tensor) -> torch.Tensor:
        """Return the environment's action."""
        action = action.to(self.low.dtype)
        return torch.minimum(torch.maximum(action, self.low), self.high)


class Stateless(torch.nn.Module):
    """An encoder of RLlib's that keeps no state."""

    def __init__(self, encoder: torch.nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, observation: torch.Tensor) -> Tuple[torch.Tensor, ...]:
        """Return the features."""
        return (self.encoder({"obs": observation})["encoder_out"],)


class LongShortTermMemory(torch.nn.Module):
    """`TorchLSTMEncoder` for one step of each row; states have the batch first, as RLlib's."""

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.tokenizer = encoder.tokenizer
        self.lstm = encoder.lstm

    def forward(
        self, observation: torch.Tensor, hidden: torch.Tensor, cell: torch.Tensor
    ) -> Tuple[torch.Tensor, ...]:
        """Return the features, and the two states after this step."""
        features = observation
        if self.tokenizer is not None:
            features = self.tokenizer({"obs": observation})["encoder_out"]
        before = (hidden.transpose(0, 1), cell.transpose(0, 1))
        found, (hidden, cell) = self.lstm(features.unsqueeze(1), before)
        return found.squeeze(1), hidden.transpose(0, 1), cell.transpose(0, 1)


class ActorNetwork(torch.nn.Module):
    """The part of a default actor-critic module that acts: encoder and policy head."""

    def __init__(self, encoder: torch.nn.Module, head: torch.nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head

    def forward(self, observation: torch.Tensor, *states: torch.Tensor) -> Tuple[torch.Tensor, ...]:
        """Return the inputs of the action distribution, and the states after this step."""
        features, *states = self.encoder(observation, *states)
        return (self.head(features), *states)


class FreeDeviationHead(torch.nn.Module):
    """`TorchFreeLogStdMLPHead`, whose own forward pass fixes the batch's size when it is traced."""

    def __init__(self, head: Any) -> None:
        super().__init__()
        self.net = head.net
        limit = float(head.log_std_clip_param_const) if head.clip_log_std else np.inf
        self.register_buffer("log_deviation", head.log_std.detach().clamp(-limit, limit))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the mean, and the deviation's logarithm that is the same for all observations."""
        mean = self.net(features)
        return torch.cat([mean, self.log_deviation.expand_as(mean)], dim=-1)

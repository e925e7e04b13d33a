"""From what a network gives to the environment's action, as layers: SB3's distributions.

Each has the law of the noise that it samples with, None where it only acts greedily, the noise's
shape, and returns the action and what it is chosen from, in the form of `verification`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

_MASKED = -1e8


class Categorical(torch.nn.Module):
    """One categorical, or several side by side, sampled by the Gumbel-max trick."""

    law: str | None = "gumbel"

    def __init__(self, counts: Sequence[int], *, single: bool) -> None:
        super().__init__()
        self.counts = [int(count) for count in counts]
        self.single = single
        self.noise: tuple[int, ...] = (sum(self.counts),)

    def forward(
        self, logits: torch.Tensor, noise: torch.Tensor, mask: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return an index for each categorical, and the logarithms of the probabilities.

        With a mask, no index is of what is not allowed; the probabilities are those without it.
        """
        parts = logits.split(self.counts, dim=-1)
        normal = torch.cat([torch.log_softmax(part, dim=-1) for part in parts], dim=-1)
        allowed = normal if mask is None else torch.where(mask, normal, _MASKED)
        drawn = (allowed + noise).split(self.counts, dim=-1)
        chosen = torch.stack([torch.argmax(part, dim=-1) for part in drawn], dim=-1)
        return chosen.squeeze(-1) if self.single else chosen, normal


class Bernoulli(torch.nn.Module):
    """Binary actions: the difference of two Gumbel noises has the logistic law that decides."""

    law: str | None = "gumbel"

    def __init__(self, size: int) -> None:
        super().__init__()
        self.noise: tuple[int, ...] = (2, size)

    def forward(
        self, logits: torch.Tensor, noise: torch.Tensor, _: Any = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return 0 or 1 for each action, and the logits."""
        return (logits + noise[:, 0] > noise[:, 1]).to(torch.int8), logits


class Greatest(torch.nn.Module):
    """The action of the greatest value; SB3 explores with random actions, which are not policy."""

    law: str | None = None
    noise: tuple[int, ...] = ()

    def forward(
        self, values: torch.Tensor, _: Any = None, __: Any = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return an index for each row, and the values."""
        return torch.argmax(values, dim=-1), values


class Bounded(torch.nn.Module):
    """SB3's end of `predict`: an action is clipped to its box, or rescaled from [-1, 1] to it."""

    def __init__(self, space: Any, *, rescale: bool) -> None:
        super().__init__()
        self.rescale = rescale
        self.shape = list(space.shape)
        self.register_buffer("low", torch.as_tensor(space.low))
        self.register_buffer("high", torch.as_tensor(space.high))

    def forward(self, action: torch.Tensor) -> torch.Tensor:
        """Return the environment's action."""
        action = action.reshape([-1, *self.shape])
        if self.rescale:
            return self.low + (0.5 * (action + 1.0) * (self.high - self.low))
        return torch.minimum(torch.maximum(action.to(self.low.dtype), self.low), self.high)


class Gaussian(torch.nn.Module):
    """A diagonal Gaussian's sample by reparameterisation, squashed where the policy squashes."""

    law: str | None = "normal"

    def __init__(self, space: Any, size: int, *, squash: bool) -> None:
        super().__init__()
        self.noise: tuple[int, ...] = (size,)
        self.squash = squash
        self.bounded = Bounded(space, rescale=squash)

    def forward(
        self, inputs: torch.Tensor, noise: torch.Tensor, _: Any = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return an action, and the mean with the logarithm of the deviation."""
        mean, log_deviation = inputs.chunk(2, dim=-1)
        action = mean + log_deviation.exp() * noise
        return self.bounded(torch.tanh(action) if self.squash else action), inputs


class Mean(torch.nn.Module):
    """The mean alone, squashed where the policy squashes.

    For state-dependent exploration, whose noise is the same throughout an episode, so that no
    noise of a single step samples it; and for policies without a distribution.
    """

    law: str | None = None
    noise: tuple[int, ...] = ()

    def __init__(self, space: Any, *, squash: bool, rescale: bool) -> None:
        super().__init__()
        self.squash = squash
        self.bounded = Bounded(space, rescale=rescale)

    def forward(
        self, mean: torch.Tensor, _: Any = None, __: Any = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return an action, and the mean."""
        return self.bounded(torch.tanh(mean) if self.squash else mean), mean

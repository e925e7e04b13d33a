"""From the environment's own observation to an SB3 network's input, as layers: `Observe`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.preprocessing import is_image_space

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stable_baselines3.common.running_mean_std import RunningMeanStd
    from stable_baselines3.common.vec_env import VecNormalize

    from rlscript_sb3.signature import Leaf


class Observe(torch.nn.Module):
    """What stands before a features extractor: normalising, transposing, one-hot rows, scaling.

    Its result is what the extractor takes: a tensor, or a dictionary of them.
    """

    def __init__(
        self, leaves: Sequence[Leaf], policy: Any, normaliser: VecNormalize | None
    ) -> None:
        super().__init__()
        self.keys = [leaf.key for leaf in leaves]
        self.parts = torch.nn.ModuleList(_layer(leaf, policy, normaliser) for leaf in leaves)

    def forward(self, *leaves: torch.Tensor) -> Any:
        """Return the extractor's input."""
        found = [part(leaf) for part, leaf in zip(self.parts, leaves, strict=True)]
        if self.keys == [None]:
            return found[0]
        return dict(zip(self.keys, found, strict=True))


class Normalise(torch.nn.Module):
    """`VecNormalize` with the statistics as they stand: in double precision and back, as numpy."""

    def __init__(self, statistics: RunningMeanStd, epsilon: float, clip: float) -> None:
        super().__init__()
        self.clip = float(clip)
        scale = np.sqrt(np.asarray(statistics.var, np.float64) + epsilon)
        self.register_buffer("mean", torch.as_tensor(np.asarray(statistics.mean, np.float64)))
        self.register_buffer("scale", torch.as_tensor(scale))

    def forward(self, observation: torch.Tensor) -> torch.Tensor:
        """Return the observation with mean 0 and deviation 1, clipped."""
        normal = (observation.double() - self.mean) / self.scale
        return torch.clamp(normal, -self.clip, self.clip).float()


class ChannelsFirst(torch.nn.Module):
    """`VecTransposeImage`, which SB3 puts around environments of images by itself."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return images with the channels as the first axis of each."""
        return image.permute(0, 3, 1, 2)


class Scale(torch.nn.Module):
    """SB3's conversion of numbers to float32, of images to shares of 255."""

    def __init__(self, *, image: bool) -> None:
        super().__init__()
        self.image = image

    def forward(self, observation: torch.Tensor) -> torch.Tensor:
        """Return float32."""
        return observation.float() / 255.0 if self.image else observation.float()


class OneHot(torch.nn.Module):
    """SB3's rows of zeros and a one, for discrete and multi-discrete observations."""

    def __init__(self, counts: Iterable[int]) -> None:
        super().__init__()
        self.counts = [int(count) for count in counts]

    def forward(self, observation: torch.Tensor) -> torch.Tensor:
        """Return the rows of all numbers of an observation side by side."""
        columns = observation.reshape(observation.shape[0], len(self.counts))
        rows = [
            (columns[:, index : index + 1] == torch.arange(count)).float()
            for index, count in enumerate(self.counts)
        ]
        return torch.cat(rows, dim=1)


def _layer(leaf: Leaf, policy: Any, normaliser: VecNormalize | None) -> torch.nn.Module:
    if isinstance(leaf.space, spaces.Discrete):
        return OneHot([leaf.space.n])
    if isinstance(leaf.space, spaces.MultiDiscrete):
        return OneHot(leaf.space.nvec)
    # What the policy sees has another shape where SB3 has transposed an image.
    seen = policy.observation_space
    seen = seen if leaf.key is None else seen.spaces[leaf.key]
    image = policy.normalize_images and is_image_space(seen)
    layers: list[torch.nn.Module] = []
    statistics = statistics_of(normaliser).get(leaf.key)
    if normaliser is not None and statistics is not None:
        layers.append(Normalise(statistics, normaliser.epsilon, normaliser.clip_obs))
    if seen.shape != leaf.space.shape:
        layers.append(ChannelsFirst())
    return torch.nn.Sequential(*layers, Scale(image=image))


def statistics_of(normaliser: VecNormalize | None) -> dict[str | None, RunningMeanStd]:
    """Return what observations are normalised with, by key; None for those without keys."""
    if normaliser is None or not normaliser.norm_obs:
        return {}
    found = normaliser.obs_rms
    return found if isinstance(found, dict) else {None: found}

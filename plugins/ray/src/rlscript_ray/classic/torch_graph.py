"""A policy of classic RLlib's on PyTorch as one graph: RLlib's own model, and what is around it."""

import contextlib
import io
import warnings
from typing import Any, Iterator, List, Sequence, Tuple

import numpy as np
import torch

from rlscript_ray.classic.releases import Parts
from rlscript_ray.classic.surroundings import Filter, Part, Surroundings
from rlscript_ray.refusals import ExportRefused

_OPSET = 11


class TorchGraph:
    """The whole way from the environment's observation to its action, with these weights."""

    def __init__(self, parts: Parts, around: Surroundings) -> None:
        policy = parts.policy
        for name in ("action_sampler_fn", "action_distribution_fn"):
            if getattr(policy, name, None) or getattr(policy, "_" + name, None):
                raise ExportRefused(policy, "chooses its actions by a function of its own")
        if around.signature.noise is None:
            raise ExportRefused(policy, "compares values, which is not translated with PyTorch")
        if around.signature.states:
            raise ExportRefused(policy, "keeps a state, which is not translated with PyTorch")
        self._signature = around.signature
        with _unfixed(policy.model):
            acting = _Acting(policy.model, around)
            # Compared is what a trace holds, as the export does: rows may be counted in it.
            self._traced = torch.jit.trace(acting, self._sample(), check_trace=False)
            self._onnx = self._exported(acting)

    def run(self, arrays: Sequence[np.ndarray]) -> List[np.ndarray]:
        """Return the outputs for the inputs, both in the signature's order."""
        with torch.no_grad():
            return [each.numpy() for each in self._traced(*map(torch.as_tensor, arrays))]

    def to_onnx(self) -> bytes:
        """Return the graph as ONNX."""
        return self._onnx

    def _exported(self, acting: torch.nn.Module) -> bytes:
        names = self._signature.inputs, self._signature.outputs
        file = io.BytesIO()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                acting,
                self._sample(),
                file,
                input_names=names[0],
                output_names=names[1],
                dynamic_axes={name: {0: "batch"} for name in names[0] + names[1]},
                opset_version=_OPSET,
            )
        return file.getvalue()

    def _sample(self) -> Tuple[torch.Tensor, ...]:
        """Return inputs for two rows; one might be taken for a constant."""
        space = self._signature.observation
        arrays = self._signature.arrays([space.sample(), space.sample()], [None, None])
        return tuple(map(torch.as_tensor, arrays))


class _Appended(torch.nn.Module):
    """`AppendBiasLayer`, whose own forward pass fixes the number of rows when it is traced."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.register_buffer("log_deviation", layer.log_std.detach())

    def forward(self, mean: torch.Tensor) -> torch.Tensor:
        """Return the mean, and the deviation's logarithm that is the same for all observations."""
        return torch.cat([mean, self.log_deviation.expand_as(mean)], dim=1)


@contextlib.contextmanager
def _unfixed(model: torch.nn.Module) -> Iterator[None]:
    """Put layers that can be traced in place of those that cannot, for the length of the block."""
    training = model.training
    replaced = [
        (part, name, layer)
        for part in model.modules()
        for name, layer in part.named_children()
        if type(layer).__name__ == "AppendBiasLayer"
    ]
    for part, name, layer in replaced:
        setattr(part, name, _Appended(layer))
    model.eval()
    try:
        yield
    finally:
        for part, name, layer in replaced:
            setattr(part, name, layer)
        model.train(training)


class _Acting(torch.nn.Module):
    """Preprocessor and filter, the model, the choice of an action and what becomes of it."""

    def __init__(self, model: torch.nn.Module, around: Surroundings) -> None:
        super().__init__()
        self.model = model
        self.around = around

    def forward(self, *inputs: torch.Tensor) -> Tuple[torch.Tensor, ...]:
        """Return the actions, and what they are chosen from."""
        around = self.around
        leaves = inputs[: len(around.parts)]
        named = {part.name: leaf for part, leaf in zip(around.signature.leaves, leaves)}
        columns = [self._column(part, named[part.leaf.name]) for part in around.parts]
        seen = torch.cat(columns, dim=1) if around.joined else columns[0]
        if around.filter:
            seen = _filtered(seen, around.filter)
        batch = {"obs": seen.float(), "is_training": False}
        found, _ = self.model(batch, [], None)
        action = self._chosen(found, inputs[-1])
        return self._for_environment(action), found

    def _column(self, part: Part, array: torch.Tensor) -> torch.Tensor:
        if not self.around.joined:
            return array
        if part.counts is None:
            found = array.reshape(array.shape[0], -1)
        else:
            columns = array.reshape(array.shape[0], len(part.counts)).long()
            found = torch.cat(
                [
                    (columns[:, index : index + 1] == torch.arange(count)).float()
                    for index, count in enumerate(part.counts)
                ],
                dim=1,
            )
        return found.float() if self.around.narrow else found.double()

    def _chosen(self, found: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        if self.around.law == "categorical":
            return torch.argmax(found + noise, dim=1)
        if self.around.law == "gaussian":
            mean, log_deviation = found.chunk(2, dim=1)
            return mean + log_deviation.exp() * noise
        counts = [int(count) for count in self.around.action.nvec]
        parts = (found + noise).split(counts, dim=1)
        return torch.stack([torch.argmax(part, dim=1) for part in parts], dim=1)

    def _for_environment(self, action: torch.Tensor) -> torch.Tensor:
        around = self.around
        if not around.steps:
            return action
        low, high = torch.tensor(around.action.low), torch.tensor(around.action.high)
        action = action.to(low.dtype)
        if "unsquash_action" in around.steps:
            action = low + (action + 1.0) * (high - low) / 2.0
        return torch.min(torch.max(action, low), high)


def _filtered(seen: torch.Tensor, statistics: Filter) -> torch.Tensor:
    mean, scale = torch.tensor(statistics.mean), torch.tensor(statistics.scale)
    normal = (seen.double() - mean) / scale
    clip = statistics.clip
    return torch.clamp(normal, -clip, clip) if clip else normal

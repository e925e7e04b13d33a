"""A policy as ONNX, with its manifest."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import stable_baselines3
import torch

import rlscript

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rlscript_sb3.signature import Signature
    from rlscript_sb3.translation import Policy

KEY = "sb3.pytorch"
# The newest that the ONNX Runtime of two years ago reads.
_OPSET = 18


def to_onnx(policy: Policy) -> bytes:
    """Return the policy as an ONNX graph over batches, with the names of its signature."""
    signature = policy.signature
    mask = np.ones(signature.mask, bool)
    turns = [rlscript.Turn(signature.observation.sample(), None, mask) for _ in range(2)]
    file = io.BytesIO()
    with warnings.catch_warnings():
        # The exporter through TorchScript is deprecated; its successor gives the same graph for
        # these networks, but takes seconds for what takes milliseconds here.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            policy,
            tuple(map(torch.as_tensor, signature.arrays(turns))),
            file,
            input_names=signature.inputs,
            output_names=signature.outputs,
            dynamic_axes={name: {0: "batch"} for name in (*signature.inputs, *signature.outputs)},
            opset_version=_OPSET,
            dynamo=False,
        )
    return file.getvalue()


def described(
    signature: Signature, graph: bytes, weights: Mapping[str, Any], place: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the manifest and the files of a policy, for `rlscript.publish_model`.

    Args:
        signature: What the graph takes and gives.
        graph: The policy as ONNX.
        weights: All weights by name, for a warm start.
        place: The environment's `id` and `kwargs`.
    """
    packed = io.BytesIO()
    np.savez(packed, **weights)
    graph_name = rlscript.named("policy", ".onnx", graph)
    weights_name = rlscript.named("weights", ".npz", packed.getvalue())
    manifest = {
        "format": 1,
        "toolkit": KEY,
        "release": stable_baselines3.__version__,
        "policies": {"default": signature.describe(graph_name)},
        "agents": {},
        "env": {**place, "wrappers": []},
        "weights": weights_name,
    }
    files = {graph_name: graph, weights_name: packed.getvalue()}
    return manifest, {**files, **rlscript.inference_code()}

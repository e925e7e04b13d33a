"""The policy as ONNX, with its manifest."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx.numpy_helper import from_array
from onnx.parser import parse_model

import rlscript

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = "mytoolkit.numpy"
# FILL IN: the version that trains, `yourtoolkit.__version__`.
RELEASE = "0.1.0"


def to_onnx(weights: Mapping[str, Any]) -> bytes:
    """Return the policy as a graph over batches: an observation in, the environment's action out.

    Whatever stands between the two belongs into the graph: normalising, squashing, rescaling.
    """
    # FILL IN: the graph. For networks of PyTorch, it is one call of `torch.onnx.export`.
    model = parse_model("""
        <ir_version: 9, opset_import: ["": 18]>
        policy (float[batch, size] observation) => (int64[batch] action) {
            preferences = Gemm(observation, kernel, bias)
            action = ArgMax<axis = -1, keepdims = 0>(preferences)
        }""")
    model.graph.initializer.extend(from_array(weights[name], name) for name in weights)

    return bytes(model.SerializeToString())


def described(
    graph: bytes, weights: Mapping[str, Any], environment: Any, place: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the manifest and the files, as `rlscript.publish_model` takes them.

    Args:
        graph: The policy as ONNX.
        weights: Its weights by name, for a warm start.
        environment: The environment.
        place: What it was made from.
    """
    packed = io.BytesIO()
    np.savez(packed, **weights)
    graph_name = rlscript.named("policy", ".onnx", graph)
    weights_name = rlscript.named("weights", ".npz", packed.getvalue())
    policy = {
        "graph": graph_name,
        "observation": rlscript.describe_space(environment.observation_space),
        "action": rlscript.describe_space(environment.action_space),
        "inputs": [{"name": "observation", "path": []}],
        "outputs": [{"name": "action"}],
    }
    manifest = {
        "format": 1,
        "toolkit": KEY,
        "release": RELEASE,
        "policies": {"default": policy},
        "agents": {},
        "env": place,
        "weights": weights_name,
    }
    files = {graph_name: graph, weights_name: packed.getvalue()}
    return manifest, {**files, **rlscript.inference_code()}

"""The policy as ONNX, with its manifest."""

import io
import warnings
from typing import Any, Dict, Tuple

import numpy as np
import ray
import torch

from rlscript.models import named
from rlscript.spaces import describe_space
from rlscript_ray.translation import Policy

# The newest that the ONNX Runtime of two years ago reads.
_OPSET = 18


def to_onnx(policy: Policy) -> bytes:
    """Return the policy as an ONNX graph over batches: `action, dist = f(observation, noise)`."""
    space = policy.observation_space
    observation = torch.as_tensor(np.stack([space.sample(), space.sample()]))
    noise = torch.zeros(2, *policy.sample.noise_shape)
    names = ["observation", "noise", "action", "dist"]
    file = io.BytesIO()
    with warnings.catch_warnings():
        # The exporter through TorchScript is deprecated; its successor gives the same graph for
        # these networks, but takes seconds for what takes milliseconds here.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            policy,
            (observation, noise),
            file,
            input_names=names[:2],
            output_names=names[2:],
            dynamic_axes={name: {0: "batch"} for name in names},
            opset_version=_OPSET,
            dynamo=False,
        )
    return file.getvalue()


def describe(
    policy: Policy, graph: bytes, weights: Dict[str, Any], env: Dict[str, Any]
) -> Tuple[Dict[str, Any], Dict[str, bytes]]:
    """Return the manifest and the files of a policy, for `rlscript.publish_model`.

    Args:
        policy: The policy.
        graph: The same as ONNX.
        weights: The module's weights, for a warm start.
        env: The environment's `id` and `kwargs`.
    """
    packed = _pack(weights)
    graph_name, weights_name = named("policy", ".onnx", graph), named("weights", ".npz", packed)
    manifest = {
        "format": 1,
        "toolkit": "ray.pytorch",
        "release": ray.__version__,
        "policies": {"default": _signature(policy, graph_name)},
        "agents": {},
        "env": dict(env, wrappers=[]),
        "weights": weights_name,
    }
    return manifest, {graph_name: graph, weights_name: packed}


def _signature(policy: Policy, graph_name: str) -> Dict[str, Any]:
    noise = {"role": "noise", "law": policy.sample.law, "shape": policy.sample.noise_shape}
    return {
        "graph": graph_name,
        "observation": describe_space(policy.observation_space),
        "action": describe_space(policy.action_space),
        "inputs": [{"name": "observation", "path": []}, dict({"name": "noise"}, **noise)],
        "outputs": [{"name": "action"}, {"name": "dist", "role": "check"}],
    }


def _pack(weights: Dict[str, Any]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **weights)
    return file.getvalue()

"""Policies as ONNX, with their manifest."""

import io
import warnings
from typing import Any, Dict, Tuple

import numpy as np
import ray
import torch

from rlscript.models import inference_code, named
from rlscript_ray.translation import Policy

# The newest that the ONNX Runtime of two years ago reads.
_OPSET = 18


def to_onnx(policy: Policy) -> bytes:
    """Return the policy as an ONNX graph over batches, with the names of its signature."""
    signature = policy.signature
    sample = signature.observation.sample
    arrays = signature.arrays([sample(), sample()], [None, None])
    names = [*signature.inputs, *signature.outputs]
    file = io.BytesIO()
    with warnings.catch_warnings():
        # The exporter through TorchScript is deprecated; its successor gives the same graph for
        # these networks, but takes seconds for what takes milliseconds here.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            policy,
            tuple(map(torch.as_tensor, arrays)),
            file,
            input_names=signature.inputs,
            output_names=signature.outputs,
            dynamic_axes={name: {0: "batch"} for name in names},
            opset_version=_OPSET,
            dynamo=False,
        )
    return file.getvalue()


def describe(
    policies: Dict[str, Policy],
    graphs: Dict[str, bytes],
    weights: Dict[str, Any],
    env: Dict[str, Any],
) -> Tuple[Dict[str, Any], Dict[str, bytes]]:
    """Return the manifest and the files of policies, for `rlscript.publish_model`.

    Args:
        policies: The policies by name.
        graphs: The same as ONNX.
        weights: All modules' weights by name, for a warm start.
        env: The environment's `id` and `kwargs`.
    """
    packed = _pack(weights)
    weights_name = named("weights", ".npz", packed)
    files = {weights_name: packed}
    entries = {}
    for number, (name, policy) in enumerate(policies.items()):
        stem = "policy-{}".format(number) if len(policies) > 1 else "policy"
        graph_name = named(stem, ".onnx", graphs[name])
        files[graph_name] = graphs[name]
        entries[name] = policy.signature.describe(graph_name)
    manifest = {
        "format": 1,
        "toolkit": "ray.pytorch",
        "release": ray.__version__,
        "policies": entries,
        "agents": {agent: name for name, each in policies.items() for agent in each.seat.agents},
        "env": dict(env, wrappers=[]),
        "weights": weights_name,
    }
    return manifest, dict(files, **inference_code())


def _pack(weights: Dict[str, Any]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **weights)
    return file.getvalue()

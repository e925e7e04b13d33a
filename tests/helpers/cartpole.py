"""A policy that plays CartPole, as the model of a training."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from model_archives import packed
from onnx import TensorProto, helper, numpy_helper

from rlscript.models import named, publish_model

if TYPE_CHECKING:
    from pathlib import Path

LEANING = (0.0, 0.0, 1.0, 0.0)
"""Pushes to the side that the pole leans to: episodes of 25 to 70 steps, each its own."""

_NOISE = {"name": "noise", "role": "noise", "law": "gumbel", "shape": [2]}


def graph(weights: tuple[float, ...] = LEANING) -> bytes:
    """Return a policy that is linear in the observation: one row of the weights, an action."""
    column = np.array(weights, np.float32)
    matrix = numpy_helper.from_array(np.stack([-column, column], axis=1), "weights")
    nodes = [
        helper.make_node("MatMul", ["observation", "weights"], ["logits"]),
        helper.make_node("Add", ["logits", "noise"], ["noisy"]),
        helper.make_node("ArgMax", ["noisy"], ["action"], axis=-1, keepdims=0),
    ]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", size])
        for name, size in (("observation", len(weights)), ("noise", 2))
    ]
    outputs = [helper.make_tensor_value_info("action", TensorProto.INT64, ["batch"])]
    made = helper.make_graph(nodes, "policy", inputs, outputs, [matrix])
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return bytes(model.SerializeToString())


def manifest(graph_name: str, **changes: Any) -> dict[str, Any]:
    """Return the policy's manifest with some of its parts changed."""
    signature = {
        "graph": graph_name,
        "observation": {
            "type": "Box", "shape": [4], "dtype": "float32", "low": None, "high": None,
        },
        "action": {"type": "Discrete", "n": 2, "start": 0},
        "inputs": [{"name": "observation", "path": []}, _NOISE],
        "outputs": [{"name": "action"}],
    }  # fmt: skip
    return {
        "format": 1,
        "toolkit": "vw",
        "release": "8.7.0",
        "policies": {"default": signature},
        "agents": {},
        "env": {"id": "CartPole-v1", "kwargs": {}, "wrappers": []},
        "checkpoint": "best",
        "evaluation": None,
        **changes,
    }


def model(folder: Path, weights: tuple[float, ...] = LEANING, **changes: Any) -> Path:
    """Write the policy into a folder as an export does, and return the folder."""
    content = graph(weights)
    name = named("policy", ".onnx", content)
    publish_model(folder, json.loads(json.dumps(manifest(name, **changes))), {name: content})
    return folder


def archive(folder: Path, weights: tuple[float, ...] = LEANING, **changes: Any) -> Path:
    """Write `model.tar.gz` of the policy into a folder, and return its path."""
    files = model(folder / "model", weights, **changes).iterdir()
    return packed(folder / "model.tar.gz", {path.name: path.read_bytes() for path in files})

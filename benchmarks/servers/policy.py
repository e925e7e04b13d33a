"""Write a CartPole policy as the export does: `python policy.py FOLDER`, by a Python with onnx."""

import json
import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto, ValueInfoProto, helper, numpy_helper

sys.path.insert(0, str(Path(__file__).parents[2]))  # rlscript is not installed there

from rlscript.models import named, publish_model


def graph() -> bytes:
    """Return a network of the demo's size: 4 inputs, 32 hidden, 2 logits."""
    random = np.random.default_rng(0)
    weights = {
        "first": random.normal(size=(4, 32)).astype(np.float32),
        "second": random.normal(size=(32, 2)).astype(np.float32),
    }
    nodes = [
        helper.make_node("MatMul", ["observation", "first"], ["hidden"]),
        helper.make_node("Tanh", ["hidden"], ["features"]),
        helper.make_node("MatMul", ["features", "second"], ["dist"]),
        helper.make_node("Add", ["dist", "noise"], ["noisy"]),
        helper.make_node("ArgMax", ["noisy"], ["action"], axis=-1, keepdims=0),
    ]
    made = helper.make_graph(
        nodes,
        "policy",
        [_floats("observation", 4), _floats("noise", 2)],
        [helper.make_tensor_value_info("action", TensorProto.INT64, ["batch"]), _floats("dist", 2)],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return bytes(model.SerializeToString())


def _floats(name: str, size: int) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", size])


def main(folder: str) -> None:
    """Write the graph and its manifest."""
    content = graph()
    name = named("policy", ".onnx", content)
    bounds = [4.8, None, 0.41887903, None]
    signature = {
        "graph": name,
        "observation": {
            "type": "Box",
            "shape": [4],
            "dtype": "float32",
            "low": [bound and -bound for bound in bounds],
            "high": bounds,
        },
        "action": {"type": "Discrete", "n": 2, "start": 0},
        "inputs": [
            {"name": "observation", "path": []},
            {"name": "noise", "role": "noise", "law": "gumbel", "shape": [2]},
        ],
        "outputs": [{"name": "action"}, {"name": "dist", "role": "check"}],
    }
    manifest = {
        "format": 1,
        "toolkit": "ray.pytorch",
        "release": "2.60.0",
        "policies": {"default": signature},
        "agents": {},
        "env": {"id": "CartPole-v1", "kwargs": {}, "wrappers": []},
        "checkpoint": "last",
        "evaluation": None,
    }
    publish_model(Path(folder), json.loads(json.dumps(manifest)), {name: content})


if __name__ == "__main__":
    main(sys.argv[1])

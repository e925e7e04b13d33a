"""Small policies on disk, as an export writes them, for whatever a policy may see and do."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from pathlib import Path

    import onnx

FLOAT, INT64, INT8, BOOL, UINT8 = (
    getattr(TensorProto, name) for name in ("FLOAT", "INT64", "INT8", "BOOL", "UINT8")
)
Sizes = tuple[int, ...]


class SmallPolicy(NamedTuple):
    """A graph, and what the manifest says of it, but for the file's name."""

    graph: bytes
    signature: dict[str, Any]


def box(*shape: int, low: Any = None, high: Any = None, dtype: str = "float32") -> dict[str, Any]:
    """Return a Box as the manifest has it."""
    return {"type": "Box", "shape": list(shape), "dtype": dtype, "low": low, "high": high}


def discrete(count: int, start: int = 0) -> dict[str, Any]:
    """Return a Discrete space as the manifest has it."""
    return {"type": "Discrete", "n": count, "start": start}


def write_model(
    folder: Path, agents: dict[str, str] | None = None, **policies: SmallPolicy
) -> Path:
    """Write policies and their manifest, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    files, signatures = {}, {}
    for name, policy in policies.items():
        graph = f"{name}.onnx"
        (folder / graph).write_bytes(policy.graph)
        files[graph] = hashlib.sha256(policy.graph).hexdigest()
        signatures[name] = {"graph": graph, **policy.signature}
    manifest = {
        "format": 1,
        "toolkit": "ray.pytorch",
        "release": "2.60.0",
        "files": files,
        "policies": signatures,
        "agents": agents or {},
        "env": {"id": "CartPole-v1"},
    }
    (folder / "policy.json").write_text(json.dumps(manifest), "utf-8")
    return folder


def node(operator: str, inputs: str, output: str, **attributes: Any) -> onnx.NodeProto:
    """Return an operation on tensors whose names are set apart by blanks."""
    return helper.make_node(operator, inputs.split(), [output], **attributes)


def graph(
    nodes: list[onnx.NodeProto],
    inputs: dict[str, tuple[int, Sizes]],
    outputs: dict[str, tuple[int, Sizes]],
    **constants: np.ndarray,
) -> bytes:
    """Return a graph over batches; inputs and outputs have a type and the shape of one."""
    sides = [
        [
            helper.make_tensor_value_info(name, kind, ["batch", *shape])
            for name, (kind, shape) in side.items()
        ]
        for side in (inputs, outputs)
    ]
    arrays = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    made = helper.make_graph(nodes, "policy", sides[0], sides[1], arrays)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return bytes(model.SerializeToString())


def cart_pole() -> SmallPolicy:
    """Balance: four numbers with bounds, two actions, sampled with Gumbel noise."""
    random = np.random.default_rng(0)
    made = graph(
        [
            node("MatMul", "observation first", "hidden"),
            node("Tanh", "hidden", "features"),
            node("MatMul", "features second", "dist"),
            node("Add", "dist noise", "noisy"),
            node("ArgMax", "noisy", "action", axis=-1, keepdims=0),
        ],
        {"observation": (FLOAT, (4,)), "noise": (FLOAT, (2,))},
        {"action": (INT64, ()), "dist": (FLOAT, (2,))},
        first=random.normal(size=(4, 32)).astype(np.float32),
        second=random.normal(size=(32, 2)).astype(np.float32),
    )
    high = [4.800000190734863, None, 0.41887903213500977, None]
    signature = {
        "observation": box(4, low=[each and -each for each in high], high=high),
        "action": discrete(2),
        "inputs": [
            {"name": "observation", "path": []},
            {"name": "noise", "role": "noise", "law": "gumbel", "shape": [2]},
        ],
        "outputs": [{"name": "action"}, {"name": "dist", "role": "check"}],
    }
    return SmallPolicy(made, signature)


def masked() -> SmallPolicy:
    """Three actions, of which those with the greatest observation and a mask of 1 is taken."""
    made = graph(
        [
            node("Add", "observation noise", "noisy"),
            node("Where", "mask noisy never", "allowed"),
            node("ArgMax", "allowed", "action", axis=-1, keepdims=0),
        ],
        {"observation": (FLOAT, (3,)), "mask": (BOOL, (3,)), "noise": (FLOAT, (3,))},
        {"action": (INT64, ())},
        never=np.array(-1e30, np.float32),
    )
    signature = {
        "observation": box(3),
        "action": discrete(3),
        "inputs": [
            {"name": "observation", "path": []},
            {"name": "mask", "role": "mask"},
            {"name": "noise", "role": "noise", "law": "gumbel", "shape": [3]},
        ],
        "outputs": [{"name": "action"}],
    }
    return SmallPolicy(made, signature)


def recurrent() -> SmallPolicy:
    """The action is the sum of all observations so far."""
    made = graph(
        [node("Add", "observation h", "h1"), node("Identity", "h1", "action")],
        {"observation": (FLOAT, (2,)), "h": (FLOAT, (2,))},
        {"action": (FLOAT, (2,)), "h1": (FLOAT, (2,))},
    )
    signature = {
        "observation": box(2),
        "action": box(2),
        "inputs": [
            {"name": "observation", "path": []},
            {"name": "h", "role": "state", "shape": [2]},
        ],
        "outputs": [{"name": "action"}, {"name": "h1", "role": "state", "of": "h"}],
    }
    return SmallPolicy(made, signature)


def gaussian() -> SmallPolicy:
    """The action is the observation and normal noise."""
    made = graph(
        [node("Add", "observation noise", "action")],
        {"observation": (FLOAT, (2,)), "noise": (FLOAT, (2,))},
        {"action": (FLOAT, (2,))},
    )
    signature = {
        "observation": box(2),
        "action": box(2),
        "inputs": [
            {"name": "observation", "path": []},
            {"name": "noise", "role": "noise", "law": "normal", "shape": [2]},
        ],
        "outputs": [{"name": "action"}],
    }
    return SmallPolicy(made, signature)


def echo(space: dict[str, Any], kind: int, shape: Sizes) -> SmallPolicy:
    """The action is the observation, whatever it is."""
    made = graph(
        [node("Identity", "observation", "action")],
        {"observation": (kind, shape)},
        {"action": (kind, shape)},
    )
    inputs = [{"name": "observation", "path": []}]
    signature = {"observation": space, "action": space, "inputs": inputs}
    return SmallPolicy(made, {**signature, "outputs": [{"name": "action"}]})


def logarithm() -> SmallPolicy:
    """The action is the observation's logarithm, which negative ones do not have."""
    made = graph(
        [node("Log", "observation", "action")],
        {"observation": (FLOAT, (1,))},
        {"action": (FLOAT, (1,))},
    )
    inputs = [{"name": "observation", "path": []}]
    signature = {"observation": box(1), "action": box(1), "inputs": inputs}
    return SmallPolicy(made, {**signature, "outputs": [{"name": "action"}]})


def of_parts(*paths: tuple[Any, ...], observation: dict[str, Any]) -> SmallPolicy:
    """Two parts come in, a whole number and a pair, and go out as the parts of the action."""
    made = graph(
        [node("Identity", "number", "gear"), node("Identity", "pair", "steer")],
        {"number": (INT64, ()), "pair": (FLOAT, (2,))},
        {"gear": (INT64, ()), "steer": (FLOAT, (2,))},
    )
    names = zip(("number", "pair"), ("gear", "steer"), paths, strict=True)
    signature: dict[str, Any] = {"observation": observation, "action": observation}
    signature["inputs"], signature["outputs"] = [], []
    for given, answered, path in names:
        signature["inputs"].append({"name": given, "path": list(path)})
        signature["outputs"].append({"name": answered, "path": list(path)})
    return SmallPolicy(made, signature)


def dictionary() -> SmallPolicy:
    """A dictionary in a dictionary, beside a number."""
    inner = {"type": "Dict", "spaces": {"pair": box(2)}}
    space = {"type": "Dict", "spaces": {"number": discrete(3), "inner": inner}}
    return of_parts(("number",), ("inner", "pair"), observation=space)


def pair() -> SmallPolicy:
    """A tuple of a number and two numbers."""
    space = {"type": "Tuple", "spaces": [discrete(3), box(2)]}
    return of_parts((0,), (1,), observation=space)

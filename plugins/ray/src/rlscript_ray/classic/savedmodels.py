"""The numbers in a SavedModel that have a say in what it answers."""

import importlib
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Set

import numpy as np

_VARIABLES = ("Variable", "VariableV2", "VarHandleOp")
# A constant beside one of these is a weight.
_LAYERS = ("MatMul", "BiasAdd", "Conv2D")
_PASSING = ("Identity", "ReadVariableOp", "Enter")
_OF_OBJECTS = "/.ATTRIBUTES/VARIABLE_VALUE"


class Numbers(NamedTuple):
    """What a SavedModel holds.

    Attributes:
        weights: Variables, or the constants of layers where it has none, by name.
        constants: All its constants of floating point.
    """

    weights: Dict[str, np.ndarray]
    constants: List[np.ndarray]


def read(folder: Path) -> Numbers:
    """Return the numbers on which a SavedModel's answers depend; optimisers' are left out."""
    meta = _meta_graph(folder)
    nodes = {node.name: node for node in meta.graph_def.node}
    outputs = [
        tensor.name
        for signature in meta.signature_def.values()
        for tensor in signature.outputs.values()
    ]
    asked = set(_ancestors(nodes, outputs))
    constants = {name: _constant(nodes[name]) for name in asked if nodes[name].op == "Const"}
    floats = {name: each for name, each in constants.items() if each.dtype.kind == "f"}
    names = [name for name in asked if nodes[name].op in _VARIABLES]
    if names:
        return Numbers(_variables(folder, nodes, names), list(floats.values()))
    layers = set(_beside_layers(nodes, asked))
    weights = {name: floats[name] for name in sorted(layers) if name in floats}
    return Numbers(weights, list(floats.values()))


def _meta_graph(folder: Path) -> Any:
    protocol = importlib.import_module("tensorflow.core.protobuf.saved_model_pb2")
    saved = protocol.SavedModel()
    saved.ParseFromString((folder / "saved_model.pb").read_bytes())
    return saved.meta_graphs[0]


def _ancestors(nodes: Dict[str, Any], outputs: List[str]) -> Iterator[str]:
    """Yield the names of the nodes that outputs are computed from."""
    waiting = [_node(name) for name in outputs]
    met = set()  # type: Set[str]
    while waiting:
        name = waiting.pop()
        if name in met or name not in nodes:
            continue
        met.add(name)
        yield name
        waiting.extend(_node(each) for each in nodes[name].input if not each.startswith("^"))


def _node(tensor: str) -> str:
    return tensor.lstrip("^").partition(":")[0]


def _constant(node: Any) -> np.ndarray:
    tensors = importlib.import_module("tensorflow.python.framework.tensor_util")
    return np.asarray(tensors.MakeNdarray(node.attr["value"].tensor))


def _beside_layers(nodes: Dict[str, Any], asked: Set[str]) -> Iterator[str]:
    for name in asked:
        if nodes[name].op not in _LAYERS:
            continue
        for each in nodes[name].input:
            source = _node(each)
            while nodes[source].op in _PASSING:
                source = _node(nodes[source].input[0])
            yield source


def _variables(folder: Path, nodes: Dict[str, Any], names: List[str]) -> Dict[str, np.ndarray]:
    """Return the values of variables, as they were saved beside the graph."""
    from rlscript_ray.classic.tensorflow_network import tensorflow_v1  # noqa: PLC0415

    reader = tensorflow_v1().train.NewCheckpointReader(str(folder / "variables" / "variables"))
    saved = reader.get_variable_to_shape_map()
    if any(name.endswith(_OF_OBJECTS) for name in saved):
        keys = [name for name in saved if name.endswith(_OF_OBJECTS) and "optimizer" not in name]
        return {name: reader.get_tensor(name) for name in sorted(keys)}
    shared = {name: _saved_name(nodes[name]) for name in names}
    return {
        name: np.asarray(reader.get_tensor(shared[name]))
        for name in sorted(names)
        if shared[name] in saved
    }


def _saved_name(node: Any) -> str:
    own = node.attr["shared_name"].s.decode()
    return own if node.op == "VarHandleOp" and own else str(node.name)

"""The whole policy as one ONNX graph: filters before Coach's network, the action after it."""

from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from rlscript_coach.policies import Head, Policy

OBSERVATION, NOISE, ACTION, CHECK = "observation", "noise", "action", "policy"
_PRODUCER = "rlcore"
# ONNX Runtime is fed these everywhere; others are widened on their way into the graph.
_TYPES = (np.float32, np.float64, np.int64, np.int32, np.uint8)
# The least that a logarithm is taken of; nothing that a probability of Coach's could be.
_TINY = np.float32(1e-38)


def input_type(space: Any) -> Any:
    """Return the numpy type in which a graph takes the observations of a box."""
    kept = next((each for each in _TYPES if space.dtype == each), None)
    return kept or (np.float32 if np.issubdtype(space.dtype, np.floating) else np.int64)


def to_onnx(policy: Policy) -> bytes:
    """Return the policy as ONNX over batches, with the weights and statistics of this moment."""
    core, seen, names = policy.network.to_onnx()
    parts = _Parts(core.opset_import)
    filtered = _filter(parts, policy)
    renamed = {seen: filtered}
    renamed.update(zip(names, [CHECK, "std"]))
    parts.take(core.graph, renamed)
    _act(parts, policy)
    return parts.model(policy)


def describe(policy: Policy) -> Tuple[List[Dict[str, Any]], List[Dict[str, Any]]]:
    """Return the graph's inputs and outputs as a manifest has them."""
    inputs: List[Dict[str, Any]] = [{"name": OBSERVATION, "path": []}]
    if policy.head.law:
        shape = [noise_size(policy)]
        inputs.append({"name": NOISE, "role": "noise", "law": policy.head.law, "shape": shape})
    return inputs, [{"name": ACTION}, {"name": CHECK, "role": "check"}]


def noise_size(policy: Policy) -> int:
    """Return the length of one row of noise, which is that of the head's output."""
    space = policy.action_space
    return int(space.n if policy.head.kind != "mean" else space.shape[0])


class _Parts:
    """Nodes and constants of a graph that grows."""

    def __init__(self, opsets: Any) -> None:
        self.nodes: List[Any] = []
        self.constants: List[Any] = []
        self._opsets = opsets

    def constant(self, name: str, value: Any) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def take(self, graph: Any, renamed: Dict[str, str]) -> None:
        """Take over another graph's nodes and constants, with other names for some."""
        for each in graph.initializer:
            # The exporter for MXNet writes scalars as doubles among floats.
            value = numpy_helper.to_array(each)
            value = value.astype(np.float32) if value.dtype == np.float64 else value
            self.constant(each.name, value)
        for each in graph.node:
            node = onnx.NodeProto()
            node.CopyFrom(each)
            del node.input[:], node.output[:]
            node.input.extend(renamed.get(name, name) for name in each.input)
            node.output.extend(renamed.get(name, name) for name in each.output)
            self.nodes.append(node)

    def model(self, policy: Policy) -> bytes:
        space = policy.observation_space
        kind = _element(input_type(space))
        seen: List[Any] = ["batch", *space.shape]
        inputs = [helper.make_tensor_value_info(OBSERVATION, kind, seen)]
        size = noise_size(policy)
        if policy.head.law:
            shape: List[Any] = ["batch", size]
            inputs.append(helper.make_tensor_value_info(NOISE, TensorProto.FLOAT, shape))
        outputs = [
            _action_info(policy.head, policy.action_space),
            helper.make_tensor_value_info(CHECK, TensorProto.FLOAT, ["batch", size]),
        ]
        graph = helper.make_graph(self.nodes, "policy", inputs, outputs, self.constants)
        model = helper.make_model(graph, producer_name=_PRODUCER)
        # From version 4 on, constants need not be listed among the inputs.
        model.ir_version = 4
        del model.opset_import[:]
        model.opset_import.extend(each for each in self._opsets if not each.domain)
        return bytes(model.SerializeToString())


def _filter(parts: _Parts, policy: Policy) -> str:
    """Add the filters, in the double precision in which Coach applies them."""
    seen = parts.node("Cast", [OBSERVATION], "raw", to=TensorProto.DOUBLE)
    for number, each in enumerate(policy.filters()):
        name = "filter{}/".format(number)
        values = {
            "mean": each.mean,
            "std": each.std,
            "low": each.low,
            "high": each.high,
        }
        given = {
            key: parts.constant(name + key, np.asarray(value, np.float64))
            for key, value in values.items()
        }
        seen = parts.node("Sub", [seen, given["mean"]], name + "centred")
        seen = parts.node("Div", [seen, given["std"]], name + "scaled")
        seen = parts.node("Max", [seen, given["low"]], name + "above")
        seen = parts.node("Min", [seen, given["high"]], name + "clipped")
    return parts.node("Cast", [seen], "filtered", to=TensorProto.FLOAT)


def _act(parts: _Parts, policy: Policy) -> None:
    if policy.head.kind == "mean":
        _act_continuously(parts, policy)
        return
    scores = CHECK
    if policy.head.law:
        floor = parts.constant("tiny", _TINY)
        positive = parts.node("Max", [CHECK, floor], "positive")
        logits = parts.node("Log", [positive], "logits")
        scores = parts.node("Add", [logits, NOISE], "scores")
    parts.node("ArgMax", [scores], ACTION, axis=1, keepdims=0)


def _act_continuously(parts: _Parts, policy: Policy) -> None:
    drawn = CHECK
    if policy.head.law:
        scaled = parts.node("Mul", ["std", NOISE], "deviation")
        drawn = parts.node("Add", [CHECK, scaled], "drawn")
    space = policy.action_space
    low = parts.constant("lowest", np.asarray(space.low, np.float32))
    high = parts.constant("highest", np.asarray(space.high, np.float32))
    above = parts.node("Max", [drawn, low], "bounded")
    parts.node("Min", [above, high], ACTION)


def _action_info(head: Head, space: Any) -> Any:
    if head.kind == "mean":
        shape: List[Any] = ["batch", *space.shape]
        return helper.make_tensor_value_info(ACTION, TensorProto.FLOAT, shape)
    return helper.make_tensor_value_info(ACTION, TensorProto.INT64, ["batch"])


def _element(dtype: Any) -> int:
    return int(numpy_helper.from_array(np.zeros(1, dtype)).data_type)

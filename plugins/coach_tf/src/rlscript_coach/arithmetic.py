"""ONNX graphs computed: by ONNX Runtime where it is, else by numpy.

The images of Coach's have no ONNX Runtime. The operations here are those that policies of Coach are
made of; one that is not among them is refused by its name, so that no export goes out unchecked.
"""

import os
from typing import Any, Callable, Dict, List, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from rlscript_coach.refusals import ExportRefused

_ATTRIBUTES = Dict[str, Any]
_TYPES = {
    TensorProto.FLOAT: np.float32,
    TensorProto.DOUBLE: np.float64,
    TensorProto.INT32: np.int32,
    TensorProto.INT64: np.int64,
    TensorProto.BOOL: np.bool_,
}


def computed(content: bytes, feeds: Dict[str, Any], outputs: Sequence[str]) -> List[Any]:
    """Return outputs of a graph.

    Args:
        content: The graph.
        feeds: Its inputs by name.
        outputs: Names of the outputs.

    Raises:
        ExportRefused: It holds an operation that cannot be computed here.
    """
    # Official builds of ONNX Runtime report home unless they find this when they are loaded.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        import onnxruntime  # noqa: PLC0415  # not in every image
    except ImportError:
        return Graph(content).run(feeds, outputs)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return list(session.run(list(outputs), feeds))


class Graph:
    """A graph, ready to compute."""

    def __init__(self, content: bytes) -> None:
        """Read it.

        Raises:
            ExportRefused: It holds an operation that is not known here.
        """
        graph = onnx.load_model_from_string(content).graph
        self._constants = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
        self._nodes = list(graph.node)
        for node in self._nodes:
            if node.op_type not in _OPERATIONS or node.domain:
                raise ExportRefused(node.op_type, "is an operation that cannot be checked here")

    def run(self, feeds: Dict[str, Any], outputs: Sequence[str]) -> List[Any]:
        """Return outputs by their names."""
        known = dict(self._constants, **feeds)
        for node in self._nodes:
            attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
            inputs = [known[name] if name else None for name in node.input]
            known[node.output[0]] = _OPERATIONS[node.op_type](attributes, *inputs)
        return [known[name] for name in outputs]


def _gemm(attributes: _ATTRIBUTES, left: Any, right: Any, bias: Any) -> Any:
    left = left.T if attributes.get("transA") else left
    right = right.T if attributes.get("transB") else right
    alpha, beta = np.float32(attributes.get("alpha", 1)), np.float32(attributes.get("beta", 1))
    return alpha * (left @ right) + beta * bias


def _softmax(attributes: _ATTRIBUTES, value: Any) -> Any:
    # Before version 13 everything from the axis on is one axis; here it is the last in any case.
    if attributes.get("axis", 1) not in (-1, value.ndim - 1):
        part, reason = "Softmax", "over an axis that is not the last cannot be checked here"
        raise ExportRefused(part, reason)
    powers = np.exp(value - value.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _flatten(attributes: _ATTRIBUTES, value: Any) -> Any:
    axis = attributes.get("axis", 1)
    return value.reshape(int(np.prod(value.shape[:axis])), -1)


def _reshape(_: _ATTRIBUTES, value: Any, shape: Any) -> Any:
    return value.reshape([value.shape[at] if size == 0 else size for at, size in enumerate(shape)])


def _mean(attributes: _ATTRIBUTES, value: Any) -> Any:
    axes = tuple(attributes["axes"]) if "axes" in attributes else None
    return value.mean(axis=axes, keepdims=bool(attributes.get("keepdims", 1)), dtype=value.dtype)


def _arg_max(attributes: _ATTRIBUTES, value: Any) -> Any:
    axis = attributes.get("axis", 0)
    found = np.argmax(value, axis=axis)
    return np.expand_dims(found, axis) if attributes.get("keepdims", 1) else found


def _cast(attributes: _ATTRIBUTES, value: Any) -> Any:
    return value.astype(_TYPES[attributes["to"]])


def _slice(attributes: _ATTRIBUTES, value: Any, *given: Any) -> Any:
    if given:
        starts, ends = given[0], given[1]
        axes = given[2] if len(given) > 2 else range(len(starts))  # noqa: PLR2004  # the third
    else:
        starts, ends = attributes["starts"], attributes["ends"]
        axes = attributes.get("axes", range(len(starts)))
    chosen = [slice(None)] * value.ndim
    for axis, start, end in zip(axes, starts, ends):
        chosen[axis] = slice(int(start), int(end))
    return value[tuple(chosen)]


def _squeeze(attributes: _ATTRIBUTES, value: Any) -> Any:
    return np.squeeze(value, tuple(attributes["axes"]) if "axes" in attributes else None)


def _unsqueeze(attributes: _ATTRIBUTES, value: Any) -> Any:
    for axis in sorted(attributes["axes"]):
        value = np.expand_dims(value, axis)
    return value


def _elu(attributes: _ATTRIBUTES, value: Any) -> Any:
    slope = np.float32(attributes.get("alpha", 1))
    return np.where(value > 0, value, slope * np.expm1(np.minimum(value, 0)))


def _selu(attributes: _ATTRIBUTES, value: Any) -> Any:
    gamma = np.float32(attributes.get("gamma", 1.0507010221481323))
    slope = np.float32(attributes.get("alpha", 1.6732631921768188))
    return gamma * np.where(value > 0, value, slope * np.expm1(np.minimum(value, 0)))


def _leaky(attributes: _ATTRIBUTES, value: Any) -> Any:
    return np.where(value > 0, value, np.float32(attributes.get("alpha", 0.01)) * value)


_OPERATIONS: Dict[str, Callable[..., Any]] = {
    "Add": lambda _, left, right: left + right,
    "ArgMax": _arg_max,
    "Cast": _cast,
    "Concat": lambda attributes, *parts: np.concatenate(parts, attributes["axis"]),
    "Div": lambda _, left, right: left / right,
    "Elu": _elu,
    "Exp": lambda _, value: np.exp(value),
    "Flatten": _flatten,
    "Gemm": _gemm,
    "Identity": lambda _, value: value,
    "LeakyRelu": _leaky,
    "Log": lambda _, value: np.log(value),
    "MatMul": lambda _, left, right: left @ right,
    "Max": lambda _, left, right: np.maximum(left, right),
    "Min": lambda _, left, right: np.minimum(left, right),
    "Mul": lambda _, left, right: left * right,
    "Neg": lambda _, value: -value,
    "ReduceMean": _mean,
    "Relu": lambda _, value: np.maximum(value, 0),
    "Reshape": _reshape,
    "Selu": _selu,
    "Shape": lambda _, value: np.array(value.shape, np.int64),
    "Sigmoid": lambda _, value: 1 / (1 + np.exp(-value)),
    "Slice": _slice,
    "Softmax": _softmax,
    "Softplus": lambda _, value: np.logaddexp(value, 0),
    "Squeeze": _squeeze,
    "Sub": lambda _, left, right: left - right,
    "Tanh": lambda _, value: np.tanh(value),
    "Tile": lambda _, value, repeats: np.tile(value, repeats),
    "Unsqueeze": _unsqueeze,
}

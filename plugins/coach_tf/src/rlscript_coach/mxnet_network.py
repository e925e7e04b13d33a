"""A network of Coach's on MXNet: run, and exported as Coach's own saver does it."""

import tempfile
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

import mxnet as mx
import numpy as np
import onnx
from mxnet.contrib import onnx as onnx_mxnet
from onnx import TensorProto, helper, numpy_helper
from rl_coach.architectures.mxnet_components import utils

from rlscript.fitting import Shapes
from rlscript_coach.policies import Filter
from rlscript_coach.refusals import ExportRefused

# The name under which the original's scripts load a network.
_NATIVE = "model.onnx"


class MXNetNetwork:
    """The online network of an agent, and one of its heads."""

    def __init__(self, network: Any, position: int) -> None:
        self._network = network
        heads = network.model.output_heads
        before = sum(head.num_outputs for head in heads[:position])
        self.outputs = heads[position].num_outputs
        self._span = slice(before, before + self.outputs)

    def run(self, batch: Any) -> List[Any]:
        """Return the head's outputs for a batch of filtered observations."""
        found = self._network.predict({"observation": batch}, squeeze_output=False)
        return list(found[self._span])

    def to_onnx(self) -> Tuple[Any, str, List[str]]:
        """Return the network with its weights as an ONNX model, its input and its outputs.

        Raises:
            ExportRefused: An operation has no counterpart in ONNX.
        """
        model = self._network.model
        data = mx.sym.Variable("Data0")
        with utils.ScopedOnnxEnable(model):
            outputs = mx.gluon.block._flatten(model(data), "output")[0]  # noqa: SLF001
        symbol = mx.sym.Group(list(outputs)[self._span])
        used = set(symbol.list_arguments()) | set(symbol.list_auxiliary_states())
        parameters = {
            name: each._reduce()  # noqa: SLF001  # its way to the value on the CPU
            for name, each in model.collect_params().items()
            if name in used
        }
        shapes = [tuple(self._shape())]
        with tempfile.TemporaryDirectory(prefix="rlcore-") as scratch:
            path = str(Path(scratch) / "policy.onnx")
            try:
                onnx_mxnet.export_model(symbol, parameters, shapes, np.float32, path)
            except (AttributeError, KeyError) as cause:
                part, reason = "an operation", "has no counterpart in ONNX: {}".format(cause)
                raise ExportRefused(part, reason) from cause
            made = onnx.load(path)
        return made, "Data0", [_named(each) for each in symbol.list_outputs()]

    def native(self, filters: List[Filter], dtype: Any) -> Dict[str, bytes]:  # noqa: ARG002
        """Return the network as MXNet's own importer of ONNX reads it.

        It has one input, the raw observation, and one output, the head's; it draws no action.
        """
        core, seen, names = self.to_onnx()
        shape = self._shape()
        answered = self.run(np.zeros(shape, np.float32))[0].shape
        output = helper.make_tensor_value_info(names[0], TensorProto.FLOAT, answered)
        return {_NATIVE: _importable(core.graph, seen, output, filters, shape)}

    def _shape(self) -> List[int]:
        """Return the shape of a batch of one observation."""
        return list(self._network._model_input_shapes()[0])  # noqa: SLF001

    def weights(self) -> Dict[str, Any]:
        """Return all weights of the network, by their names within it."""
        return {
            _short(name, self._network): each._reduce().asnumpy()  # noqa: SLF001
            for name, each in self._network.model.collect_params().items()
        }

    def set_weights(self, weights: Dict[str, Any]) -> None:
        """Set them; the names and shapes are those of `weights`."""
        for name, each in self._network.model.collect_params().items():
            if each.grad_req != "null":
                each.set_data(mx.nd.array(weights[_short(name, self._network)]))


def _importable(
    core: Any, seen: str, output: Any, filters: List[Filter], shape: Sequence[int]
) -> bytes:
    """Return a graph in the form that MXNet 1.3 writes: constants listed among the inputs."""
    constants = {each.name: numpy_helper.to_array(each) for each in core.initializer}
    nodes, last = [], "raw"
    for number, each in enumerate(filters):
        name = "filter{}_".format(number)
        constants[name + "mean"], constants[name + "std"] = (
            _row(each.mean, shape),
            _row(each.std, shape),
        )
        nodes.append(helper.make_node("Sub", [last, name + "mean"], [name + "centred"]))
        nodes.append(helper.make_node("Div", [name + "centred", name + "std"], [name + "scaled"]))
        last = name + "clipped"
        low, high = float(each.low), float(each.high)
        nodes.append(helper.make_node("Clip", [name + "scaled"], [last], min=low, max=high))
    for node in core.node:
        taken = onnx.NodeProto()
        taken.CopyFrom(node)
        del taken.input[:]
        taken.input.extend(last if name == seen else name for name in node.input)
        nodes.append(taken)
    tensors = [
        numpy_helper.from_array(np.asarray(each, np.float32), name)
        for name, each in constants.items()
    ]
    inputs = [helper.make_tensor_value_info("raw", TensorProto.FLOAT, list(shape))]
    inputs += [
        helper.make_tensor_value_info(each.name, TensorProto.FLOAT, list(each.dims))
        for each in tensors
    ]
    graph = helper.make_graph(nodes, "policy", inputs, [output], tensors)
    return bytes(helper.make_model(graph, producer_name="rlcore").SerializeToString())


def _row(value: Any, shape: Sequence[int]) -> Any:
    """Return a value as one row: MXNet adds and multiplies arrays of equal rank alone."""
    return np.broadcast_to(np.asarray(value, np.float32), tuple(shape))


def shapes(networks: Dict[str, Any]) -> Shapes:
    """Return the shapes of all parameters by their names within their networks."""
    return {
        "{}/{}".format(name, _short(key, wrapper.online_network)): tuple(each.shape)
        for name, wrapper in networks.items()
        for key, each in wrapper.online_network.model.collect_params().items()
    }


def save_optimisers(networks: Dict[str, Any], folder: Path) -> None:
    """Write the optimisers' states, which Coach's own checkpoint leaves out."""
    for name, wrapper in networks.items():
        trainer = wrapper.online_network.trainer
        if trainer is not None:
            trainer.save_states(str(folder / (name + ".optimiser")))


def restore_optimisers(networks: Dict[str, Any], folder: Path) -> None:
    """Go on with what `save_optimisers` wrote."""
    for name, wrapper in networks.items():
        trainer = wrapper.online_network.trainer
        if trainer is not None:
            trainer.load_states(str(folder / (name + ".optimiser")))


def _named(output: str) -> str:
    """Return the name that the exporter gives to a symbol's output: its node's."""
    return output[: -len("_output")] if output.endswith("_output") else output


def _short(name: str, network: Any) -> str:
    """Return a parameter's name without the number that each new network counts up."""
    prefix = network.model.prefix
    return name[len(prefix) :] if name.startswith(prefix) else name

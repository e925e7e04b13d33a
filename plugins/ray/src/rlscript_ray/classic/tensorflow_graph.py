"""A policy of RLlib's on TensorFlow as one graph without variables, as ONNX and as SavedModel.

The network is RLlib's own graph with its weights as constants: nothing is built a second time.
Before it stand preprocessor and filter, after it the choice of an action and what becomes of it.
"""

import importlib
import string
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Sequence

import numpy as np

from rlscript_ray.classic.releases import Parts
from rlscript_ray.classic.surroundings import Part, Surroundings
from rlscript_ray.classic.tensorflow_network import (
    NETWORK,
    frozen,
    given,
    require_whole,
    state_outputs,
    tensorflow_v1,
)
from rlscript_ray.refusals import ExportRefused
from rlscript_ray.signature import Leaf

_OPSET = 11
# What ONNX Runtime reads since 2019.
_IR_VERSION = 6
_PLAIN = string.ascii_letters + string.digits


class TensorFlowGraph:
    """The whole way from the environment's observation to its action, with these weights.

    Attributes:
        signature: What it takes and gives.
    """

    def __init__(self, parts: Parts, around: Surroundings) -> None:
        self.signature = around.signature
        self._around = around
        self._tf = tensorflow_v1()
        whole = self._assembled(parts)
        # The placeholders of RLlib's own are left behind.
        self._definition = self._tf.graph_util.extract_sub_graph(
            whole.as_graph_def(), [_op(name) for name in self.signature.outputs]
        )
        self._session = None  # type: Any

    def run(self, arrays: Sequence[np.ndarray]) -> List[np.ndarray]:
        """Return the outputs for the inputs, both in the signature's order."""
        tf = self._tf
        if self._session is None:
            threads = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
            self._session = tf.Session(graph=self._graph(), config=threads)
        feeds = {_tensor(name): array for name, array in zip(self.signature.inputs, arrays)}
        outputs = [_tensor(name) for name in self.signature.outputs]
        return list(self._session.run(outputs, feeds))

    def to_onnx(self) -> bytes:
        """Return the graph as ONNX.

        Raises:
            ExportRefused: It holds an operation that has no translation.
        """
        converter = importlib.import_module("tf2onnx.tfonnx")
        optimizer = importlib.import_module("tf2onnx.optimizer")
        graph = self._graph()
        with self._tf.Session(graph=graph):
            try:
                found = converter.process_tf_graph(
                    graph,
                    opset=_OPSET,
                    input_names=[_tensor(name) for name in self.signature.inputs],
                    output_names=[_tensor(name) for name in self.signature.outputs],
                )
                model = optimizer.optimize_graph(found).make_model("policy")
            except Exception as error:  # tf2onnx raises whatever it meets
                told = "is not translated to ONNX: {!r}".format(error)
                raise ExportRefused(NETWORK, told) from error
        return _named(model, [*self.signature.inputs, *self.signature.outputs])

    def to_saved_model(self) -> bytes:
        """Return the graph as SavedModel, for TensorFlow Serving: one file, and no variables.

        It takes `observations`, or one input for each array of an observation, and gives the
        greedy `actions` and the `logits` that they are chosen from.
        """
        tf = self._tf
        with tf.Graph().as_default() as graph:
            greedy = {}  # type: Dict[str, Any]
            if self.signature.noise:
                still = np.zeros((1, *self.signature.noise.shape), np.float32)
                greedy[_tensor("noise")] = tf.constant(still)
            tf.import_graph_def(self._definition, input_map=greedy, name="")
            inputs = {
                _key(leaf): graph.get_tensor_by_name(_tensor(leaf.name))
                for leaf in self.signature.leaves
            }
            outputs = {
                "actions": graph.get_tensor_by_name(_tensor("action")),
                "logits": graph.get_tensor_by_name(_tensor(self.signature.check)),
            }
            return self._saved(graph, inputs, outputs)

    def _saved(self, graph: Any, inputs: Dict[str, Any], outputs: Dict[str, Any]) -> bytes:
        tf = self._tf
        with tempfile.TemporaryDirectory() as scratch, tf.Session(graph=graph) as session:
            folder = Path(scratch) / "model"
            builder = tf.saved_model.builder.SavedModelBuilder(str(folder))
            signature = tf.saved_model.signature_def_utils.predict_signature_def(inputs, outputs)
            tags = [tf.saved_model.tag_constants.SERVING]
            builder.add_meta_graph_and_variables(session, tags, {"serving_default": signature})
            builder.save()
            return (folder / "saved_model.pb").read_bytes()

    def _graph(self) -> Any:
        with self._tf.Graph().as_default() as graph:
            self._tf.import_graph_def(self._definition, name="")
        return graph

    def _assembled(self, parts: Parts) -> Any:
        tf, around = self._tf, self._around
        network = frozen(tf, parts.policy, around)
        with tf.Graph().as_default() as graph:
            seen = tf.cast(self._observed(), parts.policy._obs_input.dtype)  # noqa: SLF001
            states = [
                tf.placeholder(tf.float32, (None, *each.shape), name=_op(each.name))
                for each in self.signature.states
            ]
            wanted = [around.inputs, *state_outputs(parts.policy)]
            found = tf.import_graph_def(
                network,
                input_map=given(tf, parts.policy, network, seen, states),
                return_elements=[each.name for each in wanted],
                name="network",
            )
            require_whole(found, [*self._placeholders(), *states])
            self._acted(found[0])
            for each, tensor in zip(self.signature.states, found[1:]):
                tf.identity(tensor, name=_op(each.next_name))
            tf.identity(found[0], name=_op(self.signature.check))
        return graph

    def _placeholders(self) -> List[Any]:
        graph = self._tf.get_default_graph()
        return [graph.get_tensor_by_name(_tensor(leaf.name)) for leaf in self.signature.leaves]

    def _observed(self) -> Any:
        """Return the network's input, made from placeholders of the observation's arrays."""
        tf, around = self._tf, self._around
        columns = [self._column(part) for part in around.parts]
        seen = tf.concat(columns, axis=1) if around.joined else columns[0]
        if around.filter:
            mean, scale, clip = around.filter
            seen = (tf.cast(seen, tf.float64) - mean) / scale
            if clip:
                seen = tf.minimum(tf.maximum(seen, np.float64(-clip)), np.float64(clip))
        return tf.cast(seen, tf.float32)

    def _column(self, part: Part) -> Any:
        tf, leaf = self._tf, part.leaf
        array = tf.placeholder(leaf.dtype, (None, *leaf.space.shape), name=_op(leaf.name))
        if part.counts is not None:
            found = _one_hot(tf, array, part.counts)
        elif self._around.joined:
            found = tf.reshape(array, (-1, int(np.prod(leaf.space.shape))))
        else:
            found = array
        if not self._around.joined or len(self._around.parts) == 1:
            return found
        return tf.cast(found, tf.float32 if self._around.narrow else tf.float64)

    def _acted(self, inputs: Any) -> None:
        """Name the environment's action, chosen from the network's output."""
        tf, around = self._tf, self._around
        action = self._chosen(inputs)
        if around.steps:
            low, high = tf.constant(around.action.low), tf.constant(around.action.high)
            action = tf.cast(action, low.dtype)
            if "unsquash_action" in around.steps:
                action = low + (action + 1.0) * (high - low) / 2.0
            action = tf.minimum(tf.maximum(action, low), high)
        tf.identity(action, name="action")

    def _chosen(self, inputs: Any) -> Any:
        tf, law = self._tf, self._around.law
        noise = self._noise()
        if law == "categorical":
            return tf.argmax(inputs + noise, axis=1)
        if law == "categoricals":
            counts = [int(count) for count in self._around.action.nvec]
            parts = tf.split(inputs + noise, counts, axis=1)
            return tf.stack([tf.argmax(part, axis=1) for part in parts], axis=1)
        if law == "gaussian":
            mean, log_deviation = tf.split(inputs, 2, axis=1)
            return mean + tf.exp(log_deviation) * noise
        return tf.argmax(inputs, axis=1) if law == "values" else inputs

    def _noise(self) -> Any:
        noise = self.signature.noise
        if noise is None:
            return None
        return self._tf.placeholder(self._tf.float32, (None, *noise.shape), name="noise")


def _one_hot(tf: Any, array: Any, counts: Sequence[int]) -> Any:
    columns = tf.reshape(array, (-1, len(counts)))
    rows = [
        tf.cast(
            tf.equal(
                tf.cast(columns[:, index : index + 1], tf.int64),
                np.arange(count, dtype=np.int64)[np.newaxis, :],
            ),
            tf.float32,
        )
        for index, count in enumerate(counts)
    ]
    return tf.concat(rows, axis=1)


def _op(name: str) -> str:
    """Return a name of the signature as TensorFlow takes it; paths may hold anything."""
    return "".join(c if c in _PLAIN else "_{:x}_".format(ord(c)) for c in name)


def _tensor(name: str) -> str:
    return _op(name) + ":0"


def _key(leaf: Leaf) -> str:
    return "/".join(map(str, leaf.path)) or "observations"


def _named(model: Any, names: Sequence[str]) -> bytes:
    """Return an ONNX model whose inputs and outputs have the signature's names."""
    wanted = {_tensor(name): name for name in names}
    for node in model.graph.node:
        for held in (node.input, node.output):
            held[:] = [wanted.get(name, name) for name in held]
    for value in (*model.graph.input, *model.graph.output):
        value.name = wanted.get(value.name, value.name)
    model.ir_version = _IR_VERSION
    return bytes(model.SerializeToString())

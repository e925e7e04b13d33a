"""A network of Coach's on TensorFlow: run, frozen, exported from its session.

Tensors are taken from Coach's own objects, never by the names of their scopes: those differ from
release to release, and a name that leads nowhere saves what was never trained.
"""

import contextlib
import logging
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import graph_util

from rlscript.fitting import Shapes
from rlscript_coach.policies import Filter
from rlscript_coach.refusals import ExportRefused

_OPSET = 9
_SERVING = "export/Servo/1/saved_model.pb"


class TensorFlowNetwork:
    """The online network of an agent, and one of its heads."""

    def __init__(self, network: Any, position: int) -> None:
        self._network = network
        self._input = network.inputs["observation"]
        self._outputs = list(network.output_heads[position].output)
        self.outputs = len(self._outputs)
        self._definition: Any = None

    @property
    def session(self) -> Any:
        """The session that holds the weights."""
        return self._network.sess

    def run(self, batch: Any) -> List[Any]:
        """Return the head's outputs for a batch of filtered observations."""
        return list(self.session.run(self._outputs, {self._input: batch}))

    def to_onnx(self) -> Tuple[Any, str, List[str]]:
        """Return the network with its weights as an ONNX model, its input and its outputs.

        Raises:
            ExportRefused: An operation has no counterpart in ONNX.
        """
        from tf2onnx import optimizer, tfonnx  # noqa: PLC0415  # slow to load

        names = [each.name for each in self._outputs]
        with _quiet(), tf.Graph().as_default() as graph:
            tf.import_graph_def(self._frozen(), name="")
            with tf.Session(graph=graph):
                try:
                    made = tfonnx.process_tf_graph(
                        graph, opset=_OPSET, input_names=[self._input.name], output_names=names
                    )
                except (ValueError, NotImplementedError) as cause:
                    part, reason = "an operation", "has no counterpart in ONNX: {}".format(cause)
                    raise ExportRefused(part, reason) from cause
            model = optimizer.optimize_graph(made).make_model("policy")
        return model, self._input.name, names

    def native(self, filters: List[Filter], dtype: Any) -> Dict[str, bytes]:
        """Return a SavedModel without variables, from the raw observation to the head's output."""
        shape = [None, *self._input.shape.as_list()[1:]]
        with _quiet(), tf.Graph().as_default() as graph, tf.Session(graph=graph) as session:
            raw = tf.placeholder(tf.as_dtype(dtype), shape, name="observation")
            seen = tf.cast(_filtered(tf.cast(raw, tf.float64), filters), tf.float32)
            name = self._outputs[0].name
            (found,) = tf.import_graph_def(
                self._frozen(), name="", input_map={self._input.name: seen}, return_elements=[name]
            )
            policy = tf.identity(found, name="policy")
            return {_SERVING: _saved_model(session, raw, policy)}

    def weights(self) -> Dict[str, Any]:
        """Return all weights of the network by their variables' names."""
        variables = self._network.get_weights()
        found = self.session.run(variables)
        return {each.op.name: value for each, value in zip(variables, found)}

    def set_weights(self, weights: Dict[str, Any]) -> None:
        """Set them; the names and shapes are those of `weights`."""
        variables = self._network.get_weights()
        given = [np.asarray(weights[each.op.name]) for each in variables]
        feeds = dict(zip(self._network.weights_placeholders, given))
        self.session.run(self._network.update_weights_from_list, feeds)

    def _frozen(self) -> Any:
        names = [each.op.name for each in self._outputs]
        if self._definition is None:
            # The graph stays as it is, while its weights change; most of it is for training.
            whole = self.session.graph.as_graph_def()
            self._definition = graph_util.extract_sub_graph(whole, names)
        with _quiet():
            return graph_util.convert_variables_to_constants(self.session, self._definition, names)


def shapes(networks: Dict[str, Any]) -> Shapes:
    """Return the shapes of all variables by their names, the optimisers' among them."""
    graph = next(iter(networks.values())).online_network.sess.graph
    variables = graph.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)
    return {each.op.name: tuple(each.shape.as_list()) for each in variables}


def save_optimisers(networks: Dict[str, Any], folder: Path) -> None:
    """Write nothing: Coach's own checkpoint holds the optimiser's variables."""


def restore_optimisers(networks: Dict[str, Any], folder: Path) -> None:
    """Read nothing, likewise."""


def _filtered(values: Any, filters: List[Filter]) -> Any:
    for each in filters:
        mean, std = np.asarray(each.mean, np.float64), np.asarray(each.std, np.float64)
        low, high = np.float64(each.low), np.float64(each.high)
        values = tf.minimum(tf.maximum((values - mean) / std, low), high)
    return values


def _saved_model(session: Any, raw: Any, policy: Any) -> bytes:
    with tempfile.TemporaryDirectory(prefix="rlcore-") as scratch:
        folder = Path(scratch) / "model"
        tf.saved_model.simple_save(session, str(folder), {"observation": raw}, {"policy": policy})
        return (folder / "saved_model.pb").read_bytes()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what TensorFlow and tf2onnx tell their developers out of the job's log."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)

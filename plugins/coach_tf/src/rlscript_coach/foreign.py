"""Other people's exports, and Coach's checkpoints, as tensors by name."""

import os
from pathlib import Path
from typing import Any, Dict, List, Tuple

from rlscript_coach.releases import TENSORFLOW, backend

Tensors = Dict[str, Any]


def files() -> Any:
    """Return what finds and reads the files of the backend that is here."""
    return TensorFlowFiles() if backend() == TENSORFLOW else MXNetFiles()


class TensorFlowFiles:
    """SavedModels, and checkpoints of TensorFlow's."""

    def __init__(self) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

    def exports(self, model: Path) -> List[Path]:
        """Return the SavedModels in a folder, at any depth."""
        return sorted(model.glob("**/saved_model.pb"))

    def checkpoints(self, root: Path) -> List[Path]:
        """Return the checkpoints below a folder."""
        return [path for path in root.glob("**/*.index") if path.name != "variables.index"]

    def saved(self, path: Path) -> Tensors:
        """Return the tensors of a checkpoint."""
        import tensorflow as tf  # noqa: PLC0415

        reader = tf.train.NewCheckpointReader(str(path)[: -len(".index")])
        return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}

    def exported(self, path: Path, known: Tensors) -> Tensors:
        """Return the weights that a SavedModel's answers depend on.

        Args:
            path: Its `saved_model.pb`.
            known: The checkpoint's tensors; of a model without variables, only constants of their
                names are weights.
        """
        from tensorflow.python.framework import graph_util, tensor_util  # noqa: PLC0415

        index = path.parent / "variables" / "variables.index"
        values = self.saved(index) if index.is_file() else {}
        found: Tensors = {}
        for graph, outputs in _graphs(path):
            for node in graph_util.extract_sub_graph(graph, outputs).node:
                if node.name in values:
                    found[node.name] = values[node.name]
                elif node.op == "Const" and node.name in known:
                    found[node.name] = tensor_util.MakeNdarray(node.attr["value"].tensor)
        return found


class MXNetFiles:
    """Networks of MXNet's as ONNX or as parameters, and Coach's parameters of its networks."""

    def exports(self, model: Path) -> List[Path]:
        """Return the networks in a folder, at any depth."""
        return sorted([*model.glob("**/*.onnx"), *model.glob("**/*.params")])

    def checkpoints(self, root: Path) -> List[Path]:
        """Return the checkpoints below a folder: the parameters of networks that act."""
        return [path for path in root.glob("**/*.ckpt.*") if path.suffix in (".online", ".global")]

    def saved(self, path: Path) -> Tensors:
        """Return the tensors of a checkpoint, or of parameters that were exported."""
        import mxnet as mx  # noqa: PLC0415

        loaded = mx.nd.load(str(path)).items()
        return {name.rpartition(":")[2]: each.asnumpy() for name, each in loaded}

    def exported(self, path: Path, known: Tensors) -> Tensors:  # noqa: ARG002
        """Return the weights of an exported network."""
        if path.suffix == ".params":
            return self.saved(path)
        import onnx  # noqa: PLC0415
        from onnx import numpy_helper  # noqa: PLC0415

        constants = onnx.load(str(path)).graph.initializer
        return {each.name: numpy_helper.to_array(each) for each in constants}


def _graphs(path: Path) -> List[Tuple[Any, List[str]]]:
    """Return the graphs of a SavedModel, each with the nodes that its signatures answer with."""
    from tensorflow.core.protobuf import saved_model_pb2  # noqa: PLC0415

    model = saved_model_pb2.SavedModel()
    model.ParseFromString(path.read_bytes())
    found: List[Tuple[Any, List[str]]] = []
    for each in model.meta_graphs:
        signatures = each.signature_def.values()
        names = [output.name for one in signatures for output in one.outputs.values()]
        found.append((each.graph_def, [name.partition(":")[0] for name in names]))
    return found

"""A TensorFlow SavedModel, asked as TensorFlow Serving's REST interface is.

`{"instances": [...]}` is answered by `{"predictions": [...]}`, `{"inputs": ...}` by `{"outputs":
...}`, and `{"examples": [...]}` by `{"results": [...]}` when the custom attributes say
`tfs-method=classify` or `regress`.
"""

import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any, Dict, List, Sequence

import numpy as np

from . import bodies, examples, tensors
from .bodies import Unsupported
from .columns import BadRequest, shown
from .frames import JSON, Answer, Request, refusal

_DEFAULT_SIGNATURE = "serving_default"
_METHODS = ("predict", "classify", "regress")


class SavedModel:
    """A SavedModel in memory.

    Attributes:
        names: Empty: there is one model, and it needs no name.
        batches: False: a request may be a batch of any shape already.
    """

    names = ()  # type: Sequence[str]
    batches = False

    def __init__(self, folder: Path) -> None:
        """Load the model from the folder of its version."""
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        tensorflow = importlib.import_module("tensorflow")
        # The loader of TensorFlow 1 reads what either version has saved.
        v1 = getattr(tensorflow.compat, "v1", tensorflow)
        threads = v1.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
        self._tensorflow = tensorflow
        self._session = v1.Session(graph=v1.Graph(), config=threads)
        with self._session.graph.as_default():
            meta = v1.saved_model.loader.load(self._session, ["serve"], str(folder))
        self._signatures = {
            name: tensors.Signature.of(each, tensorflow)
            for name, each in meta.signature_def.items()
            if not name.startswith("__")
        }

    def respond(self, requests: Sequence[Request]) -> List[Answer]:
        """Return an answer to each request."""
        return [self._answer(request) for request in requests]

    def _answer(self, request: Request) -> Answer:
        try:
            kind = bodies.kind_of(request.content_type)
            bodies.answer_kind(request.accept, JSON)
            value = bodies.decode(request.body, kind)
            found = self._asked(_method(request.attributes), value)
            return Answer(200, JSON, json.dumps(found, allow_nan=False).encode())
        except BadRequest as error:
            return refusal(400, str(error))
        except Unsupported as error:
            return refusal(error.status, str(error))
        except Exception as error:  # noqa: BLE001 - TensorFlow's errors have no common class
            traceback.print_exc(file=sys.stderr)
            return refusal(500, f"{type(error).__name__}: {error}")

    def _asked(self, method: str, value: Any) -> Any:
        given = value if isinstance(value, dict) else {}
        signature = self._signature(given.get("signature_name", _DEFAULT_SIGNATURE))
        if method != "predict":
            records = examples.serialised(given, self._tensorflow)
            return examples.results(method, self._run(signature, signature.only(records)))
        if not isinstance(value, dict):
            return tensors.rows(self._run(signature, signature.bare(value)))
        if "instances" in given:
            return tensors.rows(self._run(signature, signature.instances(given["instances"])))
        if "inputs" in given:
            return tensors.columns(self._run(signature, signature.inputs_of(given["inputs"])))
        msg = 'give "instances", a list, or "inputs", one array or several by name; {} was given'
        raise BadRequest(msg.format(shown(given)))

    def _run(
        self, signature: tensors.Signature, columns: Dict[str, np.ndarray]
    ) -> Dict[str, np.ndarray]:
        feeds = {signature.named[name]: column for name, column in columns.items()}
        try:
            return self._session.run(signature.outputs, feeds)  # type: ignore[no-any-return]
        except self._tensorflow.errors.InvalidArgumentError as error:
            msg = f"the model does not take this: {error.message[:500]}"
            raise BadRequest(msg) from error

    def _signature(self, name: Any) -> tensors.Signature:
        if not isinstance(name, str) or name not in self._signatures:
            msg = "the model has no signature {}; there are {}"
            raise BadRequest(msg.format(shown(name), ", ".join(map(repr, self._signatures))))
        return self._signatures[name]


def _method(attributes: str) -> str:
    pairs = (each.partition("=") for each in attributes.split(","))
    asked = {key.strip(): value.strip() for key, _, value in pairs}.get("tfs-method", "predict")
    if asked not in _METHODS:
        msg = "tfs-method must be one of {}; {!r} was given"
        raise BadRequest(msg.format(", ".join(_METHODS), asked[:100]))
    return asked

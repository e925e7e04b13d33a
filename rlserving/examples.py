"""The examples that TensorFlow's classification and regression signatures take."""

from typing import Any, Dict, List

import numpy as np

from .columns import BadRequest, shown
from .tensors import decoded

_LABELS, _SCORES, _VALUES = "classes", "scores", "outputs"


def serialised(given: Dict[str, Any], tensorflow: Any) -> List[Any]:
    """Return the examples of a request as TensorFlow's records.

    Raises:
        BadRequest: There are none, or a feature is neither numbers nor texts.
    """
    examples, context = given.get("examples"), given.get("context", {})  # type: Any, Any
    listed = list(examples) if isinstance(examples, list) and examples else []  # type: List[Any]
    if not listed or not all(isinstance(each, dict) for each in [*listed, context]):
        msg = '"examples" must be a list of objects, and "context" one; {} was given'
        raise BadRequest(msg.format(shown(examples)))
    return [_record(dict(context, **each), tensorflow.train) for each in listed]


def results(method: str, found: Dict[str, np.ndarray]) -> Dict[str, Any]:
    """Return the outputs of a signature as the method's results.

    Raises:
        BadRequest: The signature is of another method.
    """
    if method == "regress" and _VALUES in found:
        return {"results": np.reshape(found[_VALUES], -1).tolist()}
    if method == "classify" and (_SCORES in found or _LABELS in found):
        return {"results": _classes(found)}
    msg = "the signature cannot {}: its outputs are {}"
    raise BadRequest(msg.format(method, ", ".join(map(repr, found))))


def _classes(found: Dict[str, np.ndarray]) -> List[Any]:
    """Return the pairs of label and score of each example; a missing half is as Serving has it."""
    if _LABELS not in found:
        return [[["", score] for score in row] for row in _rows(found[_SCORES])]
    labels = _rows(found[_LABELS])
    texts = [[each.decode("utf-8", "replace") for each in row] for row in labels]
    if _SCORES not in found:
        return [[[text, 0.0] for text in row] for row in texts]
    return [[list(pair) for pair in zip(*both)] for both in zip(texts, _rows(found[_SCORES]))]


def _rows(array: Any) -> List[List[Any]]:
    return np.reshape(array, (len(array), -1)).tolist()  # type: ignore[no-any-return]


def _record(features: Dict[str, Any], train: Any) -> Any:
    made = {name: _feature(value, train) for name, value in features.items()}
    example = train.Example(features=train.Features(feature=made))
    return example.SerializeToString()


def _feature(value: Any, train: Any) -> Any:
    values = value if isinstance(value, list) else [value]
    if values and all(type(each) is int for each in values):
        return train.Feature(int64_list=train.Int64List(value=values))
    if values and all(type(each) in (int, float) for each in values):
        return train.Feature(float_list=train.FloatList(value=values))
    return train.Feature(bytes_list=train.BytesList(value=[decoded(each) for each in values]))

"""JSON values as the tensors of a TensorFlow signature, and back."""

import base64
import binascii
from typing import Any, Dict, NamedTuple, Optional, Tuple

import numpy as np

from .columns import BadRequest, shown

Columns = Dict[str, np.ndarray]

_NUMBERS = "biuf"


class Tensor(NamedTuple):
    """An input of a signature.

    Attributes:
        dtype: Type of its elements; that of objects for strings.
        shape: Its shape, None for a length that is free; None if that is unknown altogether.
    """

    dtype: np.dtype
    shape: Optional[Tuple[Optional[int], ...]]

    def array(self, value: Any, name: str) -> np.ndarray:
        """Return a value as an array for this input.

        Raises:
            BadRequest: It has another shape, or is of another type.
        """
        array = self._typed(value, name)
        wanted = self.shape
        if wanted is not None and not (
            len(wanted) == array.ndim
            and all(each in (None, size) for each, size in zip(wanted, array.shape))
        ):
            msg = "the input {!r} must have the shape {}; one of {} was given"
            raise BadRequest(msg.format(name, list(wanted), list(array.shape)))
        return array

    def _typed(self, value: Any, name: str) -> np.ndarray:
        if self.dtype == object:
            return np.array(_texts(value), dtype=object)
        try:
            array = np.asarray(value)
        except (ValueError, OverflowError):  # ragged
            array = np.asarray(None)
        whole = self.dtype.kind in "iu"
        if array.dtype.kind not in _NUMBERS or (whole and array.dtype.kind == "f"):
            msg = "the input {!r} must hold numbers of the type {}; {} was given"
            raise BadRequest(msg.format(name, self.dtype, shown(value)))
        with np.errstate(all="ignore"):  # an overflow becomes infinite, as it does there
            return array.astype(self.dtype)


class Signature(NamedTuple):
    """A signature of a SavedModel.

    Attributes:
        inputs: By name.
        named: The graph's own names of the inputs.
        outputs: The graph's own names of the outputs, by name.
    """

    inputs: Dict[str, Tensor]
    named: Dict[str, str]
    outputs: Dict[str, str]

    @classmethod
    def of(cls, definition: Any, tensorflow: Any) -> "Signature":
        """Return the signature that a SavedModel defines."""
        inputs = {
            name: Tensor(
                np.dtype(tensorflow.as_dtype(each.dtype).as_numpy_dtype),
                _shape(each.tensor_shape),
            )
            for name, each in definition.inputs.items()
        }
        named = {name: each.name for name, each in definition.inputs.items()}
        outputs = {name: each.name for name, each in definition.outputs.items()}
        return cls(inputs, named, outputs)

    def instances(self, instances: Any) -> Columns:
        """Return the inputs of a list of instances: values, or objects with a value by input.

        Raises:
            BadRequest: They are no list, or lack an input.
        """
        if not isinstance(instances, list) or not instances:
            msg = '"instances" must be a list with one at least; {} was given'
            raise BadRequest(msg.format(shown(instances)))
        if not isinstance(instances[0], dict) or set(instances[0]) == {"b64"}:
            return self.only(instances)
        if not all(isinstance(each, dict) for each in instances):
            msg = '"instances" must be all objects, or none of them'
            raise BadRequest(msg)
        for each in instances:
            self._check_names(each)
        return {
            name: tensor.array([each[name] for each in instances], name)
            for name, tensor in self.inputs.items()
        }

    def inputs_of(self, value: Any) -> Columns:
        """Return the inputs of whole columns: of the only one, or by name.

        Raises:
            BadRequest: One is missing, unknown, or does not fit.
        """
        if not isinstance(value, dict) or set(value) == {"b64"}:
            return self.only(value)
        self._check_names(value)
        return {name: tensor.array(value[name], name) for name, tensor in self.inputs.items()}

    def only(self, value: Any) -> Columns:
        """Return the value as the one input that there is.

        Raises:
            BadRequest: There are several.
        """
        if len(self.inputs) != 1:
            msg = "the signature has several inputs; give an object with {}"
            raise BadRequest(msg.format(", ".join(map(repr, self.inputs))))
        ((name, tensor),) = self.inputs.items()
        return {name: tensor.array(value, name)}

    def bare(self, value: Any) -> Columns:
        """Return a bare array as the only input: a batch, or one instance of it."""
        shape = next(iter(self.inputs.values())).shape
        single = shape is not None and np.ndim(value) == len(shape) - 1
        return self.only([value] if single else value)

    def _check_names(self, given: Dict[str, Any]) -> None:
        if set(given) != set(self.inputs):
            msg = "the signature has the inputs {}; {} were given"
            names = (", ".join(map(repr, sorted(each))) for each in (self.inputs, given))
            raise BadRequest(msg.format(*names))


def rows(found: Columns) -> Dict[str, Any]:
    """Return outputs row by row.

    Raises:
        BadRequest: An output has no row for each.
    """
    lengths = {len(each) if np.ndim(each) else None for each in found.values()}
    if len(lengths) != 1 or None in lengths:
        msg = 'the outputs are of several lengths: give "inputs" in place of "instances"'
        raise BadRequest(msg)
    values = {name: _value(each) for name, each in found.items()}
    if len(values) == 1:
        return {"predictions": next(iter(values.values()))}
    names = list(values)
    return {"predictions": [dict(zip(names, row)) for row in zip(*values.values())]}


def columns(found: Columns) -> Dict[str, Any]:
    """Return outputs as they are: the only one, or by name."""
    values = {name: _value(each) for name, each in found.items()}
    return {"outputs": next(iter(values.values())) if len(values) == 1 else values}


def decoded(value: Any) -> Any:
    """Return a text's bytes; `{"b64": ...}` gives them in base 64.

    Raises:
        BadRequest: It is no text.
    """
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, dict) and isinstance(value.get("b64"), str):
        try:
            return base64.b64decode(value["b64"], validate=True)
        except (binascii.Error, ValueError) as error:
            msg = f'"b64" holds no base 64: {error}'
            raise BadRequest(msg) from error
    msg = 'a text is wanted, or {{"b64": ...}}; {} was given'
    raise BadRequest(msg.format(shown(value)))


def _texts(value: Any) -> Any:
    return [_texts(each) for each in value] if isinstance(value, list) else decoded(value)


def _value(array: Any) -> Any:
    return _readable(array.tolist() if isinstance(array, (np.ndarray, np.generic)) else array)


def _readable(value: Any) -> Any:
    if isinstance(value, list):
        return [_readable(each) for each in value]
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(value).decode()}


def _shape(shape: Any) -> Optional[Tuple[Optional[int], ...]]:
    if shape.unknown_rank:
        return None
    return tuple(None if each.size < 0 else each.size for each in shape.dim)

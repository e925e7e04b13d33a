"""What is written for an endpoint, and read from one."""

from __future__ import annotations

import array
import io
import json
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rlcore import serializers
from rlcore.errors import InvalidArgument, InvocationFailed, MissingExtra
from rlcore.serializers import (
    BytesDeserializer,
    CSVDeserializer,
    CSVSerializer,
    IdentitySerializer,
    JSONDeserializer,
    JSONSerializer,
    NumpyDeserializer,
    NumpySerializer,
    StringDeserializer,
)

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda parts: st.lists(parts) | st.dictionaries(st.text(), parts),
    max_leaves=20,
)
ARRAYS = arrays.arrays(
    dtype=st.sampled_from(["float32", "float64", "int64", "uint8", "bool"]),
    shape=arrays.array_shapes(max_dims=3, max_side=4),
)


@given(JSON_VALUES)
def test_json_comes_back_as_it_went(value: Any) -> None:
    """Whatever JSON can hold survives the way there and back."""
    body = JSONSerializer().serialize(value)

    assert value == JSONDeserializer().deserialize(io.BytesIO(body), "application/json")


@given(ARRAYS)
def test_numpy_comes_back_as_it_went(value: np.ndarray) -> None:
    """Type, shape and every value survive."""
    body = NumpySerializer().serialize(value)

    back = NumpyDeserializer().deserialize(io.BytesIO(body), "application/x-npy")
    assert (value.dtype, value.shape) == (back.dtype, back.shape)
    np.testing.assert_array_equal(value, back)


@given(st.lists(st.lists(st.integers() | st.floats(allow_nan=False), min_size=1), min_size=1))
def test_rows_come_back_as_text(rows: list[list[float]]) -> None:
    """CSV knows no types: what comes back is the text of what went."""
    body = CSVSerializer().serialize(rows)

    expected = [[str(cell) for cell in row] for row in rows]
    assert expected == CSVDeserializer().deserialize(io.BytesIO(body), "text/csv")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (np.float32(0.5), "0.5"),
        (np.int64(3), "3"),
        ([np.array([1, 2]), np.array([3])], "[[1,2],[3]]"),
        ({"a": {"b": np.array([[0.5]])}}, '{"a":{"b":[[0.5]]}}'),
        ((1, np.bool_(1)), "[1,true]"),
        (array.array("d", [1.0]), "[1.0]"),
        (b'{"ready": 1}', '{"ready": 1}'),
        (io.StringIO("[1]"), "[1]"),
        (io.BytesIO(b"[2]"), "[2]"),
        ("text", '"text"'),
    ],
)
def test_json_takes_what_the_original_refused(data: Any, expected: str) -> None:
    """Arrays and scalars of numpy may be anywhere; bytes and files are JSON already."""
    assert expected == JSONSerializer().serialize(data).decode()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ([1, 2.5], "1,2.5\n"),
        ([[1, 2], [3, 4]], "1,2\n3,4\n"),
        (np.array([[1, 2], [3, 4]]), "1,2\n3,4\n"),
        ([np.array([1]), np.array([2])], "1\n2\n"),
        (range(2), "0,1\n"),
        ("1,2", "1,2"),
        (io.BytesIO(b"5"), "5"),
    ],
)
def test_csv_takes_rows_of_any_kind(data: Any, expected: str) -> None:
    """One row, several, an array of either, or text that is CSV already."""
    assert expected == CSVSerializer().serialize(data).decode()


@pytest.mark.parametrize(
    ("serializer", "data", "words"),
    [
        (JSONSerializer(), {"f": print}, "a builtin_function_or_method is no number"),
        (JSONSerializer(), {("a",): 1}, "JSON cannot hold"),
        (CSVSerializer(), 3, "a int was given"),
        (CSVSerializer(), {"a": 1}, "a dict was given"),
        (NumpySerializer(), [print], "without pickle"),
        (NumpySerializer(dtype="float32"), ["x"], "without pickle"),
        (IdentitySerializer(), [1], "a list was given"),
    ],
)
def test_what_cannot_be_written(serializer: Any, data: Any, words: str) -> None:
    """The error tells what was given and what is allowed."""
    with pytest.raises(InvalidArgument, match=words):
        serializer.serialize(data)


def test_what_is_sent_as_it_is() -> None:
    """Bytes, text and files reach the endpoint unchanged."""
    write = IdentitySerializer().serialize

    assert [b"a", b"b", b"c"] == [write(b"a"), write("b"), write(io.BytesIO(b"c"))]


@pytest.mark.parametrize(
    ("deserializer", "body"),
    [
        (JSONDeserializer(), b"{"),
        (JSONDeserializer(), b"[" * 100_000),
        (NumpyDeserializer(), b"no array"),
        (NumpyDeserializer(), b""),
        (StringDeserializer(), b"\xff"),
        (CSVDeserializer(), b"\xff"),
    ],
)
def test_an_answer_that_is_something_else(deserializer: Any, body: bytes) -> None:
    """The error tells the answer's type and how it begins."""
    with pytest.raises(InvocationFailed, match="of type 'text/odd', cannot be read"):
        deserializer.deserialize(io.BytesIO(body), "text/odd")


def test_pickled_objects_are_refused() -> None:
    """An array of objects would run code of whoever answered."""
    file = io.BytesIO()
    np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)

    with pytest.raises(InvocationFailed, match="cannot be read"):
        NumpyDeserializer().deserialize(io.BytesIO(file.getvalue()), "application/x-npy")


def test_types_can_be_named() -> None:
    """An endpoint may call its own format as it likes; the next serializer is not affected."""
    named = [JSONSerializer("a/b"), NumpySerializer(np.float32, "a/b"), CSVSerializer("a/b")]

    assert ["a/b"] * 3 == [each.CONTENT_TYPE for each in named]
    assert ("a/b", "application/json") == (
        JSONDeserializer("a/b").ACCEPT,
        JSONDeserializer().ACCEPT,
    )
    assert "application/json" == JSONSerializer().CONTENT_TYPE


def test_streams_are_closed() -> None:
    """Whoever reads an answer gives its connection back."""
    stream = io.BytesIO(b"text")

    assert "text" == StringDeserializer().deserialize(stream, "text/plain")
    assert stream.closed


def test_text_and_bytes_come_back_as_they_are() -> None:
    """An endpoint's own format is left alone."""
    assert b"\xff" == BytesDeserializer().deserialize(io.BytesIO(b"\xff"), "image/png")


def test_serializers_of_both_generations_are_taken() -> None:
    """The first generation's were functions with an attribute, the second's are objects."""

    def old_serializer(data: Any) -> str:
        return f"<{data}>"

    def old_deserializer(stream: io.BytesIO, content_type: str) -> tuple[bytes, str]:
        return stream.read(), content_type

    old_serializer.content_type = "text/old"  # type: ignore[attr-defined]
    old_deserializer.accept = ("text/a", "text/b")  # type: ignore[attr-defined]

    assert "text/old" == serializers.content_type_of(old_serializer)
    assert "text/a, text/b" == serializers.accept_of(old_deserializer)
    assert b"<1>" == serializers.serialized(old_serializer, 1)
    assert (b"x", "t") == serializers.deserialized(old_deserializer, b"x", "t")
    assert "text/csv" == serializers.content_type_of(CSVSerializer())
    assert "application/json" == serializers.accept_of(JSONDeserializer())


def test_no_serializer_means_bytes() -> None:
    """Without one, bytes go and bytes come back."""
    assert b"x" == serializers.serialized(None, b"x")
    assert b"y" == serializers.deserialized(None, b"y", "t")
    assert ("application/octet-stream", "*/*") == (
        serializers.content_type_of(None),
        serializers.accept_of(None),
    )


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        ([0, 1], "int64"),
        ([[0], [1]], "int64"),
        ([0.5, -1.0], "float32"),
        ([float(np.float32(0.1))], "float32"),
        ([0.1], "float64"),
        ([1e300], "float64"),
        ([True, False], "bool"),
    ],
)
def test_actions_become_arrays(value: list[Any], dtype: str) -> None:
    """As short a type as keeps every value."""
    found = serializers.array(value)

    assert dtype == found.dtype
    assert value == found.tolist()


@pytest.mark.parametrize(
    "value",
    [3, 0.5, None, "x", [], [1, 0.5], [[1], [1, 2]], {"a": 1, "b": [1, [0.5, 0.25]]}, [1 << 80]],
)
def test_actions_of_parts_stay_in_parts(value: Any) -> None:
    """A whole number stays one; dictionaries and lists of unlike parts keep their form."""
    assert json.dumps(value) == json.dumps(serializers.array(value), default=lambda a: a.tolist())


@given(ARRAYS)
def test_no_value_changes_on_the_way(value: np.ndarray) -> None:
    """An action that went through JSON equals the one that the policy chose."""
    there = json.loads(json.dumps(np.nan_to_num(value).tolist()))

    np.testing.assert_array_equal(np.nan_to_num(value), serializers.array(there))


def test_without_numpy_lists_stay_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who does not use numpy is not made to."""
    monkeypatch.delitem(sys.modules, "numpy")

    assert [1, 2] == serializers.array([1, 2])


def test_numpy_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for numpy's format is told what to install."""
    monkeypatch.setitem(sys.modules, "numpy", None)

    with pytest.raises(MissingExtra, match="pip install numpy"):
        NumpySerializer().serialize([1])

"""Names of toolkits and frameworks."""

from __future__ import annotations

import enum
import pickle
from typing import Any

import pytest

from rlcore.errors import InvalidArgument
from rlcore.names import RLFramework, RLToolkit, split_key, toolkit_key


class Original(enum.Enum):
    """An enumeration as the original's."""

    RAY = "ray"


def test_well_known_names_are_strings_with_a_value() -> None:
    """They compare with plain strings and have what members of an enumeration had."""
    assert "coach" == RLToolkit.COACH
    assert "ray" == RLToolkit.RAY.value
    assert ["tensorflow", "mxnet", "pytorch"] == [
        RLFramework.TENSORFLOW,
        RLFramework.MXNET,
        RLFramework.PYTORCH,
    ]
    assert type(RLToolkit.RAY.value) is str


def test_any_toolkit_has_a_name() -> None:
    """Whether it exists is the registry's verdict, not the name's."""
    assert RLToolkit("SB3") == "sb3"
    assert "my-toolkit" == RLToolkit("my-toolkit")


def test_a_member_of_an_enumeration_is_its_value() -> None:
    """Code that still holds the original's members passes them on."""
    assert RLToolkit.RAY == RLToolkit(Original.RAY)


@pytest.mark.parametrize("name", ["", "a.b", "a b", "-a", "ray/../x", "é", None, 3])
def test_a_name_with_foreign_characters_is_refused(name: Any) -> None:
    """Names become keys, folders and parts of job names."""
    with pytest.raises(InvalidArgument, match="is not an RLToolkit name"):
        RLToolkit(name)


def test_names_survive_a_copy() -> None:
    """A name that went through pickle is the same name."""
    assert RLToolkit.RAY == pickle.loads(pickle.dumps(RLToolkit.RAY))  # noqa: S301 - our own


@pytest.mark.parametrize(
    ("toolkit", "framework", "key"), [("ray", "pytorch", "ray.pytorch"), ("vw", None, "vw")]
)
def test_a_key_and_its_parts_are_inverse(toolkit: str, framework: str | None, key: str) -> None:
    """A key splits into what it was made from."""
    assert key == toolkit_key(toolkit, framework)
    assert (toolkit, framework) == split_key(key)

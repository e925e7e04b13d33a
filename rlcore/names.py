"""Names of toolkits and frameworks, and the keys under which plugins are installed.

A name is a plain string with the `.value` that the original's enumerations had. The class
attributes are conveniences for well-known names: whether a toolkit exists, the registry decides.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from rlcore.errors import InvalidArgument

if TYPE_CHECKING:
    from typing_extensions import Self

_NAME = re.compile(r"[a-z0-9]+([_-][a-z0-9]+)*")


class _Name(str):
    """A lower-case name that, like a member of an enumeration, has a `.value`."""

    __slots__ = ()

    def __new__(cls, value: Any) -> Self:
        """Check the characters and lower the case; raise `InvalidArgument` for what is no name."""
        text = getattr(value, "value", value)  # The original's names are members of an enumeration.
        name = text.lower() if isinstance(text, str) else ""
        if not _NAME.fullmatch(name):
            msg = (
                f"{value!r} is not an {cls.__name__} name. Names are letters and digits, with"
                " single hyphens or underscores inside."
            )
            raise InvalidArgument(msg)
        return super().__new__(cls, name)

    @property
    def value(self) -> str:
        """The name as a plain string."""
        return str.__str__(self)


class RLToolkit(_Name):
    """The name of a reinforcement-learning toolkit, e.g. `RLToolkit.RAY` or `RLToolkit("sb3")`."""

    __slots__ = ()

    COACH: ClassVar[RLToolkit]
    RAY: ClassVar[RLToolkit]


class RLFramework(_Name):
    """The name of a deep-learning framework, e.g. `RLFramework.PYTORCH`."""

    __slots__ = ()

    TENSORFLOW: ClassVar[RLFramework]
    MXNET: ClassVar[RLFramework]
    PYTORCH: ClassVar[RLFramework]


RLToolkit.COACH = RLToolkit("coach")
RLToolkit.RAY = RLToolkit("ray")
RLFramework.TENSORFLOW = RLFramework("tensorflow")
RLFramework.MXNET = RLFramework("mxnet")
RLFramework.PYTORCH = RLFramework("pytorch")


def toolkit_key(toolkit: str, framework: str | None) -> str:
    """Return the plugin key: `toolkit.framework`, bare where there is no framework."""
    return f"{toolkit}.{framework}" if framework else str(toolkit)


def split_key(key: str) -> tuple[str, str | None]:
    """Return toolkit and framework of a plugin key; the inverse of `toolkit_key`."""
    toolkit, _, framework = key.partition(".")
    return toolkit, framework or None

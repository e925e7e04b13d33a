"""What is refused rather than approximated; without SB3, so that it can be read anywhere."""

from __future__ import annotations

import rlscript


class ExportRefused(NotImplementedError):
    """The policy holds a part that is not translated exactly; told before training starts."""

    def __init__(self, part: object, reason: str) -> None:
        self.part = part if isinstance(part, str) else type(part).__name__
        msg = f"this policy cannot be exported exactly: {self.part} {reason}"
        super().__init__(msg)


class ExportWrong(RuntimeError):
    """The exported graph does not answer as SB3 does; nothing was published."""


class SettingRefused(ValueError):
    """An argument of `train` is unknown, missing, or said twice."""


class CheckpointRefused(ValueError):
    """A checkpoint is another algorithm's, or another network's."""


class WarmStartRefused(ValueError):
    """The weights of a model do not fit this policy."""


# What a person mends who reads the message, which needs no traceback.
EXPLAINED = (
    ExportRefused,
    SettingRefused,
    CheckpointRefused,
    WarmStartRefused,
    rlscript.ArchiveError,
    rlscript.EnvironmentFailed,
    rlscript.HyperparameterError,
    rlscript.NothingToStartFrom,
)

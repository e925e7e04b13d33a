"""What is refused rather than approximated; without Ray, so that it can be read anywhere."""

import rlscript


class ExportRefused(NotImplementedError):
    """The policy holds a part that is not translated exactly; told before training starts."""

    def __init__(self, part: object, reason: str) -> None:
        self.part = part if isinstance(part, str) else type(part).__name__
        msg = "this policy cannot be exported exactly: {} {}"
        super().__init__(msg.format(self.part, reason))


class ExportWrong(RuntimeError):
    """The exported graph does not answer as RLlib does; nothing was published."""


class WarmStartRefused(ValueError):
    """The weights of a model do not fit this policy, or would be wrong for it alone."""


# What a person mends who reads the message, which needs no traceback.
EXPLAINED = (
    ExportRefused,
    WarmStartRefused,
    rlscript.ArchiveError,
    rlscript.EnvironmentFailed,
    rlscript.HyperparameterError,
    rlscript.NothingToStartFrom,
)

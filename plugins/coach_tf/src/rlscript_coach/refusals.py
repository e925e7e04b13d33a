"""What is refused rather than approximated; without Coach, so that it can be read anywhere."""


class PresetMissing(ValueError):
    """A preset's name leads to no module, or to one without a graph manager."""


class PresetRefused(ValueError):
    """A preset's schedule lacks a part."""


class ExportRefused(NotImplementedError):
    """The policy holds a part that is not translated exactly; told before training starts."""

    def __init__(self, part: object, reason: str) -> None:
        self.part = part if isinstance(part, str) else type(part).__name__
        msg = "this policy cannot be exported exactly: {} {}"
        super().__init__(msg.format(self.part, reason))


class ExportWrong(RuntimeError):
    """The exported graph does not answer as Coach's network does; nothing was published."""


class CheckpointRefused(ValueError):
    """A checkpoint is of another release, backend or network; nothing was restored."""


class WarmStartRefused(ValueError):
    """The weights of a model do not fit this policy."""

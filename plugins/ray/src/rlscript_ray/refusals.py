"""What is refused rather than approximated."""


class ExportRefused(NotImplementedError):
    """The policy holds a part that is not translated exactly; told before training starts."""

    def __init__(self, part: object, reason: str) -> None:
        self.part = part if isinstance(part, str) else type(part).__name__
        msg = "this policy cannot be exported exactly: {} {}"
        super().__init__(msg.format(self.part, reason))

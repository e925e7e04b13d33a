"""Errors that a person mends by reading them: told in one line, without our frames."""

import contextlib
import sys
from typing import Any, Iterator


@contextlib.contextmanager
def explained(*kinds: Any) -> Iterator[None]:
    """Let errors of these kinds, where no script catches them, end it with a line and exit code 1.

    They are raised on as they are; only what the interpreter prints at its end has no traceback.

    Args:
        *kinds: Classes of errors whose messages say what was wrong and what to do.
    """
    try:
        yield
    except kinds as error:
        _tell_in_a_line(error)
        raise


def _tell_in_a_line(error: BaseException) -> None:
    before = sys.excepthook

    def tell(kind: Any, value: Any, traceback: Any) -> None:
        if value is error:
            sys.stdout.flush()
            sys.stderr.write("{}: {}\n".format(kind.__name__, value))
        else:
            before(kind, value, traceback)

    sys.excepthook = tell

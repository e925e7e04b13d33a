"""Runs the Python blocks of a page, one after the other in one namespace, in a process of its own.

What to run comes as JSON on standard input. The standard library alone, for any interpreter.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any


def play(page: str, prelude: str, blocks: list[dict[str, Any]]) -> None:
    """Run a prelude and then the blocks; tracebacks have the page's own lines."""
    started = time.perf_counter()
    namespace: dict[str, Any] = {"__name__": "__main__"}
    run(prelude, f"the prelude of {page}", namespace)
    for block in blocks:
        place = f"{page}, line {block['line'] + 1}"
        run(block.get("first", ""), f"before {place}", namespace)
        tell(f"-- {place}, after {time.perf_counter() - started:.1f} s")
        code = "\n" * block["line"] + block["code"]
        wanted = block.get("raises")
        try:
            run(code, page, namespace)
        except Exception as error:
            if type(error).__name__ != wanted:
                raise
            tell(f"{wanted}: {error}")
        else:
            if wanted:
                sys.exit(f"{place} did not raise {wanted}")


def run(code: str, where: str, namespace: dict[str, Any]) -> None:
    """Run some lines."""
    exec(compile(code, where, "exec"), namespace)  # noqa: S102 - the repository's own pages


def tell(line: str) -> None:
    """Print a line, before whatever is printed next."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    play(**json.load(sys.stdin))

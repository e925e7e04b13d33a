"""The pages of the documentation, and the code on them.

Comments of HTML before a block say how it is to be run:

    <!-- not run: REASON -->     it is only compiled, or its commands of rlcore parsed
    <!-- file: PATH -->          it is the content of that file, which is there before the page runs
    <!-- first: STATEMENT -->    runs before it
    <!-- raises: ERROR -->       it must raise this error
"""

from __future__ import annotations

import functools
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from markdown_it.token import Token

CHECKOUT = Path(__file__).parents[2]
PAGES = [
    CHECKOUT / "README.md",
    *sorted((CHECKOUT / "docs").glob("*.md")),
    *sorted(CHECKOUT.glob("plugins/*/README.md")),
]
_GROUPS = {"rlcore.extensions", "rlcore.platforms", "rlcore.toolkits"}  # of entry points
_NOTE = re.compile(r"<!-- (not run|file|first|raises): (.*?) -->", re.DOTALL)


class Block(NamedTuple):
    """A fenced block of a page.

    Attributes:
        page: The page's path in the repository.
        line: Its first line of code, counted from 0.
        language: What stands behind the fence.
        code: What is between the fences.
        notes: What the comments before it say, by their first word.
    """

    page: str
    line: int
    language: str
    code: str
    notes: dict[str, str]

    @property
    def exempt(self) -> bool:
        """Whether it is not run: it says why, or is a whole example, which has its own tests."""
        return "not run" in self.notes or self.code in _examples()

    def __str__(self) -> str:
        """Return where it is."""
        return f"{self.page}:{self.line + 1}"


def blocks_of(page: Path, *languages: str) -> list[Block]:
    """Return the blocks of a page, in these languages."""
    tokens = MarkdownIt().enable("table").parse(page.read_text("utf-8"))
    name = page.relative_to(CHECKOUT).as_posix()
    return [
        Block(name, token.map[0] + 1, token.info, token.content, _notes(tokens[:place]))
        for place, token in enumerate(tokens)
        if token.type == "fence" and token.map and token.info in languages
    ]


def all_blocks(*languages: str) -> list[Block]:
    """Return the blocks of every page, in these languages."""
    return [block for page in PAGES for block in blocks_of(page, *languages)]


def commands(blocks: Iterable[Block]) -> list[tuple[Block, list[str]]]:
    """Return what is typed in console blocks, each command as its words."""
    found = []
    for block in blocks:
        text = block.code.replace("\\\n", " ")
        typed = re.findall(r"^\$ (.*)$", text, re.MULTILINE)
        found += [(block, shlex.split(line, comments=True)) for line in typed]
    return found


def names() -> set[str]:
    """Return what the prose calls by a dotted name of core or of the script's side."""
    text = "".join(page.read_text("utf-8") for page in PAGES)
    found = re.findall(r"`((?:rlcore|rlscript|rlserving)(?:\.\w+)+)(?:\(.*?\))?`", text)
    return set(found) - _GROUPS


@functools.cache
def _examples() -> frozenset[str]:
    return frozenset(path.read_text("utf-8") for path in CHECKOUT.glob("examples/**/*.py"))


def _notes(before: list[Token]) -> dict[str, str]:
    """Return what the comments say that end a list of tokens."""
    notes: dict[str, str] = {}
    for token in reversed(before):
        if token.type != "html_block":
            break
        notes |= dict(_NOTE.findall(token.content))
    return notes

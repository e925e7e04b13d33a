"""What a bundle leaves out: `.gitignore`, `.rlcoreignore`, what no training needs, credentials.

The syntax and the meaning are git's: the last pattern of a file that matches decides, a file in a
deeper folder goes before one above it, `!` takes back in, and nothing comes back below a folder
that is left out. The `.gitignore` files above a folder count as far as its repository reaches. Any
`.rlcoreignore` goes before every `.gitignore`. Whether git tracks a file makes no difference here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

from rlcore import packing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

GIT_FILE = ".gitignore"
OWN_FILE = ".rlcoreignore"
# What no training needs and every working folder has.
IGNORED_FOLDERS = frozenset(
    {
        ".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".ipynb_checkpoints",
        ".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", "rlcore-output",
    }
)  # fmt: skip
IGNORED_SUFFIXES = (".pyc", ".pyo", ".DS_Store")
# What tools keep credentials in, which are sent nowhere unless somebody asks for it.
SECRET_FILES = frozenset(
    {
        ".env", ".env.local", ".env.development", ".env.production", ".git-credentials", ".netrc",
        ".pypirc", "id_rsa", "id_ed25519", "id_ecdsa",
    }
)  # fmt: skip
SECRET_FOLDERS = frozenset({".aws", ".ssh"})
_GLOB = re.compile(r"[*?\[\\]")
_CLASS = re.compile(r"\[:([^\]]*):\]")
_CLASSES = {
    "alnum": "a-zA-Z0-9", "alpha": "a-zA-Z", "blank": r"\ \t", "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": r"\ -~", "punct": r"!-/:-@\[-`{-~",
    "space": r"\ \t-\r", "upper": "A-Z", "xdigit": "0-9a-fA-F",
}  # fmt: skip
_NEVER = re.compile(r"(?!)").fullmatch


@attrs.frozen
class Rule:
    """One pattern.

    Attributes:
        pattern: As it is written.
        place: File and line that it stands in.
        negated: Whether what matches is taken back in.
        folders_only: Whether it matches folders alone.
        by_name: Whether it is held against an entry's name, rather than its path.
        literal: Whether it is without wildcards.
        matches: Says whether a name or a path matches.
    """

    pattern: str
    place: str
    negated: bool
    folders_only: bool
    by_name: bool
    literal: bool
    matches: Callable[[str], object] = attrs.field(repr=False, eq=False)

    def __str__(self) -> str:
        """Return the pattern and where it stands."""
        return f"{self.pattern!r} ({self.place})"


@attrs.frozen
class _Level:
    """The rules of one file, the last one first, and the folder that they hold in."""

    folder: str
    rules: tuple[Rule, ...]

    def verdict(self, path: str, name: str, *, is_folder: bool) -> Rule | None:
        """Return the rule that decides, if any; *path* lies in the folder."""
        below = path[len(self.folder) + 1 :]
        for rule in self.rules:
            if (is_folder or not rule.folders_only) and rule.matches(
                name if rule.by_name else below
            ):
                return rule
        return None


@attrs.frozen
class Ignoring:
    """The rules that hold in one folder, those of the nearest file first."""

    git: tuple[_Level, ...] = ()
    own: tuple[_Level, ...] = ()

    def entering(self, folder: Path, names: Iterable[str]) -> Ignoring:
        """Return the rules that hold in a folder with entries of these names."""
        found = {GIT_FILE, OWN_FILE}.intersection(names)
        return Ignoring(
            git=(_read(folder, GIT_FILE), *self.git) if GIT_FILE in found else self.git,
            own=(_read(folder, OWN_FILE), *self.own) if OWN_FILE in found else self.own,
        )

    def verdict(self, path: str, name: str, *, is_folder: bool) -> str | None:
        """Return what leaves an entry out, for a person; None for one that is packed.

        What stays out by itself comes back only where a `.rlcoreignore` names it: `!*/` or `!*.py`
        mean the user's own.
        """
        own = _first(self.own, path, name, is_folder=is_folder)
        usual = _usual(name, is_folder=is_folder)
        if usual and not (own and own.negated and own.literal):
            return f"{usual}; !{name} in {OWN_FILE} would pack it"
        rule = own or _first(self.git, path, name, is_folder=is_folder)
        return None if rule is None or rule.negated else str(rule)


def above(folder: Path) -> Ignoring:
    """Return what the repository of a folder says from above it.

    Nothing, where there is no repository, or where it ignores the folder itself: whoever names that
    wants what is in it.
    """
    root = next((each for each in folder.parents if (each / ".git").exists()), None)
    if root is None or (folder / ".git").exists():
        return Ignoring()
    rules = Ignoring()
    for part in reversed((folder, *folder.parents[: folder.parents.index(root)])):
        names = [name for name in (GIT_FILE, OWN_FILE) if (part.parent / name).is_file()]
        rules = rules.entering(part.parent, names)
        if rules.verdict(str(part), part.name, is_folder=True):
            return Ignoring()
    return rules


def parse(text: str, file: str) -> tuple[Rule, ...]:
    """Return the rules in the text of a file, in its order; *file* is how messages call it."""
    lines = text.removeprefix("\ufeff").split("\n")
    found = (_rule(line.removesuffix("\r"), f"{file}:{n}") for n, line in enumerate(lines, 1))
    return tuple(rule for rule in found if rule)


def _usual(name: str, *, is_folder: bool) -> str | None:
    """Return why an entry of this name stays out by itself; None for one that does not."""
    if name in (SECRET_FOLDERS if is_folder else SECRET_FILES):
        return "what may hold credentials"
    needless = name in IGNORED_FOLDERS if is_folder else name.endswith(IGNORED_SUFFIXES)
    return "what no training needs" if needless or name == ".git" else None


def _first(levels: Iterable[_Level], path: str, name: str, *, is_folder: bool) -> Rule | None:
    for level in levels:
        rule = level.verdict(path, name, is_folder=is_folder)
        if rule:
            return rule
    return None


def _read(folder: Path, name: str) -> _Level:
    path = folder / name
    try:
        text = path.read_text("utf-8", "surrogateescape")
    except OSError as error:
        raise packing.unreadable(path, error) from error
    return _Level(str(folder).rstrip("/"), parse(text, str(path))[::-1])


def _rule(line: str, place: str) -> Rule | None:
    """Return the rule of one line; None for comments and blank ones."""
    pattern = _without_trailing_spaces(line)
    if not pattern or pattern.startswith("#"):
        return None
    rest = pattern.removeprefix("!")
    bare = rest.removesuffix("/")
    return Rule(
        pattern=pattern,
        place=place,
        negated=rest != pattern,
        folders_only=bare != rest,
        by_name="/" not in bare,
        literal=not _GLOB.search(bare),
        matches=_matcher(bare.removeprefix("/"), by_name="/" not in bare),
    )


def _without_trailing_spaces(line: str) -> str:
    """Return a line without the spaces at its end, but for one that a backslash keeps."""
    stripped = line.rstrip(" ")
    backslashes = len(stripped) - len(stripped.rstrip("\\"))
    return line[: len(stripped) + 1] if backslashes % 2 else stripped


def _matcher(pattern: str, *, by_name: bool) -> Callable[[str], object]:
    """Return what matches; most patterns are a word or an ending, which take no expression."""
    if not _GLOB.search(pattern):
        return pattern.__eq__
    if by_name and pattern.startswith("*") and not _GLOB.search(pattern[1:]):
        ending = pattern[1:]
        return lambda name: name.endswith(ending)
    try:
        return re.compile("".join(_translated(pattern)), re.DOTALL).fullmatch
    except _NoPattern:
        return _NEVER


class _NoPattern(Exception):
    """A pattern that git holds against everything in vain, such as `[a`."""


def _translated(pattern: str) -> Iterator[str]:
    """Yield the parts of the regular expression for a glob pattern."""
    at = 0
    while at < len(pattern):
        sign = pattern[at]
        if sign == "*":
            part, at = _stars(pattern, at)
        elif sign == "[":
            part, at = _set(pattern, at + 1)
        elif sign == "?":
            part, at = "[^/]", at + 1
        else:
            part, at = _literal(pattern, at)
            part = re.escape(part)
        yield part


def _stars(pattern: str, start: int) -> tuple[str, int]:
    """Return the expression for a run of stars, and where it ends.

    Two or more that stand alone between slashes reach over folders; other runs are one star.
    """
    end = start
    while pattern[end : end + 1] == "*":
        end += 1
    alone = start == 0 or pattern[start - 1] == "/"
    if end - start > 1 and alone:
        if end == len(pattern):
            return ".*", end
        if pattern[end] == "/":
            return "(?:.*/)?", end + 1
    return "[^/]*", end


def _literal(pattern: str, at: int) -> tuple[str, int]:
    """Return one character, and where it ends; a backslash takes the next one literally."""
    if pattern[at : at + 1] == "\\":
        at += 1
    if at >= len(pattern):
        raise _NoPattern
    return pattern[at], at + 1


def _set(pattern: str, at: int) -> tuple[str, int]:
    """Return the expression for a set in brackets, and where it ends; it never matches a slash."""
    negated = pattern[at : at + 1] in {"!", "^"}
    begin = at = at + negated
    parts: list[str] = []
    while at == begin or pattern[at : at + 1] != "]":
        part, at = _class(pattern, at) or _range(pattern, at)
        parts.append(part)
    inside = "".join(parts)
    return f"(?!/)[{'^' if negated else ''}{inside}]", at + 1


def _class(pattern: str, at: int) -> tuple[str, int] | None:
    """Return a named class such as `[:alpha:]`, and where it ends, if there is one."""
    found = _CLASS.match(pattern, at)
    if found is None:
        return None
    if found[1] not in _CLASSES:
        raise _NoPattern
    return _CLASSES[found[1]], found.end()


def _range(pattern: str, at: int) -> tuple[str, int]:
    """Return one character, or two with all between them, and where that ends.

    Of two in the wrong order the first one counts.
    """
    first, at = _literal(pattern, at)
    last = first
    if pattern[at : at + 1] == "-" and pattern[at + 1 : at + 2] not in {"", "]"}:
        last, at = _literal(pattern, at + 1)
    return f"{re.escape(first)}-{re.escape(max(first, last))}", at

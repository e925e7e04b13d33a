"""What every match of a pattern must contain."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlcore.literals import required_literals, screen, worthwhile

TABLE = {
    r"^Training>.*Total reward=(.*?),": ("Training>", "Total reward=", ","),
    r"episode_reward_mean: ([-+]?[0-9]*[.]?[0-9]+)": ("episode_reward_mean: ",),
    r"ab+c?d*e{0,2}f": ("ab", "f"),
    r"a{,}b{": ("b{",),
    r"\|\ rew\.mean": ("| rew.mean",),
    r"(?:spam|eggs)ham": ("ham",),
    r"[]a](x[)]|y)[^]b]\)z": (")z",),
    r"(?P<value>a)b(?=c)d": ("b", "d"),
    r"spam|eggs": (),
    r"(?i)spam": (),
    r"sp(?#[)am": (),
    r"\x41bc": (),
    r"(a)\1bc": (),
    "": (),
}


@pytest.mark.parametrize(("regex", "literals"), TABLE.items())
def test_required_literals(regex: str, literals: tuple[str, ...]) -> None:
    """The literals of a pattern are the texts between what may vary."""
    assert literals == required_literals(regex)


ATOMS = st.sampled_from(
    [
        "a",
        "b",
        "=",
        " ",
        r"\.",
        r"\d",
        r"\[",
        r"\x61",
        ".",
        "[ab]",
        "[]b]",
        r"[\]a]",
        "^",
        "$",
        "{",
        "b{2}",
        "(a)",
        "(?:ab|b)",
        "(?=a)",
        "(?i:ab)",
        "(?P<g>b)",
        "|",
    ]
)
REPEATS = st.sampled_from(["", "", "", "", "?", "*", "+", "*?", "{2}", "{,1}", "{1,}"])
REGEXES = st.lists(st.tuples(ATOMS, REPEATS), max_size=6).map(
    lambda parts: "".join(atom + repeat for atom, repeat in parts)
)
LINES = st.text("ab=. [{1", max_size=12)


@given(REGEXES, st.data())
def test_literals_are_required(regex: str, data: st.DataObject) -> None:
    """Whatever a pattern matches holds all of its literals."""
    try:
        pattern = re.compile(regex)
    except re.error:
        return
    matching = st.from_regex(pattern, alphabet=st.characters(codec="ascii")) | LINES
    line = data.draw(matching)
    match = pattern.search(line)
    if match:
        assert all(literal in line for literal in required_literals(regex))


def test_worthwhile_prefers_long_literals() -> None:
    """Literals that stand in most lines are left out, unless there is nothing else."""
    assert ("Total reward=",) == worthwhile(r"Total reward=(.*?),")
    assert ("kl=",) == worthwhile(r"kl=(\d+),")
    assert () == worthwhile(r"(\d+)")


def test_screen_shares_literals() -> None:
    """One literal stands for all the patterns that contain it; none is a subset of the lines."""
    shared = [r"Total reward=(.*), kl", r"^Testing>.*Total reward=(.*),"]
    assert ("Total reward=",) == screen(shared)
    assert ("Total reward=", "loss: ") == screen([*shared, r"loss: (\d+)"])
    assert ("",) == screen([*shared, r"(\d+)"])

"""What an evaluation tells a person and a program."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from rlcore.evaluation import Episodes, EvaluationReport
from rlcore.evaluation.report import alike


def episodes(source: str, *returns: float, **values: Any) -> Episodes:
    """Return episodes from seed 10, each as long as its return is great."""
    given = {"first_seed": 10, "lengths": [int(each) for each in returns], **values}
    return Episodes(source=source, returns=returns, **given)


def report(*sources: Episodes, **values: Any) -> EvaluationReport:
    """Return a report on a maze."""
    return EvaluationReport(env="maze:make", first_seed=10, sources=sources, **values)


def test_table() -> None:
    """Figures of each source stand below each other, then comes what is equal."""
    shown = report(
        episodes("endpoint", 10, 20, 30, seconds=0.5),
        episodes("training", 10, 20, 33),
        env_kwargs={"size": 9},
    )

    assert """\
maze:make(size=9), seeds from 10, greedy

          return    std    min    max  length  episodes  steps/s
endpoint   20.00  10.00  10.00  30.00   20.00         3      120
training   21.00  11.53  10.00  33.00   21.00         3        -

endpoint and training: equal in 2 of 3 episodes; returns differ by 1.00 ± 1.00 in the mean, \
first at seed 12: 30.00 and 33.00""" == str(shown)


def test_pairs_by_seed() -> None:
    """Episodes of other seeds are left out; sources without a common seed are no pair."""
    shown = report(
        episodes("endpoint", 1, 2, 3, 4),
        episodes("training", 3, 4, 5, first_seed=12),
        episodes("elsewhere", 1, first_seed=99),
    )

    (pair,) = shown.pairs()
    assert (("endpoint", "training"), 2, 2) == (pair.sources, pair.episodes, pair.equal)


def test_equal_returns_of_other_lengths_differ() -> None:
    """An episode is the same where return and length are."""
    (pair,) = report(episodes("one", 1, 2), episodes("two", 1, 2, lengths=[1, 3])).pairs()

    assert (1, (11, 2, 2)) == (pair.equal, pair.first)


def test_equal_returns_by_other_actions_differ() -> None:
    """Where every episode is solved, the actions that both have kept tell policies apart."""
    one = episodes("one", 9, 9, actions=[{"push": [1.0]}, {"push": [0.5]}, {"push": [0.0]}])
    two = episodes("two", 9, 9, actions=[{"push": [1.0]}, {"push": [0.25]}])

    (pair,) = report(one, two).pairs()

    assert (1, None, (10, 2)) == (pair.equal, pair.first, (pair.action or ())[:2])
    assert (
        "one and two: equal in 1 of 2 episodes; actions differ first in step 2 of seed 10:"
        " {'push': [0.5]} and {'push': [0.25]}"
    ) == str(pair)


def test_actions_of_other_seeds_are_not_compared() -> None:
    """Only where both have played the same first episode, and both have kept its actions."""
    one = episodes("one", 9, 9, actions=[0])

    for two in (episodes("two", 9, first_seed=11, actions=[1]), episodes("two", 9, 9)):
        (pair,) = report(one, two).pairs()
        assert (pair.episodes, None) == (pair.equal, pair.action)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1, 1, True),
        (0, 1, False),
        (2**40, 2**40 + 1, False),
        (1.0, 1, True),
        (0.0, 9e-6, True),
        (0.0, 2e-5, False),
        (1000.0, 1000.009, True),
        (1000.0, 1000.02, False),
        (np.array([1, 0]), (1, 0), True),
        ([1, 0], [1], False),
        ({"a": 1, "b": (0.5, 2)}, {"b": [0.5000001, 2], "a": 1}, True),
        ({"a": 1}, {"b": 1}, False),
        ("left", "left", True),
        ("left", 1.0, False),
        (float("nan"), float("nan"), False),
    ],
)
def test_actions_are_alike(one: Any, other: Any, *, equal: bool) -> None:
    """Whole numbers are equal or not, those with a fraction up to rounding; parts by name."""
    assert equal is alike(one, other)


def test_json() -> None:
    """Everything is there as JSON; what a single episode cannot tell is null."""
    record = report(episodes("endpoint", 7), deterministic=False, notes=("a note",)).to_dict()

    assert record == json.loads(json.dumps(record))
    (source,) = record["sources"]
    assert (7.0, None, None) == (
        source["return_mean"], source["return_std"], source["steps_per_second"],
    )  # fmt: skip
    assert ([7], False, ["a note"], []) == (
        source["returns"], record["deterministic"], record["notes"], record["pairs"],
    )  # fmt: skip


def test_small_returns_keep_their_digits() -> None:
    """A return far below one is not shown as zero."""
    assert "0.00123" in str(report(episodes("endpoint", 0.001234)))


def test_notebook() -> None:
    """A notebook shows the same table, whatever the environment is called."""
    shown = EvaluationReport(env="<b>", first_seed=1, sources=(episodes("endpoint", 1),))

    assert "<pre>&lt;b&gt;, seeds" in shown._repr_html_()


def test_sources_by_name() -> None:
    """A source is found by its name."""
    one = episodes("endpoint", 1)

    assert one is report(one)["endpoint"]
    with pytest.raises(KeyError):
        report(one)["training"]

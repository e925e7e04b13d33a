"""What an evaluation found, side by side: the same episodes through every way to the policy."""

from __future__ import annotations

import itertools
import math
import reprlib
import statistics
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

import attrs

from rlcore.spec import frozen_mapping
from rlscript.casting import plain

_COLUMNS = ("", "return", "std", "min", "max", "length", "episodes", "steps/s")
_SMALL = 0.1
_ROUNDING = 1e-5


def _plain(actions: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(plain(each) for each in actions)


@attrs.frozen(kw_only=True)
class Episodes:
    """The episodes that were played through one source, on seeds that follow each other.

    Attributes:
        source: What acted: `endpoint`, `in process`, `training`.
        first_seed: Seed of the first episode.
        returns: Undiscounted return of each.
        lengths: Steps of each.
        seconds: How long they took together; None where nobody measured it.
        comparable: Whether they were played in the report's environment.
        actions: The first actions of the first episode, as JSON values; None where nobody kept
            them.
    """

    source: str
    first_seed: int
    returns: tuple[float, ...] = attrs.field(converter=tuple, repr=False)
    lengths: tuple[int, ...] = attrs.field(converter=tuple, repr=False)
    seconds: float | None = None
    comparable: bool = True
    actions: tuple[Any, ...] | None = attrs.field(
        default=None, converter=attrs.converters.optional(_plain), repr=False
    )

    @property
    def return_mean(self) -> float:
        """Mean of the returns."""
        return statistics.fmean(self.returns)

    @property
    def return_std(self) -> float | None:
        """Standard deviation of the returns, of a sample; None for a single one."""
        return statistics.stdev(self.returns) if len(self.returns) > 1 else None

    @property
    def length_mean(self) -> float:
        """Mean of the lengths."""
        return statistics.fmean(self.lengths)

    @property
    def steps_per_second(self) -> float | None:
        """Steps of all episodes together in a second, the policy's time included."""
        return sum(self.lengths) / self.seconds if self.seconds else None

    def by_seed(self) -> dict[int, tuple[float, int]]:
        """Return the return and the length of each episode by its seed."""
        return dict(enumerate(zip(self.returns, self.lengths, strict=True), self.first_seed))


@attrs.frozen(kw_only=True)
class Pair:
    """Two sources compared on the seeds that both have played.

    Attributes:
        sources: Their names.
        episodes: How many seeds both have played.
        equal: In how many of these return and length are the same, and the actions that both kept;
            figures with a fraction up to a rounding of 1e-5, relative where they are above 1.
        difference: Mean of the second's returns less the first's.
        deviation: Standard error of that mean; None for a single episode.
        first: The first seed that differs, with both returns; None where none does.
        action: The first of the kept actions that differs: seed, step and both actions; likewise.
    """

    sources: tuple[str, str]
    episodes: int
    equal: int
    difference: float
    deviation: float | None
    first: tuple[int, float, float] | None
    action: tuple[int, int, Any, Any] | None = None

    def __str__(self) -> str:
        """Return the comparison as a sentence."""
        one, two = self.sources
        told = f"{one} and {two}: equal in {self.equal} of {self.episodes} episodes"
        if self.first:
            seed, before, after = self.first
            error = "" if self.deviation is None else f" ± {_number(self.deviation)}"
            told += (
                f"; returns differ by {_number(self.difference)}{error} in the mean,"
                f" first at seed {seed}: {_number(before)} and {_number(after)}"
            )
        if self.action:
            seed, step, *actions = self.action
            shown = " and ".join(map(reprlib.repr, actions))
            told += f"; actions differ first in step {step} of seed {seed}: {shown}"
        return told


@attrs.frozen(kw_only=True)
class EvaluationReport:
    """What an evaluation found; `print(report)` shows it as a table.

    Attributes:
        env: The environment, a Gymnasium id or `module:factory`.
        env_kwargs: Its keyword arguments.
        first_seed: Seed of the first episode.
        deterministic: Whether the policy took its likeliest actions, or drew them by chance.
        sources: The episodes of each source.
        gif: Where the first episode is to be seen, if that was wanted.
        notes: What else there is to know.
    """

    env: str
    env_kwargs: Mapping[str, Any] = attrs.field(factory=dict, converter=frozen_mapping)
    first_seed: int
    deterministic: bool = True
    sources: tuple[Episodes, ...]
    gif: Path | None = None
    notes: tuple[str, ...] = ()

    def __getitem__(self, source: str) -> Episodes:
        """Return the episodes of a source."""
        found = {each.source: each for each in self.sources}
        return found[source]

    @property
    def return_mean(self) -> float:
        """Mean return through the first source."""
        return self.sources[0].return_mean

    def pairs(self) -> tuple[Pair, ...]:
        """Return the comparison of every two sources that have played the same episodes."""
        both = itertools.combinations(filter(lambda each: each.comparable, self.sources), 2)
        return tuple(pair for one, two in both if (pair := _pair(one, two)))

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values; a figure that does not exist is None."""
        return {
            "env": self.env,
            "env_kwargs": dict(self.env_kwargs),
            "first_seed": self.first_seed,
            "deterministic": self.deterministic,
            "sources": [_source_record(each) for each in self.sources],
            "pairs": [attrs.asdict(pair) for pair in self.pairs()],
            "gif": str(self.gif) if self.gif else None,
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        """Return a table of the sources, and their comparison."""
        how = "greedy" if self.deterministic else "sampled"
        title = f"{named(self.env, self.env_kwargs)}, seeds from {self.first_seed}, {how}"
        lines = [title, "", *_table([_COLUMNS, *map(_row, self.sources)]), ""]
        lines.extend(map(str, self.pairs()))
        lines.extend(self.notes)
        if self.gif:
            lines.append(f"The first episode: {self.gif}")
        return "\n".join(lines).rstrip()

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"


def named(env: str | None, env_kwargs: Mapping[str, Any]) -> str:
    """Return an environment with its keyword arguments, for a title."""
    kwargs = ", ".join(f"{name}={value!r}" for name, value in env_kwargs.items())
    return f"{env}({kwargs})" if kwargs else str(env)


def _pair(one: Episodes, two: Episodes) -> Pair | None:
    first, second = one.by_seed(), two.by_seed()
    seeds = sorted(set(first) & set(second))
    if not seeds:
        return None
    differences = [second[seed][0] - first[seed][0] for seed in seeds]
    unequal = [seed for seed in seeds if not _close_episodes(first[seed], second[seed])]
    action = _different_action(one, two)
    error = statistics.stdev(differences) / math.sqrt(len(seeds)) if len(seeds) > 1 else None
    where = unequal[0] if unequal else None
    return Pair(
        sources=(one.source, two.source),
        episodes=len(seeds),
        equal=len(set(seeds) - {*unequal, *([action[0]] if action else [])}),
        difference=statistics.fmean(differences),
        deviation=error,
        first=None if where is None else (where, first[where][0], second[where][0]),
        action=action,
    )


def _close_episodes(one: tuple[float, int], other: tuple[float, int]) -> bool:
    """Tell whether return and length are equal, the return up to rounding of its actions."""
    return _close(float(one[0]), float(other[0])) and one[1] == other[1]


def _different_action(one: Episodes, two: Episodes) -> tuple[int, int, Any, Any] | None:
    """Return the first difference of kept actions: seed, step from 1, both actions."""
    if one.first_seed != two.first_seed:
        return None
    both = zip(one.actions or (), two.actions or (), strict=False)  # as many as both have
    pairs = ((step, *pair) for step, pair in enumerate(both, 1) if not alike(*pair))
    return next(((one.first_seed, *different) for different in pairs), None)


def alike(one: Any, other: Any) -> bool:
    """Tell whether two actions are equal, figures with a fraction up to rounding."""
    first, second = list(_leaves(plain(one))), list(_leaves(plain(other)))
    return len(first) == len(second) and all(map(_close, first, second))


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = [part for name in sorted(value) for part in (name, value[name])]
    if isinstance(value, list):
        for part in value:
            yield from _leaves(part)
    else:
        yield value


def _close(one: Any, other: Any) -> bool:
    if isinstance(one, float | int) and isinstance(other, float | int):
        return one == other or (
            isinstance(one + other, float)
            and math.isclose(one, other, rel_tol=_ROUNDING, abs_tol=_ROUNDING)
        )
    return bool(one == other)


def _source_record(episodes: Episodes) -> dict[str, Any]:
    return {
        "source": episodes.source,
        "first_seed": episodes.first_seed,
        "episodes": len(episodes.returns),
        "comparable": episodes.comparable,
        "return_mean": episodes.return_mean,
        "return_std": episodes.return_std,
        "return_min": min(episodes.returns),
        "return_max": max(episodes.returns),
        "length_mean": episodes.length_mean,
        "steps_per_second": episodes.steps_per_second,
        "returns": list(episodes.returns),
        "lengths": list(episodes.lengths),
    }


def _row(episodes: Episodes) -> tuple[str, ...]:
    speed, deviation = episodes.steps_per_second, episodes.return_std
    return (
        episodes.source,
        _number(episodes.return_mean),
        "-" if deviation is None else _number(deviation),
        _number(min(episodes.returns)),
        _number(max(episodes.returns)),
        _number(episodes.length_mean),
        str(len(episodes.returns)),
        "-" if speed is None else f"{speed:,.0f}",
    )


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    """Return rows as lines: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)),
            ]
        ).rstrip()
        for row in rows
    ]


def _number(value: float) -> str:
    """Return a figure with two places, or three digits where these would show too little."""
    return f"{value:.2f}" if value == 0 or abs(value) >= _SMALL else f"{value:.3g}"

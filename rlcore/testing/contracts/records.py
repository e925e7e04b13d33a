"""What a plugin's tests tell the contract: logs that were captured, trainings to run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from rlcore.spec import frozen_mapping


def _values(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(values)


def _steps(steps: Iterable[float] | None) -> tuple[float, ...] | None:
    return None if steps is None else tuple(steps)


@attrs.frozen(kw_only=True)
class CapturedLog:
    """Lines that a release really printed, and what its metrics must read in them.

    Attributes:
        version: The release.
        path: The log, as the toolkit wrote it.
        metric: Name of the metric definition that is looked at.
        values: Every value that the metric has in the log, in order.
        steps: The environment steps that belong to the values; None where the log tells none.
    """

    version: str
    path: Path = attrs.field(converter=Path)
    metric: str
    values: tuple[float, ...] = attrs.field(converter=_values)
    steps: tuple[float, ...] | None = attrs.field(default=None, converter=_steps)

    def __str__(self) -> str:
        """Return what the test of this log is called."""
        return f"{self.version}-{self.path.stem}-{self.metric}"


@attrs.frozen(kw_only=True)
class ShortTraining:
    """A real training that takes seconds, for each of a toolkit's ways to train.

    Attributes:
        version: The release.
        entry_point: The script.
        source_dir: Its folder, None where the script stands alone.
        hyperparameters: They make it short.
        arguments: Further arguments of `RLEstimator`.
        episodes: How many episodes the comparison of endpoint and policy takes.
    """

    version: str
    entry_point: str
    source_dir: Path | None = attrs.field(default=None, converter=attrs.converters.optional(Path))
    hyperparameters: Mapping[str, Any] = attrs.field(factory=dict, converter=frozen_mapping)
    arguments: Mapping[str, Any] = attrs.field(factory=dict, converter=frozen_mapping)
    episodes: int = 10

    def __str__(self) -> str:
        """Return what the tests of this training are called."""
        folder = self.source_dir.name if self.source_dir else self.entry_point
        return f"{self.version}-{folder}"

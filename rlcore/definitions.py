"""Metric definitions: from the form users give them in, within the service's limits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rlcore.errors import InvalidArgument
from rlcore.spec import MetricDefinition

if TYPE_CHECKING:
    from collections.abc import Sequence

# Limits of the service's CreateTrainingJob.
_MAXIMUM_DEFINITIONS = 40
_MAXIMUM_NAME = 255
_MAXIMUM_REGEX = 500


def parse_definitions(
    given: Iterable[MetricDefinition | Mapping[str, str]],
) -> tuple[MetricDefinition, ...]:
    """Return definitions from records or from the service's `{"Name": ..., "Regex": ...}`.

    Raises:
        InvalidArgument: One has other fields, or `check_definitions` refuses it.
    """
    if isinstance(given, (str, Mapping)) or not isinstance(given, Iterable):
        msg = f"metric_definitions must be a list of metric definitions; {given!r} was given."
        raise InvalidArgument(msg)
    definitions = tuple(map(_definition, given))
    check_definitions(definitions)
    return definitions


def _definition(given: Any) -> MetricDefinition:
    if isinstance(given, MetricDefinition):
        return given
    fields = dict(given) if isinstance(given, Mapping) else {}
    if set(fields) == {"Name", "Regex"} and all(isinstance(text, str) for text in fields.values()):
        return MetricDefinition(name=fields["Name"], regex=fields["Regex"])
    msg = (
        f"{given!r} is not a metric definition. One is a dictionary with the strings 'Name' and"
        " 'Regex', or a MetricDefinition."
    )
    raise InvalidArgument(msg)


def check_definitions(definitions: Sequence[MetricDefinition]) -> None:
    """Raise `InvalidArgument` for what the training service or `re` would refuse."""
    if len(definitions) > _MAXIMUM_DEFINITIONS:
        msg = f"{len(definitions)} metric definitions; at most {_MAXIMUM_DEFINITIONS} are allowed."
        raise InvalidArgument(msg)
    for definition in definitions:
        if problem := _problem(definition):
            msg = f"The metric definition {definition.name[:80]!r} {problem}"
            raise InvalidArgument(msg)


def _problem(definition: MetricDefinition) -> str:
    name, regex = definition.name, definition.regex
    for field, text, most in (("name", name, _MAXIMUM_NAME), ("regex", regex, _MAXIMUM_REGEX)):
        if not 1 <= len(text) <= most:
            return f"has a {field} of {len(text)} characters; 1 to {most} are allowed."
    try:
        groups = re.compile(regex).groups
    except re.error as error:
        return f"has the invalid regex {regex!r}: {error}."
    if not groups:
        return f"has the regex {regex!r} without a group. Put the value in parentheses."
    return ""

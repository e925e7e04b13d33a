"""A CloudWatch Logs in memory, with the calls of boto3's client that following a log makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Iterator


ABSENT = "ResourceNotFoundException"
TOO_OLD = "InvalidParameterException"


def refused(code: str, operation: str = "GetLogEvents") -> ClientError:
    """Return an error as botocore raises it."""
    return ClientError({"Error": {"Code": code, "Message": "No"}}, operation)


class CloudWatch:
    """Streams, and what fails.

    Attributes:
        streams: Times in milliseconds and messages, by the stream's name; None without a group.
        errors: Raised by the next calls, one each.
        calls: The operations that were called, with their arguments.
        most: Lines of a page, at most.
        empty: Pages without a line that come before each page that has some.
        endless: Whether the token changes at the end, too.
    """

    def __init__(self, streams: dict[str, list[tuple[int, str]]] | None) -> None:
        """Begin with *streams*."""
        self.streams = streams
        self.errors: list[Exception] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.most = 10_000
        self.empty = 0
        self.endless = False
        self._day = 0

    def a_day_passes(self) -> None:
        """Let all tokens become too old."""
        self._day += 1

    def count(self, operation: str) -> int:
        """Return how often an operation was called."""
        return [name for name, _ in self.calls].count(operation)

    def get_paginator(self, operation: str) -> CloudWatch:
        """Return what has pages."""
        assert operation == "describe_log_streams"
        return self

    def paginate(self, **given: Any) -> Iterator[dict[str, Any]]:
        """Yield the names of streams, two a page."""
        self._called("DescribeLogStreams", given)
        found = [
            name for name in self.streams or () if name.startswith(given["logStreamNamePrefix"])
        ]
        for start in range(0, max(1, len(found)), 2):
            yield {"logStreams": [{"logStreamName": name} for name in found[start : start + 2]]}

    def get_log_events(self, **given: Any) -> dict[str, Any]:
        """Return a page; its token tells the day, the line and the empty pages so far."""
        self._called("GetLogEvents", given)
        lines = (self.streams or {})[given["logStreamName"]]
        line, empty = self._place(given, lines)
        more = line < len(lines)
        if (more and empty < self.empty) or (self.endless and not more):
            return {"events": [], "nextForwardToken": f"{self._day} {line} {empty + 1}"}
        end = min(len(lines), line + min(self.most, given["limit"]))
        page = [{"timestamp": time, "message": text} for time, text in lines[line:end]]
        return {"events": page, "nextForwardToken": f"{self._day} {end} 0"}

    def _place(self, given: dict[str, Any], lines: list[tuple[int, str]]) -> tuple[int, int]:
        assert given["startFromHead"] is True
        if "nextToken" in given:
            day, line, empty = map(int, given["nextToken"].split())
            if day != self._day:
                raise refused(TOO_OLD)
            return line, empty
        since = given.get("startTime", 0)
        return next((n for n, (time, _) in enumerate(lines) if time >= since), len(lines)), 0

    def _called(self, operation: str, given: dict[str, Any]) -> None:
        self.calls.append((operation, given))
        if self.errors:
            raise self.errors.pop(0)
        if self.streams is None:
            raise refused(ABSENT, operation)

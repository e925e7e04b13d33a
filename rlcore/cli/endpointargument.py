"""The option of commands that are about endpoints."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable


def hosting_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--platform`; the command gets the hosting that it means."""

    @functools.wraps(command)
    def with_hosting(*, platform: str | None, **options: Any) -> Any:
        from rlcore import platforms  # noqa: PLC0415 - help needs no platform

        return command(hosting=platforms.resolve_hosting(platform), **options)

    return click.option("--platform", help="Platform of the endpoint.  [default: local]")(
        with_hosting
    )

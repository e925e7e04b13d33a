"""Lists in pages, as the services give them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rlcore.testing.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

_PAGE = 10  # entries, unless the request says otherwise


def page(name: str, found: list[Any], request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of a list, as `MaxResults` and `NextToken` of the request ask for it."""
    start = index(request.get("NextToken"))
    end = start + int(request.get("MaxResults") or _PAGE)
    more = {"NextToken": token(end)} if end < len(found) else {}
    return {name: found[start:end], **more}


def token(number: int) -> str:
    """Return the token of the page that begins with an entry."""
    return f"page-{number}"


def index(given: str | None) -> int:
    """Return the entry that a page begins with; refuse a token that nobody gave."""
    if given is None:
        return 0
    word, _, number = given.partition("-")
    if word != "page" or not number.isdecimal():
        msg = "The token in the request is not valid."
        raise invalid(msg)
    return int(number)

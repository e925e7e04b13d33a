"""Lists in pages."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rlcore.testing.pages import page


@given(st.lists(st.integers()), st.none() | st.integers(1, 100))
def test_every_entry_comes_once(entries: list[int], most: int | None) -> None:
    """Whoever follows the tokens sees all entries in their order, and no empty page at the end."""
    request: dict[str, Any] = {"MaxResults": most} if most else {}
    seen: list[int] = []
    while True:
        found = page("Entries", entries, request)
        seen += found["Entries"]
        assert len(found["Entries"]) <= (most or 10)
        assert found["Entries"] or not entries
        if "NextToken" not in found:
            break
        request["NextToken"] = found["NextToken"]

    assert entries == seen

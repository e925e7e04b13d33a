"""Names of jobs and endpoints: unique, valid and no longer than the service allows."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, TypeVar

from rlcore.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable

    from rlcore.spec import ToolkitRelease

_Started = TypeVar("_Started")

LONGEST = 63
_TRIES = 5
_VALID = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
_FOREIGN = re.compile(r"[^a-zA-Z0-9]+")
_STAMP = re.compile(r"-\d{4}(-\d\d){5}-\d{1,3}$")


def unique(base: str, now: float) -> str:
    """Return `base-YYYY-MM-DD-hh-mm-ss-mmm` for the UTC time *now*, in seconds since the epoch.

    Characters of *base* that a name may not hold become hyphens, and it is cut to fit.
    """
    moment = time.strftime("%Y-%m-%d-%H-%M-%S", time.gmtime(now))
    stamp = f"{moment}-{int(now * 1000) % 1000:03d}"
    room = LONGEST - len(stamp) - 1
    stem = _FOREIGN.sub("-", base).strip("-")[:room].rstrip("-") or "job"
    return f"{stem}-{stamp}"


def stem_of(name: str) -> str:
    """Return the base that a name was made from, the whole name if it carries no time."""
    return _STAMP.sub("", name)


def base_of(release: ToolkitRelease | None, image_uri: str | None) -> str:
    """Return what a name begins with that nobody chose: the image's name, or the release's."""
    if image_uri or release is None:
        return (image_uri or "model").rpartition("/")[2].partition(":")[0]
    return "-".join(filter(None, (release.toolkit, release.framework)))


def until_free(start: Callable[[], _Started], taken: type[Exception]) -> _Started:
    """Return what *start* does; it is called again while the name that it made is taken."""
    for _ in range(_TRIES - 1):
        try:
            return start()
        except taken:
            time.sleep(0.001)  # The stamp counts milliseconds.
    return start()


def check(name: Any, what: str = "a job name") -> str:
    """Return *name* if jobs and endpoints may have it; raise `InvalidArgument` otherwise."""
    if not isinstance(name, str) or len(name) > LONGEST or not _VALID.fullmatch(name):
        msg = (
            f"{name!r} is not {what}. Allowed are letters, digits and hyphens, at most"
            f" {LONGEST} characters, with a letter or digit at both ends. Nearest:"
            f" {_nearest(str(name))!r}."
        )
        raise InvalidArgument(msg)
    return name


def _nearest(name: str) -> str:
    return _FOREIGN.sub("-", name).strip("-")[:LONGEST].rstrip("-") or "job"

"""What a release needs on a deep-learning image, and the user's `requirements.txt`, in one file.

Such an image runs `pip install -r requirements.txt` before the script. Ours stand above; the user's
lines stay as they are. What pip would only find out on the image is found out here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rlcore.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from packaging.requirements import Requirement

FILE = "requirements.txt"
_CONTINUED = re.compile(r"^([ \t]*[^#\s].*)\\\r?\n", re.MULTILINE)
_COMMENT = re.compile(r"(?:^|\s)#.*")
_OPTION = re.compile(r"\s--?[a-zA-Z].*")  # behind a requirement, such as --hash
_HASHES = re.compile(r"(?:^|\s)--(?:hash\b|require-hashes\b)")
_PLACE = re.compile(r"[/\\]|^\.|\.(?:whl|zip|tar\.\w+|tgz)$")
_EGG = re.compile(r"[#&]egg=([\w.-]+)")
_ABOVE = "# What the toolkit's release needs on this image."
_BELOW = "# The source's own."


def merged(release_requirements: Iterable[str], users_text: str) -> str:
    """Return the text of a file that asks for the release's requirements and the user's.

    The user's lines are kept as they are: comments, options, markers, other files, addresses.

    Args:
        release_requirements: What the release adds to its image.
        users_text: The user's `requirements.txt`; empty where there is none.

    Raises:
        InvalidArgument: A line of the user's asks for another version of what the release pins, is
            no requirement, or wants hashes, which would have to be there for every line.
    """
    ours = tuple(release_requirements)
    if not ours:
        return users_text
    lines = list(_lines(users_text))
    pinned = _pinned(ours) if lines else {}
    for line in lines:
        _check(line, pinned)
    own = users_text.removeprefix("\ufeff")
    return "\n".join([_ABOVE, *ours, *(("", _BELOW, own) if own.strip() else ("",))])


def _pinned(requirements: Iterable[str]) -> dict[str, Requirement]:
    """Return those that pin a version, by the normalised name of the distribution."""
    from packaging.requirements import Requirement  # noqa: PLC0415 - most jobs merge nothing
    from packaging.utils import canonicalize_name  # noqa: PLC0415

    parsed = map(Requirement, requirements)
    return {canonicalize_name(each.name): each for each in parsed if _version(each)}


def _version(requirement: Requirement) -> str | None:
    """Return the version that a requirement pins, if it does."""
    versions = [each.version for each in requirement.specifier if each.operator in {"==", "==="}]
    return next((version for version in versions if "*" not in version), None)


def _lines(text: str) -> Iterator[str]:
    """Yield what is asked for, a line each: continued ones joined, without comments and blanks."""
    for line in _CONTINUED.sub(r"\1 ", text.removeprefix("\ufeff")).splitlines():
        bare = _COMMENT.sub("", line).strip()
        if bare:
            yield bare


def _check(line: str, pinned: Mapping[str, Requirement]) -> None:
    """Refuse a line that pip would refuse beside the release's."""
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415

    if _HASHES.search(line):
        msg = (
            f"{line!r} in {FILE} wants hashes, and pip then wants one for each line, also for what"
            " the toolkit's release needs on the image. Take the hashes out, or give an image."
        )
        raise InvalidArgument(msg)
    if line.startswith("-") or _is_address(line):
        _check_address(line, pinned)
        return
    try:
        requirement = Requirement(_OPTION.sub("", line))
    except InvalidRequirement as error:
        msg = f"{line!r} in {FILE} is no requirement: {str(error).splitlines()[0]}."
        raise InvalidArgument(msg) from error
    _check_version(line, requirement, pinned)


def _is_address(line: str) -> bool:
    """Return whether a line is a file or an address without a name in front."""
    first = re.split(r"[;@\s]", line, maxsplit=1)[0]
    return bool(_PLACE.search(first))


def _check_address(line: str, pinned: Mapping[str, Requirement]) -> None:
    from packaging.utils import canonicalize_name  # noqa: PLC0415

    egg = _EGG.search(line)
    if egg and canonicalize_name(egg[1]) in pinned:
        raise _conflict(line, pinned[canonicalize_name(egg[1])])


def _check_version(line: str, requirement: Requirement, pinned: Mapping[str, Requirement]) -> None:
    """Refuse another version than the pinned one; whether a marker holds, only the image knows."""
    from packaging.utils import canonicalize_name  # noqa: PLC0415

    ours = pinned.get(canonicalize_name(requirement.name))
    if ours is None or requirement.marker is not None:
        return
    version = _version(ours)
    if requirement.url or not requirement.specifier.contains(str(version), prereleases=True):
        raise _conflict(line, ours)


def _conflict(line: str, ours: Requirement) -> InvalidArgument:
    msg = (
        f"{line!r} in {FILE} and {str(ours)!r}, which the toolkit's release needs on the image,"
        " exclude each other. Take that line out, ask for another toolkit_version, or give an image"
        " of your own."
    )
    return InvalidArgument(msg)

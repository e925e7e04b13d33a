"""Toolkit plugins: found by metadata alone, loaded on first use, each in a manager of its own.

A registry reads the entry points of the group `rlcore.toolkits` once, when it is first asked.
Nothing is imported to list them. Asking for a key imports that one plugin and puts it, together
with the installed extensions, into a pluggy manager; a plugin that is broken or doubled harms its
own key alone.
"""

from __future__ import annotations

import functools
import os
import re
from collections import defaultdict
from importlib import metadata
from typing import TYPE_CHECKING

from rlcore.errors import InvalidFramework, InvalidToolkit, RLCoreError, did_you_mean
from rlcore.loading import load, load_extension
from rlcore.names import split_key
from rlcore.toolkit import (
    DISABLE,
    UNKNOWN_DISTRIBUTION,
    Listing,
    Toolkit,
    known_plugins,
    plugin_error,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rlcore.spec import ToolkitRelease

TOOLKITS = "rlcore.toolkits"
EXTENSIONS = "rlcore.extensions"
_NAME = "[a-z0-9]+(?:[_-][a-z0-9]+)*"  # As in rlcore.names: what the estimator can spell.
_KEY = re.compile(rf"{_NAME}(?:\.{_NAME})?")


class ToolkitRegistry:
    """The toolkits that are installed.

    Args:
        entry_points: The entry points to look at, instead of those installed. Objects with the
            attributes of `importlib.metadata.EntryPoint`, of either group.
        environ: Environment in which `RLCORE_DISABLE_PLUGINS` names, separated by commas, the
            distributions that are left out.
    """

    def __init__(
        self,
        entry_points: Iterable[metadata.EntryPoint] | None = None,
        *,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Keep where to look; nothing is read before the first question."""
        self._given = None if entry_points is None else tuple(entry_points)
        self._environ = os.environ if environ is None else environ
        self._loaded: dict[str, Toolkit] = {}

    def __repr__(self) -> str:
        """Return the number of keys and their names."""
        keys = sorted({listing.key for listing in self.available()})
        return f"<ToolkitRegistry {len(keys)}: {', '.join(keys)}>"

    def available(self) -> tuple[Listing, ...]:
        """Return what is installed, from metadata alone; two claims to one key are two rows."""
        return tuple(
            _listing(point, claims) for claims in self._claims.values() for point in claims
        )

    def extensions(self) -> tuple[Listing, ...]:
        """Return the extensions that are installed, from metadata alone."""
        return tuple(listing for listing, _ in self._extensions())

    def keys(self, toolkit: str | None = None) -> tuple[str, ...]:
        """Return the installed keys, or those of one toolkit, in alphabetical order."""
        return tuple(key for key in self._claims if toolkit in {None, split_key(key)[0]})

    def toolkit(self, key: str) -> Toolkit:
        """Return the plugin of a key, imported on first use.

        Raises:
            InvalidToolkit: No installed plugin has the toolkit's name.
            InvalidFramework: The toolkit is there, but not for the framework.
            PluginError: The plugin is broken, or two distributions claim the key.
        """
        if key not in self._loaded:
            self._loaded[key] = self._load(key)
        return self._loaded[key]

    def load_extension(self, listing: Listing) -> int:
        """Import an extension alone, and return the version of the contract that it follows."""
        return load_extension(*next(pair for pair in self._extensions() if pair[0] == listing))

    def release_from_image(self, image_uri: str) -> ToolkitRelease | None:
        """Ask every healthy plugin whose image this is; the first that knows it answers."""
        for key in self.keys():
            try:
                release = self.toolkit(key).release_from_image(image_uri)
            except RLCoreError:
                continue  # The doctor reports it; here it must not harm the others.
            if release is not None:
                return release
        return None

    @functools.cached_property
    def _claims(self) -> dict[str, list[metadata.EntryPoint]]:
        claims = defaultdict(list)
        for point in self._points(TOOLKITS):
            claims[point.name].append(point)
        return dict(sorted(claims.items()))

    def _extensions(self) -> list[tuple[Listing, metadata.EntryPoint]]:
        points = self._points(EXTENSIONS)
        return [(_listing(point, [point], check_key=False), point) for point in points]

    @functools.cached_property
    def _found(self) -> list[metadata.EntryPoint]:
        if self._given is not None:
            return list(self._given)
        # Both groups in one look: it is the scan of all that is installed that takes time.
        points = metadata.entry_points()
        return [*points.select(group=TOOLKITS), *points.select(group=EXTENSIONS)]

    def _points(self, group: str) -> list[metadata.EntryPoint]:
        found = [point for point in self._found if point.group == group]
        names = self._environ.get(DISABLE)
        if not names:
            return found  # Reading each distribution's name takes most of the time.
        disabled = {_normal(name) for name in names.split(",")}
        return [point for point in found if _normal(distribution(point.dist)[0]) not in disabled]

    def _load(self, key: str) -> Toolkit:
        claims = self._claims.get(key)
        if not claims:
            raise self._unknown(key)
        listing = _listing(claims[0], claims)
        if listing.problem:
            raise plugin_error(listing, listing.problem)
        return load(listing, claims[0], self._extensions())

    def _unknown(self, key: str) -> InvalidToolkit | InvalidFramework:
        toolkit, framework = split_key(key)
        installed = self.keys()
        hint = _install_hint(key)
        siblings = self.keys(toolkit)
        if siblings:
            nearest = did_you_mean(key, siblings)
            msg = (
                f"Toolkit {toolkit!r} has no plugin for framework {framework!r}.{nearest}"
                f" Installed for it: {', '.join(siblings)}.{hint}"
            )
            return InvalidFramework(msg)
        names = {split_key(name)[0] for name in (*installed, *known_plugins())}
        nearest = did_you_mean(toolkit, names - {toolkit})
        there = ", ".join(installed) or "none"
        msg = f"No installed plugin answers to {key!r}.{nearest} Installed: {there}.{hint}"
        return InvalidToolkit(msg)


@functools.cache
def default_registry() -> ToolkitRegistry:
    """Return the registry of what is installed, the same one in the whole process."""
    return ToolkitRegistry()


def _listing(
    point: metadata.EntryPoint, claims: list[metadata.EntryPoint], *, check_key: bool = True
) -> Listing:
    name, version = distribution(point.dist)
    problem: str | None = None
    cure: tuple[str, ...] = ()
    if check_key and not _KEY.fullmatch(point.name):
        problem = (
            "its key must be 'toolkit.framework' or 'toolkit', each of lower-case letters and"
            " digits with single hyphens or underscores inside"
        )
    if len(claims) > 1:
        owners = sorted(distribution(claim.dist) for claim in claims)
        named = " and ".join(" ".join(owner) for owner in owners)
        problem = f"two distributions claim this key: {named}; uninstall one of them"
        cure = tuple(f"pip uninstall {name}" for name, _ in owners if name != UNKNOWN_DISTRIBUTION)
    return Listing(
        key=point.name,
        distribution=name,
        version=version,
        entry_point=point.value,
        problem=problem,
        cure=cure,
    )


def distribution(found: metadata.Distribution | None) -> tuple[str, str]:
    """Return a distribution's name and version; what is half installed may tell neither."""
    if found is None:
        return UNKNOWN_DISTRIBUTION, "?"
    facts = found.metadata  # Each reading parses it anew.
    # To ask for what is missing will be an error; `get` is not yet in the protocol of Python 3.10.
    told = {each: facts[each] for each in ("Name", "Version") if each in facts}
    return told.get("Name") or UNKNOWN_DISTRIBUTION, told.get("Version") or "?"


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def _install_hint(key: str) -> str:
    """Return how to install a plugin that we know; never an invented name for pip to look up."""
    toolkit, framework = split_key(key)
    known = known_plugins()
    keys = [key] if framework else [name for name in known if split_key(name)[0] == toolkit]
    found = sorted({f"pip install {known[name]}" for name in keys if name in known})
    return f" To install it, in a checkout of rlcore: {' or '.join(found)}." if found else ""

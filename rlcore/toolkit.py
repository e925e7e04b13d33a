"""One toolkit plugin: where it comes from, and its hooks as typed methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from rlcore.errors import PluginError, RLCoreError
from rlcore.names import split_key
from rlcore.spec import MetricDefinition, ToolkitRelease

if TYPE_CHECKING:
    import pluggy

    from rlcore.model import Model

DISABLE = "RLCORE_DISABLE_PLUGINS"

Answer = TypeVar("Answer")


@attrs.frozen(kw_only=True)
class Listing:
    """A plugin as its metadata shows it, or as two claims to one key show it.

    Attributes:
        key: The plugin key, `toolkit.framework` or `toolkit`.
        distribution: Name of the distribution that brings it.
        version: That distribution's version.
        entry_point: What the entry point names, `module` or `module:object`.
        problem: Why the key cannot be used, None where nothing is known against it.
    """

    key: str
    distribution: str
    version: str
    entry_point: str
    problem: str | None = None

    @property
    def origin(self) -> str:
        """Who brings it: distribution, version and entry point."""
        return f"{self.distribution} {self.version} ({self.entry_point})"


class Toolkit:
    """One loaded plugin, its hooks as typed methods.

    Whatever a hook does wrong (no answer, an answer of the wrong type, an exception that is not
    rlcore's own) becomes a `PluginError` that names the plugin and the hook.
    """

    def __init__(self, listing: Listing, manager: pluggy.PluginManager) -> None:
        """Hold a manager that holds the plugin."""
        self.listing = listing
        self._manager = manager

    def __repr__(self) -> str:
        """Return the key and where it comes from."""
        return f"<Toolkit {self.listing.key} from {self.listing.origin}>"

    def known_versions(self) -> tuple[str, ...]:
        """Return the versions that the plugin knows, oldest first."""
        return tuple(self._ask("known_versions", tuple))

    def release(self, version: str) -> ToolkitRelease:
        """Return the release of *version*; raises `UnsupportedVersion` for one that is unknown."""
        release = self._ask("validate_version", ToolkitRelease, version=version)
        asked = (*split_key(self.listing.key), version)
        given = (release.toolkit, release.framework, release.version)
        if asked != given:
            msg = "validate_version"
            raise self._broken(msg, f"answered with {given} when asked for {asked}")
        return release

    def image_uri(self, release: ToolkitRelease, region: str, instance_type: str) -> str:
        """Return the training image's address."""
        return self._ask(
            "image_uri", str, release=release, region=region, instance_type=instance_type
        )

    def default_metrics(self, release: ToolkitRelease) -> tuple[MetricDefinition, ...]:
        """Return the metric definitions that fit what the release prints."""
        return tuple(self._ask("default_metrics", tuple, release=release))

    def model_class(self, release: ToolkitRelease) -> type[Model]:
        """Return the class that models of the release are made of."""
        return self._ask("model_class", type, release=release)

    def release_from_image(self, image_uri: str) -> ToolkitRelease | None:
        """Return the release that an image is of, None for a foreign image."""
        release: ToolkitRelease | None = self._call("release_from_image", image_uri=image_uri)
        return release

    def _ask(self, hook: str, wanted: type[Answer], **arguments: Any) -> Answer:
        answer = self._call(hook, **arguments)
        if not isinstance(answer, wanted):
            found = "nothing" if answer is None else f"a {type(answer).__name__}"
            raise self._broken(hook, f"answered with {found} instead of a {wanted.__name__}")
        return answer

    def _call(self, hook: str, **arguments: Any) -> Any:
        try:
            return getattr(self._manager.hook, hook)(**arguments)
        except RLCoreError:
            raise
        except (Exception, SystemExit) as error:
            raise self._broken(hook, f"raised {type(error).__name__}: {error}") from error

    def _broken(self, hook: str, what: str) -> PluginError:
        return plugin_error(self.listing, f"its hook {hook!r} {what}")


def plugin_error(listing: Listing, problem: str) -> PluginError:
    """Return the error for a plugin that cannot be used: who it is, why, and what to do."""
    cure = f"pip install --upgrade {listing.distribution}"
    off = f"{DISABLE}={listing.distribution}"
    msg = (
        f"The plugin {listing.key!r} of {listing.origin} cannot be used: {problem}."
        f" To mend it, try '{cure}'; to leave it out, uninstall it or set {off}."
    )
    return PluginError(msg)

"""One toolkit plugin: where it comes from, its hooks as typed methods, and who is to blame."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from rlcore.errors import PluginError, RLCoreError
from rlcore.names import split_key
from rlcore.spec import MetricDefinition, ToolkitRelease

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pluggy

    from rlcore.model import Model

DISABLE = "RLCORE_DISABLE_PLUGINS"
UNKNOWN_DISTRIBUTION = "unknown distribution"

Answer = TypeVar("Answer")


@attrs.frozen(kw_only=True)
class Listing:
    """A plugin as its metadata shows it, or as two claims to one key show it.

    Attributes:
        key: The plugin key, `toolkit.framework` or `toolkit`; any name for an extension.
        distribution: Name of the distribution that brings it.
        version: That distribution's version.
        entry_point: What the entry point names, `module` or `module:object`.
        problem: Why the key cannot be used, None where nothing is known against it.
        cure: What mends it, where installing the distribution again is not what it takes.
    """

    key: str
    distribution: str
    version: str
    entry_point: str
    problem: str | None = None
    cure: tuple[str, ...] = ()

    @property
    def origin(self) -> str:
        """Who brings it: distribution, version and entry point."""
        return f"{self.distribution} {self.version} ({self.entry_point})"


class UnusablePlugin(PluginError):
    """A plugin that cannot be used; what its message is made of stands apart, too.

    Attributes:
        listing: The plugin.
        problem: What is wrong with it.
        cure: What mends it.
    """

    listing: Listing
    problem: str
    cure: tuple[str, ...]


class Toolkit:
    """One loaded plugin, its hooks as typed methods.

    Whatever a hook does wrong (no answer, an answer of the wrong type, an exception that is not
    rlcore's own) becomes a `PluginError` that names the plugin, the hook and the extensions that
    wrap the hook, since the fault may be theirs.

    Attributes:
        listing: Where the plugin comes from.
        contract: The version of the contract that it was written for.
    """

    def __init__(
        self,
        listing: Listing,
        contract: int,
        manager: pluggy.PluginManager,
        extensions: Sequence[Listing] = (),
    ) -> None:
        """Hold a manager that holds the plugin and the extensions."""
        self.listing = listing
        self.contract = contract
        self._manager = manager
        self._extensions = extensions

    def __repr__(self) -> str:
        """Return the key and where it comes from."""
        return f"<Toolkit {self.listing.key} from {self.listing.origin}>"

    def known_versions(self) -> tuple[str, ...]:
        """Return the versions that the plugin knows, oldest first."""
        return self._ask_each("known_versions", str)

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
        return self._ask_each("default_metrics", MetricDefinition, release=release)

    def model_class(self, release: ToolkitRelease) -> type[Model]:
        """Return the class that models of the release are made of."""
        found = self._ask("model_class", type, release=release)
        # By name: the class itself stands on a floor above this one.
        if ("rlcore.model", "Model") not in {(c.__module__, c.__name__) for c in found.__mro__}:
            hook = "model_class"
            raise self._broken(hook, f"answered with {found.__name__}, which is no rlcore.Model")
        return found

    def release_from_image(self, image_uri: str) -> ToolkitRelease | None:
        """Return the release that an image is of, None for a foreign image."""
        release = self._call("release_from_image", image_uri=image_uri)
        if release is not None and not isinstance(release, ToolkitRelease):
            hook = "release_from_image"
            raise self._mistyped(hook, release, ToolkitRelease)
        return release

    def _ask_each(self, hook: str, wanted: type[Answer], **arguments: Any) -> tuple[Answer, ...]:
        answers = tuple(self._ask(hook, tuple, **arguments))
        for answer in answers:
            if not isinstance(answer, wanted):
                raise self._mistyped(hook, answer, wanted, " in its tuple")
        return answers

    def _ask(self, hook: str, wanted: type[Answer], **arguments: Any) -> Answer:
        answer = self._call(hook, **arguments)
        if not isinstance(answer, wanted):
            raise self._mistyped(hook, answer, wanted)
        return answer

    def _call(self, hook: str, **arguments: Any) -> Any:
        try:
            return getattr(self._manager.hook, hook)(**arguments)
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:
            if isinstance(error, RLCoreError) and not isinstance(error, PluginError):
                raise  # The plugin's answer, or an extension's.
            raise self._broken(hook, f"raised {type(error).__name__}: {error}") from error

    def _mistyped(self, hook: str, answer: Any, wanted: type, where: str = "") -> PluginError:
        found = "nothing" if answer is None else _with_article(type(answer))
        what = f"answered with {found} instead of {_with_article(wanted)}{where}"
        return self._broken(hook, what)

    def _broken(self, hook: str, what: str) -> PluginError:
        problem = f"its hook {hook!r} {what}"
        around = self._wrappers(hook)
        if not around:
            return plugin_error(self.listing, problem)
        named = " and ".join(f"{each.key!r} of {each.origin}" for each in around)
        without = switch_off(*(each.distribution for each in around))
        problem = (
            f"{problem.removesuffix('.')}; that hook is wrapped by the extension {named}, whose"
            f" fault it may be: {without} shows what the toolkit does without it"
        )
        cure = dict.fromkeys(each for plugin in (self.listing, *around) for each in cures(plugin))
        return plugin_error(self.listing, problem, tuple(cure))

    def _wrappers(self, hook: str) -> list[Listing]:
        names = {each.plugin_name for each in getattr(self._manager.hook, hook).get_hookimpls()}
        return [each for each in self._extensions if each.origin in names]


def plugin_error(listing: Listing, problem: str, cure: tuple[str, ...] = ()) -> UnusablePlugin:
    """Return the error for a plugin that cannot be used: who it is, why, and what to do."""
    cure = cure or cures(listing)
    off = switch_off(listing.distribution)
    msg = (
        f"The plugin {listing.key!r} of {listing.origin} cannot be used:"
        f" {problem.removesuffix('.')}. To mend it, {' or '.join(cure)}; to leave it out, uninstall"
        f" it or set {off}."
    )
    error = UnusablePlugin(msg)
    error.listing, error.problem, error.cure = listing, problem, cure
    return error


def cures(listing: Listing) -> tuple[str, ...]:
    """Return what mends a plugin; never a name for pip to look up, which anybody may have taken."""
    if listing.cure:
        return listing.cure
    path = known_plugins().get(listing.key)
    ours = f"rl-plugin-{split_key(listing.key)[0]}"
    if path and listing.distribution.startswith(ours):
        return (f"in a checkout of rlcore: pip install {path}",)
    unknown = listing.distribution == UNKNOWN_DISTRIBUTION
    what = "its distribution" if unknown else listing.distribution
    return (f"install {what} again, or a newer version, from where you have it",)


def switch_off(*distributions: str) -> str:
    """Return the variable that leaves distributions out, as a shell takes it."""
    import shlex  # noqa: PLC0415 - only a complaint quotes

    return f"{DISABLE}={shlex.quote(','.join(distributions))}"


@functools.cache
def known_plugins() -> dict[str, str]:
    """Return what pip installs for each key that we ship, from a checkout: no registry has it."""
    from importlib import resources  # noqa: PLC0415 - only an error asks

    text = resources.files("rlcore").joinpath("data/known_plugins.json").read_text("utf-8")
    known: dict[str, str] = json.loads(text)
    return known


def _with_article(wanted: type) -> str:
    name = wanted.__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"

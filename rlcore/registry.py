"""Toolkit plugins: found by metadata alone, loaded on first use, each in a manager of its own.

A registry reads the entry points of the group `rlcore.toolkits` once, when it is first asked.
Nothing is imported to list them. Asking for a key imports that one plugin and puts it, together
with the installed extensions, into a pluggy manager; a plugin that is broken or doubled harms its
own key alone.
"""

from __future__ import annotations

import functools
import json
import os
import re
from collections import defaultdict
from importlib import metadata, resources
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from rlcore.errors import InvalidFramework, InvalidToolkit, PluginError, RLCoreError, did_you_mean
from rlcore.names import split_key
from rlcore.spec import MetricDefinition, ToolkitRelease

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pluggy

    from rlcore.model import Model

TOOLKITS = "rlcore.toolkits"
EXTENSIONS = "rlcore.extensions"
DISABLE = "RLCORE_DISABLE_PLUGINS"
_OPTIONAL_HOOKS = frozenset({"release_from_image"})
_KEY = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)?")

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
        return f"<Toolkit {self.listing.key} from {_origin(self.listing)}>"

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
        return _plugin_error(self.listing, f"its hook {hook!r} {what}")


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

    def release_from_image(self, image_uri: str) -> ToolkitRelease | None:
        """Ask every healthy plugin whose image this is; the first that knows it answers."""
        for key in self.keys():
            try:
                release = self.toolkit(key).release_from_image(image_uri)
            except PluginError:
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

    def _points(self, group: str) -> list[metadata.EntryPoint]:
        points = metadata.entry_points(group=group) if self._given is None else self._given
        disabled = {_normal(name) for name in self._environ.get(DISABLE, "").split(",")}
        return [
            point
            for point in points
            if point.group == group and _normal(_distribution(point)[0]) not in disabled
        ]

    def _load(self, key: str) -> Toolkit:
        claims = self._claims.get(key)
        if not claims:
            raise self._unknown(key)
        listing = _listing(claims[0], claims)
        if listing.problem:
            raise _plugin_error(listing, listing.problem)
        manager = _manager()
        _register(manager, claims[0], listing)
        _check_complete(manager, listing)
        for point in self._points(EXTENSIONS):
            _register_extension(manager, point)
        return Toolkit(listing, manager)

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
        nearest = did_you_mean(key, [*installed, *_known_plugins()]) or did_you_mean(
            toolkit, [split_key(name)[0] for name in (*installed, *_known_plugins())]
        )
        names = ", ".join(installed) or "none"
        msg = f"No installed plugin answers to {key!r}.{nearest} Installed: {names}.{hint}"
        return InvalidToolkit(msg)


@functools.cache
def default_registry() -> ToolkitRegistry:
    """Return the registry of what is installed, the same one in the whole process."""
    return ToolkitRegistry()


def _manager() -> pluggy.PluginManager:
    import pluggy  # noqa: PLC0415 - listing needs no pluggy

    from rlcore import hookspecs  # noqa: PLC0415

    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    return manager


def _register(manager: pluggy.PluginManager, point: metadata.EntryPoint, listing: Listing) -> None:
    try:
        manager.register(point.load(), name=listing.key)
        manager.check_pending()
    except (Exception, SystemExit) as error:
        problem = f"loading it raised {type(error).__name__}: {error}"
        raise _plugin_error(listing, problem) from error


def _register_extension(manager: pluggy.PluginManager, point: metadata.EntryPoint) -> None:
    """Add an extension; a broken one is an error, since it may be there to forbid something."""
    listing = _listing(point, [point], check_key=False)
    _register(manager, point, listing)
    for caller in manager.get_hookcallers(manager.get_plugin(listing.key)) or []:
        for implementation in caller.get_hookimpls():
            wraps = implementation.wrapper or implementation.hookwrapper
            if implementation.plugin_name == listing.key and not wraps:
                problem = f"an extension may only wrap hooks, but {caller.name!r} is none"
                raise _plugin_error(listing, problem)


def _check_complete(manager: pluggy.PluginManager, listing: Listing) -> None:
    hooks = {name: caller for name, caller in vars(manager.hook).items() if name[0] != "_"}
    missing = sorted(
        name
        for name, caller in hooks.items()
        if name not in _OPTIONAL_HOOKS and not caller.get_hookimpls()
    )
    if missing:
        raise _plugin_error(listing, f"it has no hook {', '.join(missing)}")


def _listing(
    point: metadata.EntryPoint, claims: list[metadata.EntryPoint], *, check_key: bool = True
) -> Listing:
    name, version = _distribution(point)
    problem = None
    if check_key and not _KEY.fullmatch(point.name):
        problem = "its key must be 'toolkit.framework' or 'toolkit', in lower case"
    if len(claims) > 1:
        owners = sorted(" ".join(_distribution(claim)) for claim in claims)
        problem = f"two distributions claim this key: {' and '.join(owners)}; uninstall one of them"
    return Listing(
        key=point.name,
        distribution=name,
        version=version,
        entry_point=point.value,
        problem=problem,
    )


def _distribution(point: metadata.EntryPoint) -> tuple[str, str]:
    if point.dist is None:
        return "unknown distribution", "?"
    return point.dist.name, point.dist.version


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def _origin(listing: Listing) -> str:
    return f"{listing.distribution} {listing.version} ({listing.entry_point})"


def _plugin_error(listing: Listing, problem: str) -> PluginError:
    cure = f"pip install --upgrade {listing.distribution}"
    off = f"{DISABLE}={listing.distribution}"
    msg = (
        f"The plugin {listing.key!r} of {_origin(listing)} cannot be used: {problem}."
        f" To mend it, try '{cure}'; to leave it out, uninstall it or set {off}."
    )
    return PluginError(msg)


@functools.cache
def _known_plugins() -> dict[str, str]:
    text = resources.files("rlcore").joinpath("data/known_plugins.json").read_text("utf-8")
    known: dict[str, str] = json.loads(text)
    return known


def _install_hint(key: str) -> str:
    """Return the install command of a distribution that we know; never of an invented name."""
    known = _known_plugins()
    distribution = known.get(key)
    if distribution is None:
        of_toolkit = [known[name] for name in known if split_key(name)[0] == split_key(key)[0]]
        distribution = of_toolkit[0] if of_toolkit and split_key(key)[1] is None else None
    return f" To install it: pip install {distribution}" if distribution else ""

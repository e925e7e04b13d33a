"""One toolkit plugin: where it comes from, how it is loaded, and its hooks as typed methods."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from rlcore.errors import PluginError, RLCoreError, did_you_mean
from rlcore.names import split_key
from rlcore.spec import MetricDefinition, ToolkitRelease

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from importlib.metadata import EntryPoint

    import pluggy

    from rlcore.model import Model

DISABLE = "RLCORE_DISABLE_PLUGINS"
_OPTIONAL_HOOKS = frozenset({"release_from_image"})

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
        cure: The commands that mend it, where upgrading the distribution is not what it takes.
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


class Toolkit:
    """One loaded plugin, its hooks as typed methods.

    Whatever a hook does wrong (no answer, an answer of the wrong type, an exception that is not
    rlcore's own) becomes a `PluginError` that names the plugin and the hook.

    Attributes:
        listing: Where the plugin comes from.
        contract: The version of the contract that it was written for.
    """

    def __init__(self, listing: Listing, manager: pluggy.PluginManager) -> None:
        """Hold a manager that holds the plugin."""
        self.listing = listing
        self._manager = manager
        self.contract: int = _contract(manager.get_plugin(listing.origin))

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
        except RLCoreError:
            raise
        except (Exception, SystemExit) as error:
            raise self._broken(hook, f"raised {type(error).__name__}: {error}") from error

    def _mistyped(self, hook: str, answer: Any, wanted: type, where: str = "") -> PluginError:
        found = "nothing" if answer is None else _with_article(type(answer))
        what = f"answered with {found} instead of {_with_article(wanted)}{where}"
        return self._broken(hook, what)

    def _broken(self, hook: str, what: str) -> PluginError:
        return plugin_error(self.listing, f"its hook {hook!r} {what}")


def load(
    listing: Listing, point: EntryPoint, extensions: Iterable[tuple[Listing, EntryPoint]] = ()
) -> Toolkit:
    """Import a plugin and the extensions that wrap its hooks; raises `PluginError`."""
    manager = _manager()
    _register(manager, listing, point)
    _check_complete(manager, listing)
    for extension, its_point in extensions:
        _register_extension(manager, extension, its_point)
    return Toolkit(listing, manager)


def load_extension(listing: Listing, point: EntryPoint) -> int:
    """Import an extension alone, and return the version of the contract that it was written for."""
    manager = _manager()
    _register_extension(manager, listing, point)
    return int(_contract(manager.get_plugin(listing.origin)))


def plugin_error(listing: Listing, problem: str, cure: tuple[str, ...] = ()) -> PluginError:
    """Return the error for a plugin that cannot be used: who it is, why, and what to do."""
    commands = cure or listing.cure or (f"pip install --upgrade {listing.distribution}",)
    tried = " or ".join(f"'{command}'" for command in commands)
    off = f"{DISABLE}={listing.distribution}"
    msg = (
        f"The plugin {listing.key!r} of {listing.origin} cannot be used: {problem}."
        f" To mend it, try {tried}; to leave it out, uninstall it or set {off}."
    )
    return PluginError(msg)


def _manager() -> pluggy.PluginManager:
    import pluggy  # noqa: PLC0415 - listing needs no pluggy

    from rlcore import hookspecs  # noqa: PLC0415

    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    return manager


def _register(manager: pluggy.PluginManager, listing: Listing, point: EntryPoint) -> None:
    try:
        plugin = point.load()
    except (Exception, SystemExit) as error:
        problem = f"loading it raised {type(error).__name__}: {error}"
        raise plugin_error(listing, problem) from error
    _check_contract(plugin, listing)
    _check_hooks(manager, plugin, listing)
    try:
        manager.register(plugin, name=listing.origin)
    except Exception as error:
        raise plugin_error(listing, f"registering it raised {error}") from error


def _contract(plugin: Any) -> Any:
    return getattr(plugin, "rlcore_contract", 1)


def _check_contract(plugin: Any, listing: Listing) -> None:
    from rlcore.hookspecs import CONTRACT, OLDEST_CONTRACT  # noqa: PLC0415 - as in _manager

    version = _contract(plugin)
    known = " to ".join(dict.fromkeys((str(OLDEST_CONTRACT), str(CONTRACT))))
    window = f"this rlcore knows {known}"
    if not isinstance(version, int):
        problem = f"its rlcore_contract is {version!r}, which is no whole number; {window}"
        raise plugin_error(listing, problem)
    written = f"it was written for version {version} of the plugin contract, and {window}"
    if version > CONTRACT:
        problem = f"{written}: rlcore is too old, take a newer checkout of it"
        raise plugin_error(listing, problem, ("pip install --upgrade ./rlcore",))
    if version < OLDEST_CONTRACT:
        raise plugin_error(listing, f"{written}: the plugin is too old")


def _check_hooks(manager: pluggy.PluginManager, plugin: Any, listing: Listing) -> None:
    if inspect.isclass(plugin):
        raise plugin_error(listing, f"its entry point names the class {plugin.__name__}, no object")
    callers = _callers(manager)
    for name in dir(plugin):
        options = manager.parse_hookimpl_opts(plugin, name)
        if options is None:
            continue
        hook = options["specname"] or name
        if hook in callers:
            allowed = callers[hook].spec.argnames
            problem = _wrong_arguments(hook, getattr(plugin, name), allowed)
            if problem:
                raise plugin_error(listing, problem)
        elif not options["optionalhook"]:
            nearest = did_you_mean(hook, callers)
            problem = f"it has a hook {hook!r}, which there is none of.{nearest}"
            raise plugin_error(listing, f"{problem} Hooks are {', '.join(sorted(callers))}")


def _wrong_arguments(hook: str, method: Callable[..., Any], allowed: tuple[str, ...]) -> str | None:
    takes = f"Its arguments are {', '.join(allowed)}" if allowed else "It has no arguments"
    for name, parameter in inspect.signature(method).parameters.items():
        plain = parameter.kind in {parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD}
        if name in allowed and not (plain and parameter.default is parameter.empty):
            return (
                f"its hook {hook!r} would never be passed {name!r}, which has a default or can only"
                " be given by keyword: write it plainly"
            )
        if name not in allowed and plain and parameter.default is parameter.empty:
            nearest = did_you_mean(name, allowed)
            return f"its hook {hook!r} asks for {name!r}, which is never passed.{nearest} {takes}"
    return None


def _register_extension(manager: pluggy.PluginManager, listing: Listing, point: EntryPoint) -> None:
    """Add an extension; a broken one is an error, since it may be there to forbid something."""
    _register(manager, listing, point)
    for caller in manager.get_hookcallers(manager.get_plugin(listing.origin)) or []:
        for implementation in caller.get_hookimpls():
            wraps = implementation.wrapper or implementation.hookwrapper
            if implementation.plugin_name == listing.origin and not wraps:
                problem = f"an extension may only wrap hooks, but {caller.name!r} is none"
                raise plugin_error(listing, problem)


def _check_complete(manager: pluggy.PluginManager, listing: Listing) -> None:
    plugin = manager.get_plugin(listing.origin)
    missing = sorted(
        name
        for name, caller in _callers(manager).items()
        if name not in _OPTIONAL_HOOKS and not caller.get_hookimpls()
    )
    unmarked = [name for name in missing if hasattr(plugin, name)]
    if unmarked:
        problem = f"its {', '.join(unmarked)} lacks the mark @rlcore.hookimpl"
        raise plugin_error(listing, problem)
    if missing:
        raise plugin_error(listing, f"it has no hook {', '.join(missing)}")


def _callers(manager: pluggy.PluginManager) -> dict[str, Any]:
    return {name: caller for name, caller in vars(manager.hook).items() if name[0] != "_"}


def _with_article(wanted: type) -> str:
    name = wanted.__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"

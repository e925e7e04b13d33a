"""How a toolkit plugin and the extensions around it are imported and checked, once."""

from __future__ import annotations

import contextlib
import inspect
import os
import sys
from typing import TYPE_CHECKING, Any

from rlcore.errors import did_you_mean
from rlcore.toolkit import Toolkit, UnusablePlugin, plugin_error
from rlcore.warning import warn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from importlib.metadata import EntryPoint

    import pluggy

    from rlcore.toolkit import Listing

_OPTIONAL_HOOKS = frozenset({"release_from_image"})


def load(
    listing: Listing, point: EntryPoint, extensions: Iterable[tuple[Listing, EntryPoint]] = ()
) -> Toolkit:
    """Import a plugin and the extensions that wrap its hooks; raises `PluginError`."""
    manager = _manager()
    contract = _register(manager, listing, point)
    with _blaming(listing, "reading its hooks"):
        _check_complete(manager, listing)
    around = list(extensions)
    for extension, its_point in around:
        _register_extension(manager, extension, its_point)
    return Toolkit(listing, contract, manager, [extension for extension, _ in around])


def load_extension(listing: Listing, point: EntryPoint) -> int:
    """Import an extension alone, and return the version of the contract that it was written for."""
    return _register_extension(_manager(), listing, point)


def _manager() -> pluggy.PluginManager:
    import pluggy  # noqa: PLC0415 - listing needs no pluggy

    from rlcore import hookspecs  # noqa: PLC0415

    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    return manager


def _register(manager: pluggy.PluginManager, listing: Listing, point: EntryPoint) -> int:
    # What a plugin prints must not stand in what a command prints for a program.
    with (
        _in_its_place(listing),
        contextlib.redirect_stdout(sys.stderr),
        _blaming(listing, "loading it"),
    ):
        plugin = point.load()
    with _blaming(listing, "reading its hooks"):
        contract = _checked_contract(plugin, listing)
        _check_hooks(manager, plugin, listing)
        manager.register(plugin, name=listing.origin)
    return contract


@contextlib.contextmanager
def _blaming(listing: Listing, doing: str) -> Iterator[None]:
    """Turn what a plugin raises into an error that names it; a module may do so at any look."""
    try:
        yield
    except (KeyboardInterrupt, GeneratorExit, UnusablePlugin):
        raise
    except BaseException as error:
        problem = f"{doing} raised {type(error).__name__}: {error}"
        raise plugin_error(listing, problem) from error


@contextlib.contextmanager
def _in_its_place(listing: Listing) -> Iterator[None]:
    """Put back what an import must not change: where relative paths and modules are found."""
    folder, path = _folder(), list(sys.path)
    try:
        yield
    finally:
        changed = []
        if folder and _folder() != folder:
            os.chdir(folder)
            changed.append("the working folder")
        if sys.path != path:
            sys.path[:] = path
            changed.append("sys.path")
    if changed:
        what = f"The plugin {listing.key!r} of {listing.origin} changed {' and '.join(changed)}"
        warn(f"{what} when it was loaded; it was put back.")


def _folder() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109 - as it stands
    except FileNotFoundError:
        return None  # Somebody has removed it.


def _checked_contract(plugin: Any, listing: Listing) -> int:
    from rlcore.hookspecs import CONTRACT, OLDEST_CONTRACT  # noqa: PLC0415 - as in _manager

    version = getattr(plugin, "rlcore_contract", 1)
    known = " to ".join(dict.fromkeys((str(OLDEST_CONTRACT), str(CONTRACT))))
    window = f"this rlcore knows {known}"
    if not isinstance(version, int):
        problem = f"its rlcore_contract is {version!r}, which is no whole number; {window}"
        raise plugin_error(listing, problem)
    written = f"it was written for version {version} of the plugin contract, and {window}"
    if version > CONTRACT:
        cure = "in a newer checkout of rlcore: pip install --upgrade ."
        raise plugin_error(listing, f"{written}: rlcore is too old", (cure,))
    if version < OLDEST_CONTRACT:
        raise plugin_error(listing, f"{written}: the plugin is too old")
    return version


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


def _register_extension(manager: pluggy.PluginManager, listing: Listing, point: EntryPoint) -> int:
    """Add an extension; a broken one is an error, since it may be there to forbid something."""
    contract = _register(manager, listing, point)
    for caller in manager.get_hookcallers(manager.get_plugin(listing.origin)) or []:
        for implementation in caller.get_hookimpls():
            wraps = implementation.wrapper or implementation.hookwrapper
            if implementation.plugin_name == listing.origin and not wraps:
                problem = f"an extension may only wrap hooks, but {caller.name!r} is no wrapper"
                raise plugin_error(listing, problem)
    return contract


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

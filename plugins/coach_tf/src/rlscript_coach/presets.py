"""A preset by its name: a module of the script's folder, or of a package, with a graph manager."""

import difflib
import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any, List, NamedTuple, Optional

from rlscript_coach.refusals import PresetMissing

ATTRIBUTE = "graph_manager"


class Source(NamedTuple):
    """Where a preset is: a file, or else a module that can be imported; and its attribute."""

    name: str
    path: Optional[Path]
    module: str
    attribute: str


def find_preset(name: str, folder: Optional[Path] = None) -> Source:
    """Return where a preset is, without running anything of it or of Coach.

    Args:
        name: A module with `graph_manager`, or `module:name`. In the script's folder hyphens may
            stand for underscores, and the other way round.
        folder: Where to look first; the script's own by default.

    Raises:
        PresetMissing: There is no such module; the message lists those that are there.
    """
    folder = folder or script_folder()
    module, _, attribute = name.partition(":")
    stem = module[:-3] if module.endswith(".py") else module
    own = [path for path in sorted(folder.glob("*.py")) if _same(path.stem) == _same(stem)]
    exact = [path for path in own if path.stem == stem]
    if not own and not _importable(stem):
        raise PresetMissing(_missing(name, stem, folder))
    path = (exact or own)[0] if own else None
    return Source(name, path, stem, attribute or ATTRIBUTE)


def load_preset(source: Source) -> Any:
    """Return the graph manager of a preset.

    Raises:
        PresetMissing: Its module has none of this name; the message lists those that it has.
    """
    # Coach's packages import each other in a circle, which is closed only from here.
    importlib.import_module("rl_coach.exploration_policies")
    module = _imported(source.path) if source.path else importlib.import_module(source.module)
    if not hasattr(module, source.attribute):
        msg = "the preset {!r} has no {!r}; of graph managers it has {}"
        there = [each for each, value in vars(module).items() if hasattr(value, "create_graph")]
        raise PresetMissing(msg.format(source.name, source.attribute, _listed(there)))
    found = getattr(module, source.attribute)
    if not hasattr(found, "create_graph"):
        msg = "{!r} of the preset {!r} is a {}, not a graph manager"
        raise PresetMissing(msg.format(source.attribute, source.name, type(found).__name__))
    return found


def script_folder() -> Path:
    """Return the folder of the script that runs."""
    return Path(sys.argv[0] or ".").resolve().parent


def _importable(module: str) -> bool:
    try:
        return bool(module.strip(".")) and importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _imported(path: Path) -> Any:
    """Return the module of a file, whose name may be none that `import` takes."""
    if path.stem.isidentifier():
        sys.path.insert(0, str(path.parent))
        try:
            return importlib.import_module(path.stem)
        finally:
            sys.path.remove(str(path.parent))
    spec: Any = importlib.util.spec_from_file_location(_same(path.stem), str(path))
    module: Any = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module
    spec.loader.exec_module(module)
    return module


def _same(stem: str) -> str:
    return stem.replace("-", "_")


def _missing(name: str, stem: str, folder: Path) -> str:
    there = [path.stem for path in sorted(folder.glob("*.py")) if _is_preset(path)]
    nearest = difflib.get_close_matches(stem, there, n=1)
    hint = "; did you mean {!r}?".format(nearest[0]) if nearest else "."
    msg = "there is no preset {!r}{} A preset is a module with `{}`; in {} there are {}"
    return msg.format(name, hint, ATTRIBUTE, folder, _listed(there))


def _is_preset(path: Path) -> bool:
    return (ATTRIBUTE + " =").encode() in path.read_bytes()


def _listed(names: List[str]) -> str:
    return ", ".join(names) or "none"

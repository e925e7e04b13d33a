"""A preset by its name: a module of the script's folder, or of a package, with a graph manager."""

import difflib
import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any, List, Optional

ATTRIBUTE = "graph_manager"


class PresetMissing(ValueError):
    """A preset's name leads to no module, or to one without a graph manager."""


def load_preset(name: str, folder: Optional[Path] = None) -> Any:
    """Return the graph manager of a preset.

    Args:
        name: A module with `graph_manager`, or `module:name`. In the script's folder hyphens may
            stand for underscores, and the other way round.
        folder: Where to look first; the script's own by default.

    Raises:
        PresetMissing: There is no such module, or it has no such attribute; the message lists
            those that are there.
    """
    # Coach's packages import each other in a circle, which is closed only from here.
    importlib.import_module("rl_coach.exploration_policies")
    module_name, _, attribute = name.partition(":")
    module = _module(name, module_name, folder or script_folder())
    attribute = attribute or ATTRIBUTE
    if not hasattr(module, attribute):
        msg = "the preset {!r} has no {!r}; of graph managers it has {}"
        there = [each for each, value in vars(module).items() if hasattr(value, "create_graph")]
        raise PresetMissing(msg.format(name, attribute, _listed(there)))
    found = getattr(module, attribute)
    if not hasattr(found, "create_graph"):
        msg = "{!r} of the preset {!r} is a {}, not a graph manager"
        raise PresetMissing(msg.format(attribute, name, type(found).__name__))
    return found


def script_folder() -> Path:
    """Return the folder of the script that runs."""
    return Path(sys.argv[0] or ".").resolve().parent


def _module(name: str, module_name: str, folder: Path) -> Any:
    stem = module_name[:-3] if module_name.endswith(".py") else module_name
    own = [path for path in sorted(folder.glob("*.py")) if _same(path.stem) == _same(stem)]
    exact = [path for path in own if path.stem == stem]
    if own:
        return _imported((exact or own)[0])
    try:
        found = importlib.util.find_spec(stem) if stem.strip(".") else None
    except (ImportError, ValueError):
        found = None
    if found is None:
        raise PresetMissing(_missing(name, stem, folder))
    return importlib.import_module(stem)


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

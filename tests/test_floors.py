"""Imports run downwards only, and each foreign package stays in its room."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import rlcore

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).parents[1]
SCRIPT_SIDES = sorted(
    path.parent
    for path in (
        CHECKOUT / "rlscript/__init__.py",
        CHECKOUT / "rlserving/__init__.py",
        CHECKOUT / "rlcore/runner/__init__.py",
        *CHECKOUT.glob("plugins/*/src/rlscript_*/__init__.py"),
        *CHECKOUT.glob("rlcore/template/src/rlscript_*/__init__.py"),
    )
)
PLUGIN_MODULES = sorted(
    path
    for folder in ("plugins/*", "rlcore/template")
    for path in CHECKOUT.glob(f"{folder}/src/rl_plugin_*/**/*.py")
)

# Lowest first. A module belongs to the room with the longest name that it starts with.
FLOORS = (
    {"errors", "kinds", "names"},
    {"spec", "endpoints"},
    {
        *("arguments", "hookspecs", "hostingarguments", "hyperparameters", "images", "inputs"),
        *("definitions", "jobnames", "literals", "metrics", "policy", "runner", "serializers"),
        *("cloning", "collecting", "ignoring", "packing", "repositories", "requirements", "source"),
        *("secrecy", "storage", "warning"),
    },
    {"releases", "display"},
    {"loading", "registry", "toolkit", "platforms.base"},
    {"platforms"},
    {
        *("agent", "evaluation", "model", "modelrequests", "predictor"),
        *("servingmodels", "servingpredictors", "startup", "training", "transformer"),
        "transformjobs",
    },
    {"deployable", "estimator"},
    {"cli", "compat", "testing", "__main__", ""},
)
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
# A curve draws itself in a notebook (`_repr_html_`), and imports what it takes only then.
DRAWS_ITSELF = {"metrics": {"display"}}
# Beside the names of `rlcore` itself, a plugin may use these.
PUBLIC_MODULES = ("errors", "images")
# What the toolkits are made of belongs into their own environments.
TOOLKITS = {"ray", "torch", "tensorflow", "mxnet", "rl_coach", "gym", "gymnasium", "vowpalwabbit"}
AWS = {"boto3", "botocore", "s3transfer"}


def module_name(path: Path) -> str:
    """Return the dotted name of a module of core, without `rlcore`."""
    parts = path.relative_to(CHECKOUT / "rlcore").with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


# The template is no room of core: it is copied, and imported by nobody.
MODULES = {
    module_name(path): path
    for path in sorted(CHECKOUT.glob("rlcore/**/*.py"))
    if not path.is_relative_to(CHECKOUT / "rlcore/template")
}


def room(module: str) -> str:
    """Return the room that a module of core belongs to."""
    names = [name for name in FLOOR_OF if name and f"{module}.".startswith(f"{name}.")]
    return max(names, key=len, default=module)


def imports(path: Path, *, lazy: bool = True) -> set[str]:
    """Return the dotted names that a file imports at run time; with *lazy*, in functions too."""
    return set(_imports(ast.parse(path.read_text("utf-8")), lazy=lazy))


def _imports(node: ast.AST, *, lazy: bool) -> Iterator[str]:
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return  # What only the type checker sees couples nothing at run time.
    if isinstance(node, ast.FunctionDef) and not lazy:
        return
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, lazy=lazy)


def core_imports(module: str) -> set[str]:
    """Return the other modules of core that one imports, as `MODULES` names them."""
    path = MODULES[module]
    dotted = {name.removeprefix("rlcore.") for name in imports(path) if _top(name) == "rlcore"}
    found = {name if name in MODULES else name.rpartition(".")[0] for name in dotted}
    return found - {module} - DRAWS_ITSELF.get(module, set())


def packages(path: Path, *, lazy: bool = True) -> set[str]:
    """Return the top names of the packages that a file imports."""
    return {_top(name) for name in imports(path, lazy=lazy)}


def _top(dotted: str) -> str:
    return dotted.partition(".")[0]


def relative(path: Path) -> str:
    """Return a path as the names of tests show it."""
    return path.relative_to(CHECKOUT).as_posix()


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_a_floor(module: str) -> None:
    """A new module says where it stands."""
    assert room(module) in FLOOR_OF


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_downwards(module: str) -> None:
    """No module imports from a floor above its own."""
    own = FLOOR_OF[room(module)]

    upwards = {name for name in core_imports(module) if FLOOR_OF[room(name)] > own}

    assert set() == upwards


def test_nothing_imports_in_a_circle() -> None:
    """Modules of one floor may lean on each other, but never in a circle."""
    graph = {name: core_imports(name) for name in MODULES}

    assert set(graph) == set(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize(
    "module", [name for name in MODULES if re.match(r"platforms\.\w+\.", name)]
)
def test_a_platform_imports_no_other(module: str) -> None:
    """Each platform can be read, and taken away, by itself."""
    own = module.rpartition(".")[0]

    of_platforms = {name for name in core_imports(module) if name.count(".") > 1}

    assert set() == {name for name in of_platforms if not name.startswith(f"{own}.")}


@pytest.mark.parametrize("module", MODULES)
def test_aws_stays_in_its_rooms(module: str) -> None:
    """Only the SageMaker platform, storage and the fake service know AWS's client."""
    if not module.startswith(("platforms.sagemaker", "storage", "testing")):
        assert set() == packages(MODULES[module]) & AWS


@pytest.mark.parametrize("path", [*MODULES.values(), *PLUGIN_MODULES], ids=relative)
def test_toolkits_are_never_imported(path: Path) -> None:
    """Toolkits conflict with each other and with the user: they live in their environments."""
    assert set() == packages(path) & TOOLKITS


@pytest.mark.parametrize("folder", SCRIPT_SIDES, ids=lambda folder: folder.name)
def test_what_runs_in_the_job_imports_nothing_of_ours(folder: Path) -> None:
    """The runner and the script side travel alone: no import leads back into core or a plugin."""
    imported = set().union(*(packages(path) for path in folder.glob("**/*.py")))

    ours = {name for name in imported if name == "rlcore" or name.startswith("rl_plugin")}
    assert set() == ours


@pytest.mark.parametrize("name", ["rlscript", "rlcore/runner"])
def test_runner_and_rlscript_need_the_standard_library_alone(name: str) -> None:
    """They are imported before, and without, anything that is installed."""
    folder = CHECKOUT / name
    siblings = {path.stem for path in folder.glob("*.py")}  # the runner runs as loose files

    imported = set().union(*(packages(path, lazy=False) for path in folder.glob("**/*.py")))

    assert set() == imported - sys.stdlib_module_names - siblings - {folder.name}


@pytest.mark.parametrize("name", ["frames", "handlers", "manifest", "models", "worker"])
def test_the_worker_starts_with_the_standard_library_alone(name: str) -> None:
    """Inference code may run where there is no numpy; only policies of ours need it."""
    start = f"import sys; sys.path.insert(0, {str(CHECKOUT)!r}); import rlserving.{name}"

    subprocess.run([sys.executable, "-I", "-S", "-c", start], check=True)


@pytest.mark.parametrize("path", PLUGIN_MODULES, ids=relative)
def test_our_plugins_use_public_names_alone(path: Path) -> None:
    """Ours come in through the same door as a stranger's."""
    ours = {name for name in imports(path) if _top(name) == "rlcore"}

    allowed = (*rlcore.__all__, *PUBLIC_MODULES)
    assert set() == {name for name in ours if name.split(".")[1] not in allowed}

"""Scripts that name `/opt/ml` themselves instead of asking the `SM_*` variables.

They can run only where the job has a real one. Python 3.6, standard library alone.
"""

import ast
import pathlib
import re
import warnings
from typing import Any, Iterator, List, Set

_TREE = re.compile(r"(?<![\w.-])/opt/ml(?![\w-])")
_OURS = ("rlscript", "rlserving")  # begins the names of packages that travel with every script
_FALLBACK_OF = {"get", "getenv", "pop", "setdefault"}
_SHELL_FALLBACK = re.compile(r"\$\{SM_\w+:?[-=][^}]*\}")
_SHOWN = 3

_SETTINGS = (
    ("user/max_user_namespaces", "0", "10000"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),
    ("kernel/unprivileged_userns_clone", "0", "1"),
)


def places(code: pathlib.Path, program: str) -> List[str]:
    """Return where the entry point or any other script names `/opt/ml`, as `file:line`.

    Comments and docstrings do not count, nor what is taken only where a `SM_*` variable is unset.
    """
    scripts = {code / program}.union(code.rglob("*.py"), code.rglob("*.sh"))
    return [
        "{}:{}".format(script.relative_to(code), line)
        for script in sorted(scripts)
        if script.is_file() and not script.relative_to(code).parts[0].startswith(_OURS)
        for line in _lines(script)
    ]


def _lines(script: pathlib.Path) -> List[int]:
    text = script.read_text("utf-8", errors="replace")
    if not _TREE.search(text):
        return []
    if script.suffix == ".py":
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return sorted(set(_of_python(ast.parse(text))))
        except (SyntaxError, ValueError):  # of another Python
            pass
    return list(_of_text(text))


def _of_text(text: str) -> Iterator[int]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.lstrip().startswith("#") and _TREE.search(_SHELL_FALLBACK.sub("", line)):
            yield number


def _of_python(tree: ast.AST) -> Iterator[int]:
    passed: Set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):  # a docstring
            passed.add(node.value)
        passed.update(part for word in _fallbacks(node) for part in ast.walk(word))
        if node not in passed and _TREE.search(_string(node)):
            yield node.lineno  # type: ignore[attr-defined] # every literal has one


def _fallbacks(node: ast.AST) -> List[ast.expr]:
    """Return what a node takes only where a `SM_*` variable is unset."""
    if isinstance(node, ast.Call) and _asks_a_variable(node):
        return [*node.args[1:], *(word.value for word in node.keywords)]
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        return node.values[1:] if _asks_a_variable(node.values[0]) else []
    return []


def _asks_a_variable(node: ast.expr) -> bool:
    """Whether it is `os.environ.get("SM_...", ...)` or the like."""
    if not isinstance(node, ast.Call) or not node.args:
        return False
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    return name in _FALLBACK_OF and _string(node.args[0]).startswith("SM_")


def _string(node: Any) -> str:
    """Return a literal's text; empty for what is no literal. Before 3.8 its field was `s`."""
    value = getattr(node, "value", getattr(node, "s", None))
    return value if isinstance(value, str) else ""


def refusal(found: List[str], reason: str) -> str:
    """Return what a person is told of a script that cannot run here: why, and what to do."""
    more = " and {} more".format(len(found) - _SHOWN) if len(found) > _SHOWN else ""
    cure = ", or {}".format(_cure()) if reason.startswith("the kernel") else ""
    return (
        "The script names /opt/ml ({}{}), and a job cannot have that folder here: {}.\nRead"
        " the paths from SM_MODEL_DIR, SM_INPUT_CONFIG_DIR, SM_OUTPUT_DATA_DIR and the other SM_*"
        " variables instead{}."
    ).format(", ".join(found[:_SHOWN]), more, reason, cure)


def _cure() -> str:
    for name, wrong, right in _SETTINGS:
        setting = pathlib.Path("/proc/sys", name)
        if setting.exists() and setting.read_text().strip() == wrong:
            return "let the kernel allow it: sysctl -w {}={}".format(name.replace("/", "."), right)
    return (
        "let the kernel allow it: a container gets --cap-add SYS_ADMIN and"
        " --security-opt apparmor=unconfined"
    )

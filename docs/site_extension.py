"""What the site has beyond Markdown: tables made from the code, and links into the repository."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

import rlcore
from rlcore import arguments, hostingarguments

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from rlcore.arguments import Argument

REPOSITORY = Path(__file__).parents[1]
PAGES = {
    "README.md": ("index", None),
    "rlcore/hookspecs.py": ("hooks", None),
}
"""Page and anchor on the site for what links name in the repository."""

LANGUAGES = {".py": "python", ".toml": "toml", ".txt": "text", ".yaml": "yaml"}
"""What is shown of an example, and how it is coloured."""


class Arguments(SphinxDirective):
    """The table of arguments of an estimator, a model or an endpoint, from the code."""

    required_arguments = 1
    tables = {  # noqa: RUF012 - docutils wants its directives without annotations
        "estimator": arguments.ARGUMENTS,
        "model": hostingarguments.MODEL,
        "endpoint": hostingarguments.ENDPOINT,
    }

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        made = self.parse_text_to_nodes(table(self.tables[self.arguments[0]]))
        for each in made:
            if isinstance(each, nodes.table):
                each["classes"].append("names")
        return made


def table(rows: Iterable[Argument]) -> str:
    """Return arguments as a table in Markdown."""
    lines = [
        "| here and in v2 | in v1 | what it is, and the field that it fills |",
        "|---|---|---|",
    ]
    lines += [
        f"| `{row.name}` | {_code(row.old_name)} | {row.help}{_default(row)}{_field(row)} |"
        for row in rows
    ]
    return "\n".join(lines)


def _code(text: str | None) -> str:
    return f"`{text}`" if text else ""


def _field(row: Argument) -> str:
    return f"<br>`{row.field}`" if row.field else ""


def _default(row: Argument) -> str:
    plain = row.default is None or row.default == () or row.default is False
    return "" if plain else f"; `{row.default}` by default"


class RepositoryLinks(SphinxTransform):
    """Leads links to files of the repository to the pages that show them."""

    default_priority = 5

    def apply(self, **_: Any) -> None:
        """Replace the targets of links that leave the folder of the pages."""
        for kind in (addnodes.download_reference, addnodes.pending_xref):
            for node in [*self.document.findall(kind)]:
                self._lead(node)

    def _lead(self, node: nodes.Element) -> None:
        target, _, anchor = str(node["reftarget"]).partition("#")
        found = page(self._path(target))
        if found is None:
            return
        docname, section = found
        leading = addnodes.pending_xref(
            refdomain="doc",
            reftype="myst",
            reftarget=docname,
            reftargetid=anchor or node.get("reftargetid") or section,
            refdoc=self.env.docname,
            refexplicit=True,
        )
        leading += node.children
        node.replace_self(leading)

    def _path(self, target: str) -> str:
        """Return the path in the repository of what a link names; empty for other links."""
        if target.startswith(f"{REPOSITORY}/"):  # a page of Markdown that is none of the site's
            return target.removeprefix(f"{REPOSITORY}/") + ".md"
        if not target.startswith("../"):
            return ""
        # The pages of toolkits are the plugins' own, and so are their links.
        folder, _, name = self.env.docname.rpartition("/")
        here = f"plugins/{name}" if folder == "toolkits" else f"docs/{folder}"
        return posixpath.normpath(posixpath.join(here, target))


def page(path: str) -> tuple[str, str | None] | None:
    """Return page and anchor that show a file or folder of the repository, if there are."""
    parts = path.split("/")
    if path in PAGES:
        return PAGES[path]
    if parts[0] == "examples":
        return ("examples", parts[1].removesuffix(".py")) if parts[1:] else ("examples", None)
    if parts[0] == "plugins" and parts[2:] in ([], ["README.md"]):
        return f"toolkits/{parts[1].replace('_', '-')}", None
    return None


def examples(_app: Sphinx, docname: str, source: list[str]) -> None:
    """Add every example, whole, to the page on them."""
    if docname != "examples":
        return
    folder = REPOSITORY / "examples"
    for place in sorted(path for path in folder.iterdir() if not path.name.startswith("_")):
        files = sorted(place.rglob("*")) if place.is_dir() else [place]
        shown = [file for file in files if file.suffix in LANGUAGES and file.is_file()]
        if shown:
            source[0] += f"\n## {place.stem}\n\n" + "".join(map(_whole, shown))


def _whole(file: Path) -> str:
    name = file.relative_to(REPOSITORY).as_posix()
    language = LANGUAGES[file.suffix]
    fence = f"```{{literalinclude}} ../{name}\n:caption: {name}\n:language: {language}\n```\n"
    return f"{fence}\n"


def known_name(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: nodes.Element
) -> nodes.Element | None:
    """Link a type in a signature to where the public name is documented; others stay plain text.

    Annotations name a record by its home or its last name alone; readers know it as `rlcore.Name`.
    """
    if node.get("refdomain") != "py":
        return None
    name = str(node["reftarget"]).rpartition(".")[2]
    objects = env.domains.python_domain.objects
    for full in (f"rlcore.{name}", f"rlcore.testing.{name}", f"rlscript.{name}"):
        if full in objects and name in rlcore.__all__ + _testing():
            entry = objects[full]
            docname = str(node["refdoc"])
            return make_refnode(app.builder, docname, entry.docname, entry.node_id, content, full)
    return content


def examples_as_blocks(_app: Sphinx, _context: object, lines: list[str]) -> None:
    """Make blocks of code of the examples that a command's help ends with."""
    made: list[str] = []
    for line in lines:
        if not line.startswith("|  "):
            made.append(line.removeprefix("| "))
            continue
        if not (made and made[-1].startswith("   ")):
            made += ["", ".. code-block:: console", ""]
        prompt = "    " if made[-1].endswith("\\") else "$ "
        made.append(f"   {prompt}{line[1:].strip()}")
    lines[:] = made


def options_as_code(_app: Sphinx, _context: object, lines: list[str]) -> None:
    """Make code of the options that help texts speak of: in prose, two hyphens are a dash."""
    lines[:] = [
        line
        if line.lstrip().startswith("..")
        else re.sub(r"(?<![\w`-])--[a-z-]+", r"``\g<0>``", line)
        for line in lines
    ]


def fields_once(*event: Any) -> bool | None:
    """Leave out the fields of named tuples that the class has told of already."""
    _app, _what, _name, member, skipped, _options = event
    told = str(getattr(member, "__doc__", "")).startswith("Alias for field number")
    return True if told else skipped


def plain_defaults(*event: Any) -> tuple[str | None, str | None]:
    """Write the default that attrs makes anew for each record as three dots."""
    signature, returned = event[-2:]
    return signature and signature.replace("NOTHING", "..."), returned


def _testing() -> list[str]:
    from rlcore import testing  # noqa: PLC0415 - its names alone, but tests alone need it

    return testing.__all__


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of all this."""
    for extension in ("sphinx.ext.autodoc", "sphinx_click"):
        app.setup_extension(extension)
    app.add_directive("arguments", Arguments)
    app.add_transform(RepositoryLinks)
    app.connect("source-read", examples)
    app.connect("missing-reference", known_name)
    app.connect("sphinx-click-process-epilog", examples_as_blocks)
    app.connect("sphinx-click-process-description", options_as_code)
    app.connect("sphinx-click-process-options", options_as_code)
    app.connect("autodoc-skip-member", fields_once)
    app.connect("autodoc-process-signature", plain_defaults)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""The site is built from the pages, without a warning, and leaves nothing out."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from doc_pages import CHECKOUT, blocks_of

import rlcore
import rlscript
from rlcore import arguments, errors, hookspecs, hostingarguments, testing
from rlcore.cli import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import ModuleType

DOCS = CHECKOUT / "docs"
SPECIFIED = {
    name: value
    for name, value in vars(hookspecs).items()
    if inspect.isfunction(value) and hasattr(value, f"{hookspecs.PROJECT}_spec")
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as `make docs` does."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "sphinx", "-W", "--keep-going", "-n", "-q"),
            *("-d", folder / "doctrees", DOCS, folder / "html"),
        ],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    return folder / "html"


def text_of(page: Path) -> str:
    """Return a page without its tags."""
    apart = re.sub(r"</?(br|p|td)\b[^>]*>", " ", page.read_text("utf-8"))
    return re.sub(r"<[^>]*>", "", apart)


def test_hooks_are_as_specified() -> None:
    """The page has each hook with its signature, and no other."""
    written = re.findall(r"def (\w+)\((.*)\) -> (.*): \.\.\.", (DOCS / "hooks.md").read_text())

    specified = []
    for name, hook in SPECIFIED.items():
        signature = inspect.signature(hook)
        taken = signature.parameters.values()
        parameters = ", ".join(f"{each.name}: {each.annotation}" for each in taken)
        specified.append((name, parameters, signature.return_annotation))
    assert sorted(specified) == sorted((name, rest, answer) for name, rest, answer in written)


@pytest.mark.parametrize(
    ("page", "module"),
    [
        ("reference.html", rlcore),
        ("reference-scripts.html", rlscript),
        ("reference-testing.html", testing),
    ],
    ids=["rlcore", "rlscript", "rlcore.testing"],
)
def test_every_public_name_is_documented(page: str, module: ModuleType, site: Path) -> None:
    """The reference has each, under the name by which it is imported."""
    apart = {"ExportWarning"}  # among the errors
    anchors = ids(site / page)

    missing = {f"{module.__name__}.{name}" for name in module.__all__ if name not in apart}

    assert set() == missing - anchors


def test_every_error_is_documented(site: Path) -> None:
    """The page of errors has each of the tree."""
    names = [
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, errors.RLCoreError)
    ]

    assert set() == {f"rlcore.errors.{name}" for name in names} - ids(site / "errors.html")


def ids(page: Path) -> set[str]:
    """Return the anchors of a page."""
    return set(re.findall(r'id="([^"]+)"', page.read_text("utf-8")))


@pytest.mark.parametrize(
    "table",
    [arguments.ARGUMENTS, hostingarguments.MODEL, hostingarguments.ENDPOINT],
    ids=["estimator", "create_model", "deploy"],
)
def test_every_argument_is_in_the_table_of_names(
    table: Iterable[arguments.Argument], site: Path
) -> None:
    """Under both of its names, with its field."""
    shown = text_of(site / "migration.html").split()

    for argument in table:
        for name in (argument.name, argument.old_name, argument.field):
            assert name is None or name in shown


def test_every_command_is_documented(site: Path) -> None:
    """The page of the command line has each command."""
    shown = text_of(site / "command-line.html")

    for name in COMMANDS:
        assert f"rlcore {name}" in shown


def test_every_example_is_shown(site: Path) -> None:
    """Whatever is added to the examples is on the site, with all its scripts."""
    shown = text_of(site / "examples.html")
    scripts = (CHECKOUT / "examples").rglob("*.py")

    missing = [path.name for path in scripts if str(path.relative_to(CHECKOUT)) not in shown]

    assert [] == missing


def test_every_plugin_has_a_page() -> None:
    """Whatever toolkit is added is on the site, by the plugin's own page."""
    pages = "".join(page.read_text() for page in (DOCS / "toolkits").glob("*.md"))
    plugins = (CHECKOUT / "plugins").glob("*/README.md")

    missing = [path.parent.name for path in plugins if f"/{path.parent.name}/" not in pages]

    assert [] == missing


def test_links_into_the_repository_lead_to_pages(site: Path) -> None:
    """What a link names there is shown by a page of the site."""
    page = (site / "training-scripts.html").read_text("utf-8")

    assert 'href="examples.html#cartpole"' in page
    assert 'href="toolkits/ray.html"' in page
    assert "_downloads" not in page


def test_nothing_is_fetched_to_read_it(site: Path) -> None:
    """Styles, scripts and pictures are the site's own."""
    foreign = [
        found
        for page in site.rglob("*.html")
        for found in re.findall(
            r"<(?:script|link|img)[^>]*(?:src|href)=\"(?:https?:)?//[^>]*>", page.read_text()
        )
    ]

    assert [] == foreign


def test_the_extension_on_the_page_is_the_example() -> None:
    """A block that shows a whole file shows that file."""
    shown = [block.code for block in blocks_of(DOCS / "extensions.md", "python")]

    assert (CHECKOUT / "examples/extension_mirror/company_mirror.py").read_text() == shown[0]

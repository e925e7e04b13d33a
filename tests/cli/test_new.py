"""Tests of `rlcore new`: what is copied, under which names, and what is refused."""

from __future__ import annotations

import ast
import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from tests.cli.conftest import Run

TEMPLATE = Path(__file__).parents[2] / "rlcore/template"
MARK = "FILL IN"


def files(folder: Path) -> dict[str, str]:
    """Return the text of every file below a folder, by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def made(rlcore: Run, project: Path, *arguments: str) -> Path:
    """Run `rlcore new toolkit`, and return the folder that it says it has made."""
    done = rlcore("new", "toolkit", *arguments)
    assert (0, "") == (done.returncode, done.stderr)
    return project / done.stdout.partition(" ")[0]


@pytest.mark.parametrize(
    ("arguments", "distribution", "module", "key"),
    [
        (["acme"], "rl-plugin-acme", "acme", "acme"),
        (["acme", "--framework", "jax"], "rl-plugin-acme", "acme", "acme.jax"),
        (["acme.jax"], "rl-plugin-acme", "acme", "acme.jax"),
        (["Deep-Q"], "rl-plugin-deep-q", "deep_q", "deep-q"),
        (["deep_q", "--framework", "JAX"], "rl-plugin-deep-q", "deep_q", "deep_q.jax"),
        (["3d"], "rl-plugin-3d", "3d", "3d"),
    ],
)
def test_names(  # noqa: PLR0913, PLR0917 - fixtures and columns
    rlcore: Run, project: Path, arguments: list[str], distribution: str, module: str, key: str
) -> None:
    """Distribution, packages, key and data file go by the new name, as each may be spelt."""
    folder = made(rlcore, project, *arguments)

    toml = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    releases = json.loads((folder / f"src/rl_plugin_{module}/releases.json").read_text("utf-8"))
    assert distribution == folder.name == toml["project"]["name"]
    points = toml["project"]["entry-points"]["rlcore.toolkits"]
    assert {key: f"rl_plugin_{module}.plugin:plugin"} == points
    assert [f"rlscript_{module}"] == releases["defaults"]["script_packages"]
    named = ".".join(filter(None, (releases["toolkit"], releases.get("framework"))))
    versions = [each.get("framework_version") for each in releases["releases"]]
    assert (key, ["2"] if "." in key else [None]) == (named, versions)
    assert (folder / f"src/rlscript_{module}/__init__.py").is_file()


@pytest.mark.parametrize("arguments", [["acme"], ["deep-q", "--framework", "jax"]])
def test_no_word_of_the_template_is_left(rlcore: Run, project: Path, arguments: list[str]) -> None:
    """Neither its name nor its framework stand anywhere, and Python can read every module."""
    copied = files(made(rlcore, project, *arguments))

    left = ("mytoolkit", "framework numpy", 'framework="numpy"', ".numpy`", "--framework  ")
    assert [] == [name for name, text in copied.items() if any(w in name + text for w in left)]
    assert len(files(TEMPLATE)) == len(copied)
    for name, text in copied.items():
        if name.endswith(".py"):
            ast.parse(text, name)


def test_under_its_own_name_it_is_the_template(rlcore: Run, project: Path) -> None:
    """Nothing is changed but names."""
    folder = made(rlcore, project, "mytoolkit", "--framework", "numpy")

    assert files(TEMPLATE) == files(folder)


def test_the_next_commands(rlcore: Run, project: Path) -> None:
    """What was made is told, and what to do with it."""
    other = project / "mytoolkits"
    other.mkdir()

    done = rlcore("new", "toolkit", "acme", "--framework", "jax", "--into", "mytoolkits")

    assert done.stdout.startswith("mytoolkits/rl-plugin-acme holds a toolkit that trains, under")
    assert " the key acme.jax. Next" in done.stdout
    assert "\n  cd mytoolkits/rl-plugin-acme\n" in done.stdout
    assert " --toolkit acme --toolkit-version 0.1.0 --framework jax\n" in done.stdout
    assert ["rl-plugin-acme"] == [path.name for path in other.iterdir()]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a b", "'a b' is not an RLToolkit name. Names are letters and digits, with single"),
        ("acme.jax.cpu", "'jax.cpu' is not an RLFramework name"),
        ("../acme", "'../acme' is not an RLToolkit name"),
        ("", "'' is not an RLToolkit name"),
        ("-x", "No such option"),
        ("ray", "'ray' is a toolkit of rlcore's own. Choose another name for the toolkit."),
        ("Coach", "'coach' is a toolkit of rlcore's own"),
        ("vw", "'vw' is installed already, by rl-plugin-vw. Choose another name"),
        ("doctor", "'doctor' is reserved"),
        ("rlscript", "'rlscript' is reserved"),
        ("rl-plugin-acme", "'rl-plugin-acme' names a package; name the toolkit alone: 'acme'."),
        ("rlscript_deep_q", "'rlscript_deep_q' names a package; name the toolkit alone: 'deep_q'."),
    ],
)
def test_names_that_are_refused(rlcore: Run, project: Path, name: str, message: str) -> None:
    """The error says what is wrong with the name, and nothing is made."""
    before = files(project)

    done = rlcore("new", "toolkit", name)

    assert 2 == done.returncode
    assert done.stderr.startswith(f"error: {message}")
    assert before == files(project)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["acme", "--framework", "py torch"], "'py torch' is not an RLFramework name"),
        (["acme.jax", "--framework", "jax"], "'acme.jax' names a framework, and so does"),
        (["acme", "--into", "nowhere"], "Directory 'nowhere' does not exist"),
    ],
)
def test_options_that_are_refused(
    rlcore: Run, project: Path, arguments: list[str], message: str
) -> None:
    """A framework has the characters of a key, and is named once; the place must be there."""
    done = rlcore("new", "toolkit", *arguments)

    assert (2, True) == (done.returncode, message in done.stderr)
    assert not (project / "rl-plugin-acme").exists()


def test_a_folder_that_is_there_is_left_alone(rlcore: Run, project: Path) -> None:
    """Nothing of it is overwritten."""
    (project / "rl-plugin-acme").mkdir()
    (project / "rl-plugin-acme/mine.txt").write_text("work of weeks")
    before = files(project)

    done = rlcore("new", "toolkit", "acme")

    assert (2, before) == (done.returncode, files(project))
    assert done.stderr.startswith("error: rl-plugin-acme exists already. Choose another name")


def test_a_link_to_nowhere_is_there(rlcore: Run, project: Path) -> None:
    """What has the folder's name is in the way, even if it leads nowhere."""
    (project / "rl-plugin-acme").symlink_to("gone")

    done = rlcore("new", "toolkit", "acme")

    assert 2 == done.returncode
    assert done.stderr.startswith("error: rl-plugin-acme exists already. Choose another name")


def test_what_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    """The folder appears whole or not at all."""

    def small_files_only() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    done = subprocess.run(
        [sys.executable, "-m", "rlcore", "new", "toolkit", "acme"],
        cwd=tmp_path,
        preexec_fn=small_files_only,
        check=False,
        capture_output=True,
        text=True,
    )

    assert (2, True) == (done.returncode, "File too large" in done.stderr)
    assert [] == list(tmp_path.iterdir())


def test_little_is_to_be_filled_in() -> None:
    """Every place is marked, ends with an empty line, and takes less than 60 lines with the rest.

    The places are in the files that a toolkit differs by; the marks themselves are not counted.
    """
    places = {name: _marked(text) for name, text in files(TEMPLATE).items()}

    assert sum(map(len, places.values())) < 60
    assert {
        ".github/workflows/test.yml",
        "README.md",
        "pyproject.toml",
        "src/rl_plugin_mytoolkit/environments/0.1.0.in",
        "src/rl_plugin_mytoolkit/releases.json",
        "src/rlscript_mytoolkit/export.py",
        "src/rlscript_mytoolkit/learner.py",
        "src/rlscript_mytoolkit/training.py",
        "tests/test_contract.py",
    } == {name for name, lines in places.items() if lines}


def _marked(text: str) -> list[str]:
    """Return the lines that stand between a mark and the next empty line."""
    found, inside = [], False
    for line in text.splitlines():
        if MARK in line:
            inside = True
        elif not line.strip():
            inside = False
        elif inside:
            found.append(line)
    return found

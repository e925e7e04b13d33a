"""`rlcore new`: a package of one's own, copied from one that works."""

from __future__ import annotations

import os
import posixpath
import re
import tempfile
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rlcore.errors import InvalidArgument
from rlcore.names import RLFramework, RLToolkit, split_key, toolkit_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.resources.abc import Traversable

# What the template calls its toolkit and its framework.
_NAME, _FRAMEWORK = "mytoolkit", "numpy"
_PREFIXES = ("rl-plugin-", "rlscript-")
# Packages of ours, and a word that `rlcore toolkits` takes for something else.
_RESERVED = frozenset({"rlcore", "rlscript", "rlserving", "doctor"})
_EPILOG = """\b
Example:
  rlcore new toolkit acme
  rlcore new toolkit acme --framework jax --into ~/projects
"""


@click.group(epilog=_EPILOG)
def new() -> None:
    """Start a package of your own: the plugin of a toolkit."""


@new.command(epilog=_EPILOG)
@click.argument("name")
@click.option("--framework", metavar="NAME", help="Framework that the toolkit runs on, if any.")
@click.option(
    "--into",
    type=click.Path(exists=True, file_okay=False, writable=True, path_type=Path),
    default=".",
    metavar="FOLDER",
    help="Where the package's folder is made.  [default: the current folder]",
)
def toolkit(*, name: str, framework: str | None, into: Path) -> None:
    """Start the plugin of a toolkit, NAME or NAME.FRAMEWORK.

    A whole package is made, rl-plugin-NAME, which trains, exports and passes the suite that every
    toolkit must pass; a tiny learner stands where the toolkit will. What is to be filled in is
    marked FILL IN.
    """
    alone, of_key = split_key(name) if name[:1].isalnum() else (name, None)
    if of_key and framework:
        msg = f"{name!r} names a framework, and so does --framework {framework}; name it once."
        raise InvalidArgument(msg)
    on = framework or of_key
    words = _words(_checked(RLToolkit(alone)), RLFramework(on) if on else None)
    folder = into / _renamed(f"rl-plugin-{_NAME}", words)
    if os.path.lexists(folder):  # a link to nowhere, too
        msg = f"{folder} exists already. Choose another name or folder (--into), or remove it."
        raise InvalidArgument(msg)
    _copy(folder, words)
    click.echo(_renamed(_NEXT, words).format(folder=folder))


_NEXT = f"""\
{{folder}} holds a toolkit that trains, under the key {_NAME}.{_FRAMEWORK}. Next, where rlcore is \
installed:

  cd {{folder}}
  pip install --editable '.[test]'
  pytest
  rlcore train train.py --source-dir examples/cartpole --toolkit {_NAME} --toolkit-version 0.1.0\
 --framework {_FRAMEWORK}
  grep -rn 'FILL IN' .    # then make it yours
"""


def _checked(name: RLToolkit) -> str:
    """Return the name in plain; raise `InvalidArgument` for one that is taken."""
    plain = _hyphened(name)
    for prefix in _PREFIXES:
        if plain.startswith(prefix):
            alone = name.value[len(prefix) :]
            msg = f"{name.value!r} names a package; name the toolkit alone: {alone!r}."
            raise InvalidArgument(msg)
    taken = _taken().get(plain)
    if plain in _RESERVED or taken:
        msg = f"{name.value!r} is {taken or 'reserved'}. Choose another name for the toolkit."
        raise InvalidArgument(msg)
    return name.value


def _taken() -> dict[str, str]:
    """Return who has which name of a toolkit: distributions must not differ by a hyphen alone."""
    from rlcore.registry import default_registry  # noqa: PLC0415 - help scans nothing
    from rlcore.toolkit import known_plugins  # noqa: PLC0415 - likewise

    known = {_hyphened(split_key(key)[0]): "a toolkit of rlcore's own" for key in known_plugins()}
    installed = {
        _hyphened(split_key(each.key)[0]): f"installed already, by {each.distribution}"
        for each in default_registry().available()
    }
    return {**installed, **known}


def _hyphened(name: str) -> str:
    return name.replace("_", "-")


def _words(name: str, framework: str | None) -> dict[str, str]:
    """Return what each word of the template becomes, longer ones first."""
    module = name.replace("-", "_")
    of_framework = (
        f'  "framework": "{_FRAMEWORK}",\n',
        '    "framework_version": "2",\n',
        f'    framework="{_FRAMEWORK}",\n',
        f" --framework {_FRAMEWORK}",
    )
    return {
        **{each: each.replace(_FRAMEWORK, framework) if framework else "" for each in of_framework},
        f"{_NAME}.{_FRAMEWORK}": toolkit_key(name, framework),
        f"rl_plugin_{_NAME}": f"rl_plugin_{module}",
        f"rlscript_{_NAME}": f"rlscript_{module}",
        f"rl-plugin-{_NAME}": f"rl-plugin-{_hyphened(name)}",
        _NAME: name,
    }


def _renamed(text: str, words: Mapping[str, str]) -> str:
    return re.sub("|".join(map(re.escape, words)), lambda found: words[found[0]], text)


def _copy(folder: Path, words: Mapping[str, str]) -> None:
    """Write the template under its new names: beside its place, which it takes when it is whole."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as made:
        unfinished = Path(made) / folder.name
        for name, text in _files(resources.files("rlcore").joinpath("template")):
            path = unfinished / _renamed(name, words)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_renamed(text, words), "utf-8")
        unfinished.rename(folder)


def _files(folder: Traversable, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield each file's path and text."""
    for each in folder.iterdir():
        path = posixpath.join(place, each.name)
        if each.name == "__pycache__":
            continue
        if each.is_dir():
            yield from _files(each, path)
        else:
            yield path, each.read_text("utf-8")

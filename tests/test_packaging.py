"""The four distributions, built and installed elsewhere, work without the checkout."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import attrs
import pytest

CHECKOUT = Path(__file__).parents[1]


@attrs.frozen
class Distribution:
    """A distribution of this checkout: its folder, import packages and plugin keys."""

    folder: str
    packages: tuple[str, ...]
    keys: tuple[str, ...] = ()

    @property
    def sources(self) -> Path:
        """The folder that holds the import packages."""
        folder = CHECKOUT / self.folder
        return folder if self.folder == "." else folder / "src"


CORE = Distribution(".", ("rlcore", "rlscript", "rlserving"))
PLUGINS = (
    Distribution(
        "plugins/coach_tf", ("rl_plugin_coach_tf", "rlscript_coach"), ("coach.tensorflow",)
    ),
    Distribution("plugins/coach_mxnet", ("rl_plugin_coach_mxnet",), ("coach.mxnet",)),
    Distribution(
        "plugins/ray", ("rl_plugin_ray", "rlscript_ray"), ("ray.pytorch", "ray.tensorflow")
    ),
)
every_plugin = pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.folder)
every_distribution = pytest.mark.parametrize(
    "distribution", [CORE, *PLUGINS], ids=lambda distribution: distribution.folder
)


def run(*command: str | Path, cwd: Path, **environ: str) -> str:
    """Run a command in a folder, away from what surrounds the tests, and return its output."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={"PATH": "", "HOME": str(cwd), **environ},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Build a wheel of each distribution; folder to wheel."""
    built = {}
    for distribution in (CORE, *PLUGINS):
        target = tmp_path_factory.mktemp("wheel")
        command = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", target)
        run(*command, cwd=CHECKOUT / distribution.folder)
        (built[distribution.folder],) = target.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory, wheels: dict[str, Path]) -> Path:
    """Make an environment with core's wheel and its dependencies, and return its interpreter."""
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    found = folder / "bin/python"
    _pip_install(found, wheels["."])
    return found


@pytest.fixture(scope="session")
def installed(
    tmp_path_factory: pytest.TempPathFactory, wheels: dict[str, Path], python: Path
) -> dict[str, Path]:
    """Install each plugin's wheel into a folder of its own, to be put on the path by itself."""
    folders = {plugin.folder: tmp_path_factory.mktemp("plugin") for plugin in PLUGINS}
    for folder, target in folders.items():
        _pip_install(python, "--no-deps", "--target", target, wheels[folder])
    return folders


def _pip_install(python: Path, *arguments: str | Path) -> None:
    """Install with the machine's own configuration of pip, and the surrounding environment."""
    command = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *arguments]
    subprocess.run(command, check=True)


def keys(python: Path, cwd: Path, *folders: Path) -> list[str]:
    """Return the keys that `rlcore toolkits` lists with the folders on the path."""
    path = ":".join(str(folder) for folder in folders)
    script = python.with_name("rlcore")
    listed = json.loads(run(script, "toolkits", "--json", cwd=cwd, PYTHONPATH=path))
    return sorted(row["key"] for row in listed)


@every_distribution
def test_wheels_hold_every_file_of_their_packages(
    distribution: Distribution, wheels: dict[str, Path]
) -> None:
    """Modules, data files and `py.typed` are all inside, and nothing else is."""
    sources = {
        path.relative_to(distribution.sources).as_posix()
        for package in distribution.packages
        for path in (distribution.sources / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    with zipfile.ZipFile(wheels[distribution.folder]) as wheel:
        packed = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert sources == packed


@every_distribution
def test_wheels_say_that_they_are_typed(
    distribution: Distribution, wheels: dict[str, Path]
) -> None:
    """Each import package carries the marker that type checkers ask for."""
    with zipfile.ZipFile(wheels[distribution.folder]) as wheel:
        names = wheel.namelist()

    assert [] == [name for name in distribution.packages if f"{name}/py.typed" not in names]


def test_core_alone_knows_no_toolkit(python: Path, tmp_path: Path) -> None:
    """Core is complete without a plugin, and lists none."""
    assert [] == keys(python, tmp_path)


@every_plugin
def test_each_plugin_works_alone(
    plugin: Distribution, python: Path, installed: dict[str, Path], tmp_path: Path
) -> None:
    """A plugin beside core is all that its toolkit needs."""
    assert sorted(plugin.keys) == keys(python, tmp_path, installed[plugin.folder])


def test_all_together(python: Path, installed: dict[str, Path], tmp_path: Path) -> None:
    """The three plugins live side by side."""
    expected = sorted(key for plugin in PLUGINS for key in plugin.keys)

    assert expected == keys(python, tmp_path, *installed.values())


@every_plugin
def test_every_release_of_a_wheel_can_be_read(
    plugin: Distribution, python: Path, installed: dict[str, Path], tmp_path: Path
) -> None:
    """The data files that a release is made of are found where the wheel put them."""
    path = str(installed[plugin.folder])

    report = run(python.with_name("rlcore"), "toolkits", "doctor", cwd=tmp_path, PYTHONPATH=path)

    assert [] == [key for key in plugin.keys if key not in report]


def test_rlscript_needs_nothing_beside_it(wheels: dict[str, Path], tmp_path: Path) -> None:
    """A script imports it where neither core's dependencies nor a toolkit are installed."""
    with zipfile.ZipFile(wheels["."]) as wheel:
        wheel.extractall(tmp_path)

    run(sys.executable, "-S", "-c", "import rlscript", cwd=tmp_path)


def test_the_script_side_of_a_toolkit_is_found_beside_its_plugin(
    python: Path, installed: dict[str, Path], tmp_path: Path
) -> None:
    """The bundle finds the package that travels, without importing it."""
    path = installed["plugins/ray"]
    code = "import importlib.util as util; print(util.find_spec('rlscript_ray').origin)"

    origin = run(python, "-c", code, cwd=tmp_path, PYTHONPATH=str(path))

    assert str(path / "rlscript_ray/__init__.py") == origin.strip()

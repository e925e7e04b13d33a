"""Plugins as strangers ship them: real folders with metadata and modules, found on the path."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from rlcore.errors import InvalidFramework, InvalidToolkit, PluginError, UnsupportedVersion
from rlcore.registry import ToolkitRegistry

if TYPE_CHECKING:
    from pathlib import Path

PLUGIN = """
import rlcore
from rlcore.errors import UnsupportedVersion

hookimpl = rlcore.hookimpl

@hookimpl
def known_versions():
    return ("1.0",)

@hookimpl
def validate_version(version):
    if version != "1.0":
        raise UnsupportedVersion(f"no {version}")
    away = rlcore.Unavailable(reason="a test")
    return rlcore.ToolkitRelease(toolkit="toy", version=version, training=away, serving=away)

@hookimpl
def image_uri(release, region, instance_type):
    return f"toy:{release.version}-{region}"

@hookimpl
def default_metrics(release):
    return (rlcore.MetricDefinition(name="reward", regex="reward=(.*)"),)

@hookimpl
def model_class(release):
    return rlcore.Model
"""

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Return a function that puts a distribution with one module into a folder."""

    def write(
        distribution: str, key: str, module: str, source: str, group: str = "rlcore.toolkits"
    ) -> None:
        info = tmp_path / f"{distribution.replace('-', '_')}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n"
        )
        (info / "entry_points.txt").write_text(f"[{group}]\n{key} = {module}\n")
        (tmp_path / f"{module}.py").write_text(source)

    return write


@pytest.fixture
def registry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., ToolkitRegistry]]:
    """Return a function that makes a registry of what `install` has put there, and of that only."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(**environ: str) -> ToolkitRegistry:
        found = metadata.distributions(path=[str(tmp_path)])
        points = [point for distribution in found for point in distribution.entry_points]
        return ToolkitRegistry(points, environ=environ)

    yield make
    for name in {path.stem for path in tmp_path.glob("*.py")}:
        sys.modules.pop(name, None)


def test_a_plugin_answers_through_typed_hooks(install, registry):
    """Every hook of a healthy plugin is asked through its own method."""
    install("rl-plugin-toy", "toy", "toy_plugin_a", PLUGIN)

    toolkit = registry().toolkit("toy")

    release = toolkit.release("1.0")
    assert ("1.0",) == toolkit.known_versions()
    assert ("toy", "1.0", None) == (release.toolkit, release.version, release.framework)
    assert "toy:1.0-eu-west-1" == toolkit.image_uri(release, "eu-west-1", "ml.c5.large")
    assert ["reward"] == [metric.name for metric in toolkit.default_metrics(release)]
    assert "Model" == toolkit.model_class(release).__name__
    assert toolkit.release_from_image("toy:1.0-eu-west-1") is None


def test_listing_imports_nothing(install, registry):
    """A plugin is listed from its metadata; its module stays unimported."""
    install("rl-plugin-toy", "toy", "toy_plugin_b", "raise RuntimeError('imported')")

    (listing,) = registry().available()

    assert ("toy", "rl-plugin-toy", "1.2", None) == (
        listing.key,
        listing.distribution,
        listing.version,
        listing.problem,
    )
    assert "toy_plugin_b" not in sys.modules


def test_a_version_error_of_the_plugin_comes_through(install, registry):
    """An error of rlcore's own tree is the plugin's answer, not a breakage."""
    install("rl-plugin-toy", "toy", "toy_plugin_c", PLUGIN)

    with pytest.raises(UnsupportedVersion, match=r"no 9"):
        registry().toolkit("toy").release("9")


BREAKAGES = {
    "import error": ("import nowhere_to_be_found", "ModuleNotFoundError.*nowhere_to_be_found"),
    "exit": ("raise SystemExit(3)", "SystemExit: 3"),
    "no hooks": ("", "has no hook default_metrics, image_uri, known_versions, model_class"),
    "misspelt hook": (
        PLUGIN + "\n@hookimpl\ndef image_url(release):\n    return ''\n",
        "PluginValidationError.*image_url",
    ),
    "wrong argument": (
        PLUGIN.replace("image_uri(release, region, instance_type)", "image_uri(rlease)"),
        "(?s)PluginValidationError.*rlease",
    ),
}


@pytest.mark.parametrize("name", BREAKAGES)
def test_a_broken_plugin_names_itself_its_cause_and_its_cure(install, registry, name):
    """The message has distribution, version, entry point, cause and cure, also when asked again."""
    source, cause = BREAKAGES[name]
    install("rl-plugin-toy", "toy", "toy_plugin_d", source)
    found = registry()

    for _ in range(2):
        with pytest.raises(PluginError, match=cause) as raised:
            found.toolkit("toy")
        assert "rl-plugin-toy 1.2 (toy_plugin_d)" in str(raised.value)
        assert "pip install --upgrade rl-plugin-toy" in str(raised.value)
        assert "RLCORE_DISABLE_PLUGINS=rl-plugin-toy" in str(raised.value)


def test_a_broken_plugin_harms_no_other(install, registry):
    """The neighbour of a plugin that cannot be imported works."""
    install("rl-plugin-broken", "broken", "toy_broken", "1 / 0")
    install("rl-plugin-toy", "toy", "toy_plugin_e", PLUGIN)
    found = registry()

    with pytest.raises(PluginError, match="ZeroDivisionError"):
        found.toolkit("broken")

    assert "1.0" == found.toolkit("toy").release("1.0").version
    assert found.release_from_image("toy:1.0") is None


WRONG_ANSWERS = {
    "nothing": ('return f"toy:{release.version}-{region}"', "pass", "nothing instead of a str"),
    "a wrong type": ('return f"toy:{release.version}-{region}"', "return 3", "a int instead of"),
    "an exception": (
        'return f"toy:{release.version}-{region}"',
        "return {}['x']",
        "raised KeyError: 'x'",
    ),
}


@pytest.mark.parametrize("name", WRONG_ANSWERS)
def test_a_wrong_answer_names_the_hook(install, registry, name):
    """What a hook does wrong is reported with the hook's name and the plugin's origin."""
    healthy, wrong, cause = WRONG_ANSWERS[name]
    install("rl-plugin-toy", "toy", "toy_plugin_f", PLUGIN.replace(healthy, wrong))
    toolkit = registry().toolkit("toy")

    with pytest.raises(PluginError, match=rf"'image_uri' (answered with )?{cause}"):
        toolkit.image_uri(toolkit.release("1.0"), "eu-west-1", "ml.c5.large")


def test_a_release_that_was_not_asked_for_is_refused(install, registry):
    """A version must keep the spelling in which it was asked for."""
    source = PLUGIN.replace('if version != "1.0"', 'version = "1.0.0"\n    if False')
    install("rl-plugin-toy", "toy", "toy_plugin_g", source)

    with pytest.raises(PluginError, match=r"\('toy', None, '1.0.0'\) when asked for.*'1.0'\)"):
        registry().toolkit("toy").release("1.0")


def test_two_claims_to_one_key_refuse_that_key_with_both_owners(install, registry):
    """Nobody wins silently."""
    install("rl-plugin-one", "toy", "toy_one", PLUGIN)
    install("rl-plugin-two", "toy", "toy_two", PLUGIN)
    install("rl-plugin-toy", "other", "toy_plugin_h", PLUGIN.replace('"toy"', '"other"'))
    found = registry()

    with pytest.raises(PluginError, match="rl-plugin-one 1.2 and rl-plugin-two 1.2"):
        found.toolkit("toy")

    assert "1.0" == found.toolkit("other").release("1.0").version
    problems = {listing.distribution: bool(listing.problem) for listing in found.available()}
    assert {"rl-plugin-one": True, "rl-plugin-two": True, "rl-plugin-toy": False} == problems


def test_a_distribution_is_switched_off_by_name(install, registry):
    """The variable settles a conflict, and takes any spelling of the name."""
    install("rl-plugin-one", "toy", "toy_one", PLUGIN)
    install("rl-plugin-two", "toy", "toy_two", PLUGIN)

    found = registry(RLCORE_DISABLE_PLUGINS="RL_Plugin.one, nobody")

    assert "rl-plugin-two" == found.toolkit("toy").listing.distribution


def test_a_key_with_bad_characters_is_refused(install, registry):
    """A key must be what the estimator can spell."""
    install("rl-plugin-toy", "Toy!", "toy_plugin_i", PLUGIN)

    with pytest.raises(PluginError, match="its key must be"):
        registry().toolkit("Toy!")


def test_an_extension_wraps_a_hook_of_every_toolkit(install, registry):
    """A company mirror rewrites addresses without a word in any plugin."""
    install("rl-plugin-toy", "toy", "toy_plugin_j", PLUGIN)
    mirror = (
        "import rlcore\n@rlcore.hookimpl(wrapper=True)\ndef image_uri():\n"
        "    return 'mirror.example/' + (yield)\n"
    )
    install("rl-mirror", "mirror", "toy_mirror", mirror, group="rlcore.extensions")

    toolkit = registry().toolkit("toy")

    assert "mirror.example/toy:1.0-x" == toolkit.image_uri(toolkit.release("1.0"), "x", "local")


def test_an_extension_that_answers_itself_is_refused(install, registry):
    """Extensions wrap; an answer of their own would hide the plugin's."""
    install("rl-plugin-toy", "toy", "toy_plugin_k", PLUGIN)
    answer = "import rlcore\n@rlcore.hookimpl\ndef image_uri():\n    return 'x'\n"
    install("rl-mirror", "mirror", "toy_mirror", answer, group="rlcore.extensions")

    with pytest.raises(PluginError, match="may only wrap hooks.*'image_uri'"):
        registry().toolkit("toy")


@pytest.mark.parametrize(
    ("key", "error", "words"),
    [
        ("toi", InvalidToolkit, "Did you mean 'toy'?"),
        ("toy.torch", InvalidFramework, "no plugin for framework 'torch'"),
        ("toi.torch", InvalidToolkit, "Did you mean 'toy'?"),
        ("sb3.pytorch", InvalidToolkit, "'sb3.pytorch'. Installed: toy"),
        ("nothing-like-it", InvalidToolkit, "Installed: toy"),
        ("ray.pytorch", InvalidToolkit, "in a checkout of rlcore: pip install ./plugins/ray."),
        (
            "coach",
            InvalidToolkit,
            "./plugins/coach_tf or pip install ./plugins/coach_tf ./plugins/coach_mxnet",
        ),
        ("raj", InvalidToolkit, "Did you mean 'ray'?"),
    ],
)
def test_an_unknown_key_is_answered_with_help(install, registry, key, error, words):
    """The nearest name, what is installed, and the install command of what we know."""
    install("rl-plugin-toy", "toy", "toy_plugin_l", PLUGIN)

    with pytest.raises(error) as raised:
        registry().toolkit(key)

    assert words in str(raised.value)


def test_the_name_that_was_given_is_no_suggestion(registry):
    """A toolkit that we ship and that is not installed is spelt right."""
    with pytest.raises(InvalidToolkit) as raised:
        registry().toolkit("coach.tensorflow")

    assert "Did you mean" not in str(raised.value)


def test_no_install_command_is_invented(registry):
    """An invented distribution name would invite squatters."""
    with pytest.raises(InvalidToolkit) as raised:
        registry().toolkit("unheard-of")

    assert "pip install" not in str(raised.value)


def test_registries_do_not_see_each_other(install, registry):
    """A registry is an object that the caller holds."""
    install("rl-plugin-toy", "toy", "toy_plugin_m", PLUGIN)

    assert ("toy",) == registry().keys()
    assert () == ToolkitRegistry([]).keys()


def test_our_own_plugins_come_in_by_the_same_door():
    """The installed distributions are listed without importing any of them."""
    program = (
        "import sys; from rlcore.registry import default_registry as d; print(*d().keys());"
        "print(any('rl_plugin' in name or name == 'boto3' for name in sys.modules))"
    )
    out = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.splitlines()

    assert {"coach.mxnet", "coach.tensorflow", "ray.pytorch", "ray.tensorflow"} <= set(
        out[0].split()
    )
    assert "False" == out[1]

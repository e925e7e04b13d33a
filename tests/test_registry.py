"""Plugins as strangers ship them: real folders with metadata and modules, found on the path."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import pytest

from rlcore.errors import InvalidFramework, InvalidToolkit, PluginError, UnsupportedVersion
from rlcore.registry import ToolkitRegistry

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

    def write(  # noqa: PLR0913, PLR0917 - what a distribution may say
        distribution: str,
        key: str,
        module: str,
        source: str,
        group: str = "rlcore.toolkits",
        entry_point: str = "",
    ) -> None:
        info = tmp_path / f"{distribution.replace('-', '_')}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n"
        )
        (info / "entry_points.txt").write_text(f"[{group}]\n{key} = {entry_point or module}\n")
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


IMAGE_HOOK = "image_uri(release, region, instance_type)"
BREAKAGES = {
    "import error": ("import nowhere_to_be_found", "ModuleNotFoundError.*nowhere_to_be_found"),
    "exit": ("raise SystemExit(3)", "SystemExit: 3"),
    "outcome": ("class Outcome(BaseException): pass\nraise Outcome('x')", "raised Outcome: x"),
    "lazy import": (
        PLUGIN + "\ndef __getattr__(name):\n    raise ImportError('no ' + name)\n",
        "reading its hooks raised ImportError: no rlcore_contract",
    ),
    "lazy import of a hook": (
        PLUGIN.replace("@hookimpl\ndef image_uri", "def other") + "\ndef __getattr__(name):\n"
        "    raise (ImportError if name[0] == 'i' else AttributeError)('no ' + name)\n",
        "reading its hooks raised ImportError: no image_uri",
    ),
    "no hooks": ("", "has no hook default_metrics, image_uri, known_versions, model_class"),
    "missing hook": (
        PLUGIN.replace("@hookimpl\ndef image_uri", "@hookimpl\ndef release_from_image").replace(
            "(release, region, instance_type)", "(image_uri)"
        ),
        "it has no hook image_uri",
    ),
    "unmarked hook": (
        PLUGIN.replace("@hookimpl\ndef image_uri", "def image_uri"),
        "its image_uri lacks the mark @rlcore.hookimpl",
    ),
    "misspelt hook": (
        PLUGIN + "\n@hookimpl\ndef image_url(release):\n    return ''\n",
        "a hook 'image_url', which there is none of. Did you mean 'image_uri'.*Hooks are default_",
    ),
    "extra hook": (
        PLUGIN + "\n@hookimpl\ndef telemetry():\n    return ''\n",
        "a hook 'telemetry', which there is none of. Hooks are default_metrics, image_uri",
    ),
    "wrong argument": (
        PLUGIN.replace(IMAGE_HOOK, "image_uri(rlease)"),
        "'image_uri' asks for 'rlease'.*Did you mean 'release'.*are release, region, instance_type",
    ),
    "argument of a hook without any": (
        PLUGIN.replace("known_versions()", "known_versions(release)"),
        "'known_versions' asks for 'release', which is never passed. It has no arguments",
    ),
    "argument with a default": (
        PLUGIN.replace(IMAGE_HOOK, "image_uri(release, region='x')"),
        "'image_uri' would never be passed 'region', which has a default",
    ),
    "argument by keyword alone": (
        PLUGIN.replace(IMAGE_HOOK, "image_uri(release, *, region)"),
        "'image_uri' would never be passed 'region', which .* only be given by keyword",
    ),
    "contract that is no number": (
        PLUGIN + "\nrlcore_contract = '1'\n",
        "rlcore_contract is '1', which is no whole number; this rlcore knows 1",
    ),
    "contract too old": (
        PLUGIN + "\nrlcore_contract = 0\n",
        "version 0 of the plugin contract, and this rlcore knows 1: the plugin is too old",
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
        assert "To mend it, install rl-plugin-toy again" in str(raised.value)
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


def test_one_plugins_refusal_is_not_the_end_of_the_question(install, registry):
    """A plugin that refuses the version of an image does not keep the others from answering."""
    refuses = """
@hookimpl
def release_from_image(image_uri):
    return validate_version("9")
"""
    knows = refuses.replace('"9"', 'image_uri.rpartition(":")[2]')
    install("rl-plugin-a", "a", "toy_refuses", PLUGIN.replace('"toy"', '"a"') + refuses)
    install("rl-plugin-toy", "toy", "toy_knows", PLUGIN + knows)

    assert "toy" == registry().release_from_image("toy:1.0").toolkit


@pytest.mark.parametrize("interrupt", ["KeyboardInterrupt", "GeneratorExit"])
@pytest.mark.parametrize("place", ["import", "hook"])
def test_an_interruption_is_nobodys_fault(install, registry, interrupt, place):
    """Ctrl-C during an import, or a hook, is what it is."""
    if place == "import":
        source = f"raise {interrupt}"
    else:
        source = PLUGIN.replace(IMAGE, f"raise {interrupt}")
    install("rl-plugin-toy", "toy", "toy_interrupted", source)

    with pytest.raises(BaseException) as raised:  # noqa: PT011 - its type follows
        ask_everything(registry().toolkit("toy"))

    assert interrupt == raised.type.__name__


def test_what_a_plugin_prints_stands_beside_what_a_command_prints(install, registry, capsys):
    """Standard output belongs to the caller: JSON for a program, at times."""
    install("rl-plugin-toy", "toy", "toy_loud", PLUGIN + "\nprint('hello')\n")

    registry().toolkit("toy")

    assert ("", "hello\n") == capsys.readouterr()


@pytest.mark.parametrize("sound", [True, False])
def test_what_a_plugin_moves_is_put_back(install, registry, tmp_path, monkeypatch, sound):
    """Working folder and paths are the caller's; the warning names the plugin."""
    monkeypatch.chdir(tmp_path)
    moves = "import os, sys\nos.chdir('/')\nsys.path.insert(0, '/nowhere')\n"
    install("rl-plugin-toy", "toy", "toy_moves", PLUGIN + moves + ("" if sound else "1 / 0"))
    path = list(sys.path)

    words = "'toy' of rl-plugin-toy 1.2 .toy_moves. changed the working folder and sys.path"
    with pytest.warns(UserWarning, match=words) if sound else pytest.raises(PluginError):
        registry().toolkit("toy")

    assert (tmp_path, path) == (Path.cwd(), sys.path)


def test_a_distribution_without_a_name_can_be_listed_and_left_out(install, registry, tmp_path):
    """What is left of an installation that broke off has no metadata, but its entry points."""
    install("rl-plugin-toy", "toy", "toy_half", "1 / 0")
    (tmp_path / "rl_plugin_toy-1.2.dist-info/METADATA").unlink()
    install("rl-plugin-sound", "sound", "toy_whole", PLUGIN.replace('"toy"', '"sound"'))

    with pytest.raises(PluginError, match="of unknown distribution .* ZeroDivisionError") as raised:
        registry().toolkit("toy")

    assert "install its distribution again" in str(raised.value)
    assert "RLCORE_DISABLE_PLUGINS='unknown distribution'" in str(raised.value)
    assert "unknown distribution ? (toy_half)" == registry().available()[1].origin
    assert ("sound",) == registry(RLCORE_DISABLE_PLUGINS="unknown distribution").keys()
    assert ("toy",) == registry(RLCORE_DISABLE_PLUGINS="rl-plugin-sound").keys()


@pytest.mark.parametrize(
    ("distribution", "key", "cure"),
    [
        ("rl-plugin-ray", "ray.pytorch", "in a checkout of rlcore: pip install ./plugins/ray"),
        ("other-ray", "ray.pytorch", "install other-ray again, or a newer version, from where you"),
    ],
)
def test_pip_is_never_sent_to_look_up_a_name(install, registry, distribution, key, cure):
    """Whoever has taken it there would be asked; a checkout is no such place."""
    install(distribution, key, "toy_torn", "1 / 0")

    with pytest.raises(PluginError, match="ZeroDivisionError") as raised:
        registry().toolkit(key)

    assert f"To mend it, {cure}" in str(raised.value)
    assert "upgrade" not in str(raised.value)


def test_a_contract_of_the_future_asks_for_a_newer_core(install, registry):
    """Here the host must be upgraded, not the plugin."""
    install("rl-plugin-toy", "toy", "toy_plugin_n", PLUGIN + "\nrlcore_contract = 2\n")

    with pytest.raises(PluginError, match="this rlcore knows 1: rlcore is too old") as raised:
        registry().toolkit("toy")

    mend = "To mend it, in a newer checkout of rlcore: pip install --upgrade .; to leave"
    assert mend in str(raised.value)
    assert "install rl-plugin-toy again" not in str(raised.value)


def test_a_plugin_says_which_contract_it_was_written_for(install, registry):
    """One that says nothing was written for the first; an object says it by its attribute."""
    spoken = """
        from pathlib import Path
        from rlcore import Model, ReleaseTable, hookimpl
        class Spoken(ReleaseTable):
            rlcore_contract = VERSION
            @hookimpl
            def model_class(self):
                return Model
        Path(__file__).with_name("VERSION.json").write_text('{"toolkit": "t", "releases": []}')
        plugin = Spoken(Path(__file__).with_name("VERSION.json"))
        """
    install("rl-plugin-toy", "toy", "toy_plugin_o", PLUGIN)
    for version in ("1", "2"):
        source = textwrap.dedent(spoken).replace("VERSION", version)
        name = f"toy_spoken_{version}"
        install(f"rl-{name}", f"spoken{version}", name, source, entry_point=f"{name}:plugin")
    found = registry()

    assert 1 == found.toolkit("toy").contract
    assert 1 == found.toolkit("spoken1").contract
    with pytest.raises(PluginError, match="version 2 of the plugin contract"):
        found.toolkit("spoken2")


def test_a_class_is_no_plugin(install, registry):
    """An entry point names an object: hooks of a class would lack their `self`."""
    source = "class Toy:\n    pass\n"
    install("rl-plugin-toy", "toy", "toy_plugin_p", source, entry_point="toy_plugin_p:Toy")

    with pytest.raises(PluginError, match="its entry point names the class Toy, no object"):
        registry().toolkit("toy")


IMAGE = 'return f"toy:{release.version}-{region}"'
METRICS = 'return (rlcore.MetricDefinition(name="reward", regex="reward=(.*)"),)'
# Name -> what is replaced, by what, the hook, what the message holds.
WRONG_ANSWERS = {
    "nothing": (IMAGE, "pass", "image_uri", "answered with nothing instead of a str"),
    "a wrong type": (IMAGE, "return 3", "image_uri", "answered with an int instead of a str"),
    "an exception": (IMAGE, "return {}['x']", "image_uri", "raised KeyError: 'x'"),
    "an exit": (IMAGE, "raise SystemExit(2)", "image_uri", "raised SystemExit: 2"),
    "an outcome": (IMAGE, "raise BaseException('x')", "image_uri", "raised BaseException: x"),
    "an error without a name": (
        IMAGE,
        "from rlcore.errors import PluginError; raise PluginError('no group.')",
        "image_uri",
        "raised PluginError: no group. To mend it",
    ),
    "a list": (METRICS, "return []", "default_metrics", "with a list instead of a tuple"),
    "strings for metrics": (
        METRICS,
        "return ('reward=(.*)',)",
        "default_metrics",
        "answered with a str instead of a MetricDefinition in its tuple",
    ),
    "a class that is no model": (
        "return rlcore.Model",
        "return dict",
        "model_class",
        "answered with dict, which is no rlcore.Model",
    ),
    "a model instead of its class": (
        "return rlcore.Model",
        "return 'Model'",
        "model_class",
        "answered with a str instead of a type",
    ),
    "numbers for versions": (
        'return ("1.0",)',
        "return (1.0,)",
        "known_versions",
        "answered with a float instead of a str in its tuple",
    ),
    "a dictionary for a release": (
        'return rlcore.ToolkitRelease(toolkit="toy", version=version, training=away, serving=away)',
        "return {'version': version}",
        "validate_version",
        "answered with a dict instead of a ToolkitRelease",
    ),
    "a version for an image's release": (
        "@hookimpl\ndef model_class",
        "@hookimpl\ndef release_from_image():\n    return '1.0'\n\n@hookimpl\ndef model_class",
        "release_from_image",
        "answered with a str instead of a ToolkitRelease",
    ),
}


@pytest.mark.parametrize("name", WRONG_ANSWERS)
def test_a_wrong_answer_names_the_hook(install, registry, name):
    """What a hook does wrong is reported with the hook's name and the plugin's origin."""
    healthy, wrong, hook, what = WRONG_ANSWERS[name]
    assert healthy in PLUGIN
    install("rl-plugin-toy", "toy", "toy_plugin_f", PLUGIN.replace(healthy, wrong))
    toolkit = registry().toolkit("toy")

    with pytest.raises(PluginError, match=rf"its hook '{hook}' .*{re.escape(what)}") as raised:
        ask_everything(toolkit)

    assert "rl-plugin-toy 1.2 (toy_plugin_f)" in str(raised.value)
    assert "install rl-plugin-toy again" in str(raised.value)


def ask_everything(toolkit):
    """Ask every hook."""
    for version in toolkit.known_versions():
        release = toolkit.release(version)
        toolkit.default_metrics(release)
        toolkit.model_class(release)
        toolkit.release_from_image(toolkit.image_uri(release, "eu-west-1", "ml.c5.large"))


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

    with pytest.raises(PluginError, match="rl-plugin-one 1.2 and rl-plugin-two 1.2") as raised:
        found.toolkit("toy")

    mend = "To mend it, pip uninstall rl-plugin-one or pip uninstall rl-plugin-two; to leave"
    assert mend in str(raised.value)
    assert "1.0" == found.toolkit("other").release("1.0").version
    problems = {listing.distribution: bool(listing.problem) for listing in found.available()}
    assert {"rl-plugin-one": True, "rl-plugin-two": True, "rl-plugin-toy": False} == problems


def test_a_distribution_is_switched_off_by_name(install, registry):
    """The variable settles a conflict, and takes any spelling of the name."""
    install("rl-plugin-one", "toy", "toy_one", PLUGIN)
    install("rl-plugin-two", "toy", "toy_two", PLUGIN)

    found = registry(RLCORE_DISABLE_PLUGINS="RL_Plugin.one, nobody")

    assert "rl-plugin-two" == found.toolkit("toy").listing.distribution


@pytest.mark.parametrize("key", ["Toy!", "Toy", "-toy", "toy-", "to__y", "toy.", "a.b.c"])
def test_a_key_with_bad_characters_is_refused(install, registry, key):
    """A key must be what the estimator can spell."""
    install("rl-plugin-toy", key, "toy_plugin_i", PLUGIN)

    with pytest.raises(PluginError, match="its key must be"):
        registry().toolkit(key)


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


@pytest.mark.parametrize(
    ("wrapper", "says"),
    [
        ("    return {}[(yield)]", "raised KeyError: 'toy:1.0-x'"),
        ("    yield", "answered with nothing instead of a str"),
    ],
)
def test_an_extensions_fault_is_not_the_toolkits_alone(install, registry, wrapper, says):
    """The message names the extensions that wrap the hook, and only those, and how to go on."""
    install("rl-plugin-toy", "toy", "toy_plugin_s", PLUGIN)
    for name, hook in (("a", "image_uri"), ("b", "image_uri"), ("c", "default_metrics")):
        body = wrapper if name == "b" else "    return (yield)"
        source = f"import rlcore\n@rlcore.hookimpl(wrapper=True)\ndef {hook}():\n{body}\n"
        install(f"rl-{name}", name, f"toy_wraps_{name}", source, group="rlcore.extensions")
    toolkit = registry().toolkit("toy")

    with pytest.raises(PluginError) as raised:
        toolkit.image_uri(toolkit.release("1.0"), "x", "local")

    assert (
        f"its hook 'image_uri' {says}; that hook is wrapped by the extension 'a' of rl-a 1.2"
        " (toy_wraps_a) and 'b' of rl-b 1.2 (toy_wraps_b), whose fault it may be:"
        " RLCORE_DISABLE_PLUGINS=rl-a,rl-b shows what the toolkit does without it. To mend it,"
        " install rl-plugin-toy again, or a newer version, from where you have it or install rl-a "
    ) in str(raised.value)
    assert "rl-c" not in str(raised.value)


def test_extensions_are_listed(install, registry):
    """From metadata alone, whatever they are called; a toolkit of that name is another thing."""
    install("rl-plugin-toy", "toy", "toy_plugin_q", PLUGIN)
    wrapper = (
        "import rlcore\n@rlcore.hookimpl(wrapper=True)\ndef image_uri():\n    return (yield)\n"
    )
    for name in ("one", "two"):
        install(f"rl-{name}", "toy", f"toy_{name}_x", wrapper, group="rlcore.extensions")
    found = registry()

    listed = {(each.key, each.distribution, each.problem) for each in found.extensions()}

    assert {("toy", "rl-one", None), ("toy", "rl-two", None)} == listed
    assert "toy_one_x" not in sys.modules
    assert "1.0" == found.toolkit("toy").release("1.0").version


def test_an_extension_of_another_contract_is_refused(install, registry):
    """It is as old or new as a toolkit may be."""
    install("rl-plugin-toy", "toy", "toy_plugin_r", PLUGIN)
    install("rl-mirror", "mirror", "toy_r", "rlcore_contract = 2", group="rlcore.extensions")

    with pytest.raises(PluginError, match="'mirror' of rl-mirror 1.2.*version 2 of the plugin"):
        registry().toolkit("toy")


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

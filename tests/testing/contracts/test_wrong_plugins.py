"""Each check of the contract of toolkits fails for a plugin that is wrong in this, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from wrong_plugins import Wrong, run_contract

if TYPE_CHECKING:
    from pathlib import Path

PLUGINS = {
    "nokey": Wrong(check="key_is_installed", says="names the key 'nokey'", key="another"),
    "misspelt": Wrong(
        check="hooks_fit_their_specifications",
        says="Did you mean 'image_uri'?",
        change={"@hookimpl\ndef image_uri(": "@hookimpl\ndef image_url("},
    ),
    "unmarked": Wrong(
        check="hooks_fit_their_specifications",
        says="its image_uri lacks the mark @rlcore.hookimpl",
        change={"@hookimpl\ndef image_uri(": "def image_uri("},
    ),
    "heavy": Wrong(
        check="import_loads_core_and_the_standard_library_alone",
        says="its import loads yaml",
        more="import yaml",
    ),
    "loud": Wrong(check="import_prints_nothing", says="it printed 'hello'", more="print('hello')"),
    "careless": Wrong(
        check="import_changes_no_global_state",
        says="its import changes os.environ\n  - its import changes the root logger",
        more="""
        import logging, os
        os.environ["CARELESS"] = "1"
        logging.basicConfig()
        """,
    ),
    "busy": Wrong(
        check="import_is_fast",
        says="ms of processor time, of 20 allowed",
        more="""
        import time
        end = time.process_time() + 0.05
        while time.process_time() < end:
            pass
        """,
    ),
    "sleepy": Wrong(
        check="import_is_fast",
        says="most of which it waits",
        more="import time; time.sleep(0.4)",
    ),
}
RELEASES = {
    "unordered": Wrong(
        check="every_known_version_keeps_its_written_form",
        says="lists 1.10 before 1.9, which is older",
        change={'("1.0", "1.1")': '("1.0", "1.10", "1.9")'},
    ),
    "doubled": Wrong(
        check="every_known_version_keeps_its_written_form",
        says="lists '1.0' 2 times",
        change={'("1.0", "1.1")': '("1.0", "1.0")'},
    ),
    "respelt": Wrong(
        check="every_known_version_keeps_its_written_form",
        says="answered with ('respelt', None, '1.0.0') when asked for ('respelt', None, '1.0')",
        change={"        version=version,": "        version=version + '.0',"},
    ),
    "silent": Wrong(
        check="an_unknown_version_is_answered_with_the_known",
        says="does not name 1.0, 1.1",
        change={"; there are {', '.join(VERSIONS)}": ""},
    ),
    "willing": Wrong(
        check="an_unknown_version_is_answered_with_the_known",
        says="'99999.1' was taken for a release",
        change={"if version not in VERSIONS:": "if not version:"},
    ),
    "loose": Wrong(
        check="environments_can_be_built_again",
        says="'numpy>=1.19' is not pinned with ==",
        change={'"numpy==1.19.5 --hash=sha256:" + 64 * "0"': '"numpy>=1.19"'},
    ),
    "local": Wrong(
        check="environments_can_be_built_again",
        says="'torch==2.0+cpu' has a local version",
        change={'"numpy==1.19.5 --hash=sha256:" + 64 * "0"': '"torch==2.0+cpu"'},
    ),
    "halfhashed": Wrong(
        check="environments_can_be_built_again",
        says="'torch==2.0' has no hash",
        change={'64 * "0",)': '64 * "0", "torch==2.0")'},
    ),
    "hashed": Wrong(
        check="environments_can_be_built_again",
        says="cannot names 'hashes:1.0', but nothing lacks one",
        test='cannot = {"training": "a test", "hashes:1.0": "no reason"}',
    ),
    "pythonless": Wrong(
        check="environments_can_be_built_again",
        says="'three' is no specifier of Python versions",
        change={'PYTHON = ">=3.6"': 'PYTHON = "three"'},
    ),
    "modelless": Wrong(
        check="models_make_containers",
        says="answered with dict, which is no rlcore.Model",
        change={"return rlcore.FrameworkModel": "return dict"},
    ),
    "crashing": Wrong(
        check="models_make_containers",
        says="container() raised ZeroDivisionError",
        change={"return rlcore.FrameworkModel": "return Crashing"},
        more="""
        class Crashing(rlcore.FrameworkModel):
            def container(self, region, instance_type, accelerator_type=None):
                return 1 / 0
        """,
    ),
    "obstinate": Wrong(
        check="models_make_containers",
        says="container() has mine:1, not the image that was asked for",
        change={"return rlcore.FrameworkModel": "return Obstinate"},
        more="""
        import attrs

        class Obstinate(rlcore.FrameworkModel):
            def container(self, *where, **more):
                return attrs.evolve(super().container(*where, **more), image_uri="mine:1")
        """,
    ),
    "packageless": Wrong(
        check="script_packages_are_there",
        says="'rlscript_lost' is not installed as a package",
        change={'("rlscript_NAME",)': '("rlscript_lost",)'},
    ),
    "newfangled": Wrong(
        check="script_side_is_valid_on_the_releases_python",
        says="rlscript_newfangled/__init__.py: line 1: ",
        script="(size := 3)\n",
    ),
    "shadowing": Wrong(
        check="script_packages_are_there",
        says="'json' has a name that is taken already",
        change={'("rlscript_NAME",)': '("json",)'},
    ),
}
UNREAD = {'if "amazonaws.com/toy-" in image_uri': "if not image_uri"}
NOT_READ = 'cannot = {"training": "a test", "release_from_image": "a test"}'
IMAGES = {
    "malformed": Wrong(
        check="image_addresses_are_well_formed",
        says="is no address of an image",
        change={":{release.version}": ": {release.version}", **UNREAD},
        test=NOT_READ,
    ),
    "abroad": Wrong(
        check="image_addresses_are_well_formed",
        says="is not in region 'us-east-1', which was asked for",
        change={"HOST.format(region)": "HOST.format('eu-west-1')"},
    ),
    "elsewhere": Wrong(
        check="image_addresses_are_well_formed",
        says="its hook 'image_uri' answered with nothing instead of a str",
        change={'return f"{HOST': 'f"{HOST'},
    ),
    "twin": Wrong(
        check="each_version_has_its_own_image",
        says="1.0, 1.1 have one image, 111122223333.dkr.ecr.us-east-1.amazonaws.com/toy-cpu:1.0",
        change={":{release.version}": ":1.0", **UNREAD},
        test=NOT_READ,
    ),
    "forgetful": Wrong(
        check="releases_are_read_back_from_their_images",
        says="answered with nothing instead of 1.0",
        change=UNREAD,
    ),
    "greedy": Wrong(
        check="releases_are_read_back_from_their_images",
        says="takes '111122223333.dkr.ecr.us-west-2.amazonaws.com/somebody-else:1.0'",
        change={"amazonaws.com/toy-": "amazonaws.com/"},
    ),
    "modest": Wrong(
        check="releases_are_read_back_from_their_images",
        says="answered with 1.0 instead of nothing, as cannot says",
        test='cannot = {"training": "a test", "release_from_image": "no reason"}',
    ),
    "graphic": Wrong(
        check="flags_about_images_are_true",
        says="cannot names 'gpu_images', but image_uri names images for GPUs",
        test='cannot = {"training": "a test", "gpu_images": "no reason"}',
    ),
    "unequal": Wrong(
        check="flags_about_images_are_true",
        says="cannot names 'distinct_images', but each version has an image of its own",
        test='cannot = {"training": "a test", "distinct_images": "no reason"}',
    ),
    "imageless": Wrong(
        check="flags_about_images_are_true",
        says="cannot says that there are no images, but image_uri names some",
        test='cannot = {"training": "a test", "images": "no reason"}',
    ),
}
METRICS = {
    "unbalanced": Wrong(
        check="metrics_can_be_used",
        says="'reward' is no regular expression",
        change={"[-+.0-9e]+)": "[-+.0-9e]+"},
    ),
    "groupless": Wrong(
        check="metrics_can_be_used",
        says="'reward' has no group that captures a value",
        change={"([-+.0-9e]+)": "[-+.0-9e]+"},
    ),
    "longwinded": Wrong(
        check="metrics_can_be_used",
        says="'reward' has 503 characters; the service takes 500",
        change={"[-+.0-9e]+)": "[-+.0-9e]+)" + 121 * "(?:)"},
    ),
    "stringy": Wrong(
        check="metrics_can_be_used",
        says="answered with a str instead of a MetricDefinition in its tuple",
        change={"    return METRICS": "    return ('reward=(.*)',)"},
    ),
    "again": Wrong(
        check="metrics_can_be_used",
        says="two metrics are called 'reward'",
        change={"    return METRICS": "    return METRICS + METRICS"},
    ),
    "blind": Wrong(
        check="metrics_read_a_captured_log",
        says="values of 'reward' in log.txt: 0 () instead of 2 (1, 2.5)",
        change={"reward=(": "Reward=("},
    ),
    "stepless": Wrong(
        check="metrics_read_a_captured_log",
        says="steps of 'reward' in log.txt: 2 (5.0, 5.0) instead of 2 (5, 9)",
        change={"step=([0-9]+)": "step=([0-5])"},
    ),
    "logless": Wrong(
        check="metrics_read_a_captured_log", says="no captured log is given", test="logs = ()"
    ),
    "unflagged": Wrong(
        check="flags_are_known",
        says="cannot names 'trainings', which is no capability. Did you mean 'training'?",
        test='cannot = {"training": "a test", "trainings": "misspelt"}',
    ),
    "outdated": Wrong(
        check="flags_are_known",
        says="cannot names 'hashes:0.9', but there are only 1.0, 1.1",
        test='cannot = {"training": "a test", "hashes:0.9": "gone"}',
    ),
    "reasonless": Wrong(
        check="flags_are_known",
        says="cannot gives no reason for 'training'",
        test='cannot = {"training": " "}',
    ),
    "boastful": Wrong(
        check="flags_are_known",
        says="cannot names 'captured_logs', but one is given",
        test='cannot = {"training": "a test", "captured_logs": "none"}',
    ),
    "untrained": Wrong(
        check="a_short_training_succeeds",
        says="no training is given",
        test="cannot = {'deployment': 'a test'}",
    ),
}


@pytest.mark.parametrize(
    "plugins",
    [PLUGINS, RELEASES, IMAGES, METRICS],
    ids=["plugins", "releases", "images", "metrics"],
)
def test_a_wrong_plugin_fails_the_check_of_what_is_wrong(
    tmp_path: Path, plugins: dict[str, Wrong]
) -> None:
    """One check fails, with a message that tells what was found; those of the others hold."""
    found = run_contract(tmp_path, {"good": Wrong(check="", says=""), **plugins})

    assert {} == found.pop("good")
    failed = {
        name: [each.removeprefix("test_").removeprefix("its_") for each in messages]
        for name, messages in found.items()
    }
    assert {name: [wrong.check] for name, wrong in plugins.items()} == failed
    unsaid = {
        name: messages
        for name, messages in found.items()
        if plugins[name].says not in "".join(messages.values())
    }
    assert {} == unsaid


def test_syntax_is_checked_without_the_interpreter(tmp_path: Path) -> None:
    """Where the release's Python is not on the machine, by the grammar that this one knows."""
    found = run_contract(
        tmp_path,
        {"newfangled": RELEASES["newfangled"]},
        PYENV_ROOT=str(tmp_path),
        UV_PYTHON_INSTALL_DIR=str(tmp_path),
        PATH=str(tmp_path),
    )

    [message] = found["newfangled"].values()
    assert "on Python 3.6: " in message
    assert "Assignment expressions are only supported in Python 3.8 and greater" in message


@pytest.mark.parametrize(
    ("ini", "option"),
    [
        ("[pytest]\naddopts = --strict-markers\nmarkers =\n  training: takes long\n", "-m"),
        ("[pytest]\naddopts = --strict-markers\n", "-k"),
    ],
    ids=["marker", "name"],
)
def test_trainings_can_be_left_out(tmp_path: Path, ini: str, option: str) -> None:
    """By their marker, where the stranger's configuration knows it, and by their name at least."""
    untrained = METRICS["untrained"]

    assert {"untrained": {}} == run_contract(
        tmp_path, {"untrained": untrained}, option, "not training", ini=ini
    )

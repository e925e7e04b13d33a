"""Plugins as strangers ship them, right or wrong, and the contract run on them by real pytest."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """
import rlcore
from rlcore import errors

hookimpl = rlcore.hookimpl
VERSIONS = ("1.0", "1.1")
METRICS = (rlcore.MetricDefinition(name="reward", regex="reward=([-+.0-9e]+)"),)
PYTHON = ">=3.6"
REQUIREMENTS = ("numpy==1.19.5 --hash=sha256:" + 64 * "0",)
PACKAGES = ("rlscript_NAME",)
HOST = "111122223333.dkr.ecr.{}.amazonaws.com/toy"


@hookimpl
def known_versions():
    return VERSIONS


def release_of(version):
    return rlcore.ToolkitRelease(
        toolkit="NAME",
        version=version,
        training=rlcore.Environment(python=PYTHON, requirements=REQUIREMENTS),
        serving=rlcore.Unavailable(reason="a test"),
        script_packages=PACKAGES,
        step_pattern="step=([0-9]+)",
    )


@hookimpl
def validate_version(version):
    if version not in VERSIONS:
        raise errors.UnsupportedVersion(f"no {version}; there are {', '.join(VERSIONS)}")
    return release_of(version)


@hookimpl
def image_uri(release, region, instance_type):
    return f"{HOST.format(region)}-{kind(instance_type)}:{release.version}"


def kind(instance_type):
    return "gpu" if ".p" in instance_type else "cpu"


@hookimpl
def default_metrics(release):
    return METRICS


@hookimpl
def model_class(release):
    return rlcore.FrameworkModel


@hookimpl
def release_from_image(image_uri):
    if "amazonaws.com/toy-" in image_uri:
        return release_of(image_uri.rpartition(":")[2])
"""
TEST = """
from pathlib import Path

from rlcore.testing import CapturedLog, ShortTraining, ToolkitContract

LOG = Path(__file__).with_name("log.txt")
"""
CLASS = """

class Test_NAME(ToolkitContract):
    key = "NAME"
    logs = (CapturedLog(version="1.0", path=LOG, metric="reward", values=(1, 2.5), steps=(5, 9)),)
    cannot = {"training": "a test"}
    EXTRA
"""
LOG = "step=5 reward=1\nnothing\nstep=9 reward=2.5\n"
STRANGER = "[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n"


@attrs.frozen(kw_only=True)
class Wrong:
    """A plugin that differs from the good one.

    Attributes:
        check: The check that must fail, and no other.
        says: What its message must hold.
        change: What is replaced in the good plugin's source.
        more: What stands at the end of it.
        test: A line of the class of its tests.
        key: Its entry point's name, where that is not what the tests ask for.
        script: What stands in its script-side package.
    """

    check: str
    says: str
    change: Mapping[str, str] = attrs.field(factory=dict)
    more: str = ""
    test: str = ""
    key: str | None = None
    script: str = ""

    def source(self, name: str) -> str:
        """Return the module of the plugin."""
        text = GOOD
        for old, new in self.change.items():
            assert old in text
            text = text.replace(old, new)
        return (text + textwrap.dedent(self.more)).replace("NAME", name)


Outcome = dict[str, dict[str, str]]


def install(
    folder: Path, name: str, source: str, key: str | None = None, script_side: str = ""
) -> None:
    """Put a distribution with a plugin and a script-side package into a folder."""
    info = folder / f"rl_plugin_{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: rl-plugin-{name}\nVersion: 1.0\n")
    point = f"{key or name} = rl_plugin_{name}\n"
    (info / "entry_points.txt").write_text(f"[rlcore.toolkits]\n{point}")
    (folder / f"rl_plugin_{name}.py").write_text(source)
    script = folder / f"rlscript_{name}"
    script.mkdir()
    (script / "__init__.py").write_text(script_side)


def run_pytest(
    folder: Path, tests: str, *options: str, ini: str = STRANGER, **environ: str
) -> Outcome:
    """Run tests in a folder as a stranger would; return the messages of failures by class."""
    (folder / "log.txt").write_text(LOG)
    (folder / "pytest.ini").write_text(ini)
    (folder / "test_contract.py").write_text(tests)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("--junitxml=found.xml", *options, "test_contract.py"),
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), **environ},
        check=False,
        capture_output=True,
        text=True,
    )
    assert (folder / "found.xml").is_file(), done.stdout + done.stderr
    found: Outcome = {}
    for case in ET.parse(folder / "found.xml").iter("testcase"):  # noqa: S314 - our own
        _, _, name = case.get("classname", "").rpartition(".Test_")
        failures = found.setdefault(name, {})
        for kind in ("failure", "error"):
            for failure in case.iter(kind):
                failures[case.get("name", "").partition("[")[0]] = failure.text or ""
    return found


def run_contract(
    folder: Path, plugins: Mapping[str, Wrong], *options: str, **given: str
) -> Outcome:
    """Install plugins side by side, and tell which checks of each failed."""
    tests = TEST
    for name, wrong in plugins.items():
        install(folder, name, wrong.source(name), wrong.key, wrong.script)
        tests += CLASS.replace("NAME", name).replace("EXTRA", wrong.test)
    return run_pytest(folder, tests, *options, **given)

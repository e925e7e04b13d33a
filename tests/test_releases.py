"""Tests of tables of releases."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from rlcore.errors import InvalidArgument, PluginError, UnsupportedVersion
from rlcore.releases import ReleaseTable, nearest_version
from rlcore.spec import Environment, MetricDefinition, Unavailable

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = {"group": "G1", "repository": "lab-training", "tag": "lab{processor}-1"}
DOCUMENT: dict[str, Any] = {
    "toolkit": "lab",
    "framework": "pytorch",
    "defaults": {
        "serving": {"unavailable": "nobody serves it"},
        "training": {"unavailable": "too old"},
        "metrics": {"b": "b=(\\d+)", "a": "a=(\\d+)"},
        "image": IMAGE,
    },
    "releases": [
        {"version": "1.0", "framework_version": "0.4"},
        {
            "version": "2.0",
            "image": {**IMAGE, "tag": "lab2"},
            "training": {"python": ">=3.10", "lock": "locks/2.txt"},
            "metrics": {},
            "step_pattern": "step (\\d+)",
            "image_requirements": ["lab==2.0"],
            "script_packages": ["rlscript_lab"],
            "hosting": {"group": "D", "repository": "lab-serving", "tag": "2"},
        },
    ],
}

LOCK = """\
# why
lab==2.0 ; python_version < '3' \\
    --hash=sha256:12 \\
    --hash=sha256:34

  torch==2.13.0
"""


def table(folder: Path, document: dict[str, Any]) -> ReleaseTable:
    """Write a file of releases and a lock, and read them."""
    (folder / "locks").mkdir()
    (folder / "locks/2.txt").write_text(LOCK, encoding="utf-8")
    path = folder / "releases.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return ReleaseTable(path)


@pytest.fixture
def lab(tmp_path: Path) -> ReleaseTable:
    """Return a table of two releases."""
    return table(tmp_path, DOCUMENT)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({}, None),
        ({"native_serving": "training"}, "lab==2.0"),
        ({"native_serving": {"python": ">=3.6", "lock": "locks/old.txt"}}, "old==1.0"),
    ],
)
def test_what_serves_models_in_the_frameworks_format(
    tmp_path: Path, entry: dict[str, Any], expected: str | None
) -> None:
    """Nothing of its own, the environment that trains, or one more."""
    rows = [{**row, **entry} for row in DOCUMENT["releases"]]
    found = table(tmp_path, {**DOCUMENT, "releases": rows})
    (tmp_path / "locks/old.txt").write_text("old==1.0\n", encoding="utf-8")

    native = found.validate_version("2.0").native_serving

    first = native.requirements[0].partition(" ")[0] if isinstance(native, Environment) else None
    assert expected == first


def test_a_wrong_word_for_what_serves(tmp_path: Path) -> None:
    """A row that names another environment is told which word there is."""
    rows = [{**row, "native_serving": "serving"} for row in DOCUMENT["releases"]]
    found = table(tmp_path, {**DOCUMENT, "releases": rows})

    with pytest.raises(PluginError, match="native_serving of 2.0 .* 'training', not 'serving'"):
        found.validate_version("2.0")


def test_release_of_defaults(lab: ReleaseTable) -> None:
    """What a row leaves out comes from the defaults."""
    release = lab.validate_version("1.0")

    assert "lab 1.0 (pytorch 0.4)" == str(release)
    assert Unavailable(reason="too old") == release.training
    assert Unavailable(reason="nobody serves it") == release.serving
    assert release.data["hosting"] is None


def test_release_of_its_own(lab: ReleaseTable) -> None:
    """What a row names wins; a lock's pins have a line each, without comments and blank ones."""
    release = lab.validate_version("2.0")

    lab_pin = "lab==2.0 ; python_version < '3' --hash=sha256:12 --hash=sha256:34"
    requirements = (lab_pin, "torch==2.13.0")
    assert Environment(python=">=3.10", requirements=requirements) == release.training
    assert "step (\\d+)" == release.step_pattern
    assert ("lab==2.0",) == release.image_requirements
    assert ("rlscript_lab",) == release.script_packages
    assert DOCUMENT["releases"][1]["hosting"] == release.data["hosting"]


def test_metrics_keep_their_order(lab: ReleaseTable) -> None:
    """Metrics come in the order of the file; a row may have none."""
    expected = (
        MetricDefinition(name="b", regex="b=(\\d+)"),
        MetricDefinition(name="a", regex="a=(\\d+)"),
    )

    assert expected == lab.default_metrics(lab.validate_version("1.0"))
    assert () == lab.default_metrics(lab.validate_version("2.0"))


def test_known_versions(lab: ReleaseTable) -> None:
    """The versions are those of the file, in its order."""
    assert ("1.0", "2.0") == lab.known_versions()


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_image_goes_there_and_back(lab: ReleaseTable, version: str) -> None:
    """A release's image tells the release again."""
    release = lab.validate_version(version)

    assert release == lab.release_from_image(lab.image_uri(release, "us-west-2", "local"))


@pytest.mark.parametrize("uri", ["lab:1", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/lab:2"])
def test_foreign_image(lab: ReleaseTable, uri: str) -> None:
    """An image of nobody's is of no release."""
    assert lab.release_from_image(uri) is None


def test_unknown_version_with_a_framework(lab: ReleaseTable) -> None:
    """The error keeps the original's words, and names the nearest and the known."""
    words = (
        r"^Provided `lab-1\.1` and `pytorch` combination is not supported\."
        r" Did you mean '1\.0'\? Known versions: 1\.0, 2\.0\.$"
    )

    with pytest.raises(UnsupportedVersion, match=words):
        lab.validate_version("1.1")


def test_unknown_version_without_a_framework(tmp_path: Path) -> None:
    """A toolkit without a framework is named alone."""
    lab = table(tmp_path, {**DOCUMENT, "framework": None})

    with pytest.raises(UnsupportedVersion, match="^Provided `lab-9` is not supported"):
        lab.validate_version("9")


@pytest.mark.parametrize(
    "mistake",
    [
        {"metric": {}},
        {"image": {"group": "G1", "repo": "lab", "tag": "1"}},
        {"image": 3},
    ],
)
def test_wrong_row(tmp_path: Path, mistake: dict[str, Any]) -> None:
    """A misspelt key is an error that names the file and the release."""
    releases = [{**DOCUMENT["releases"][0], **mistake}]

    with pytest.raises(PluginError, match=r"releases\.json describes release '1\.0' wrongly"):
        table(tmp_path, {**DOCUMENT, "releases": releases})


@pytest.mark.parametrize(
    ("mistake", "says"),
    [
        (
            {"training": {"python": ">=3.6", "lok": "locks/2.txt"}},
            r"training of release '1\.0' wrongly: it is {.*}\. Did you mean 'lock'\? It takes",
        ),
        ({"serving": {}}, r"serving of release '1\.0' wrongly: it is {}\. It takes 'python' and"),
        ({"serving": None}, r"serving of release '1\.0' wrongly: it is None\. It takes 'python'"),
        (
            {"native_serving": {"unavailable": "no", "lock": "locks/2.txt"}},
            r"native_serving of .*\. It takes 'python' and 'lock', or 'unavailable' alone\.$",
        ),
    ],
)
def test_wrong_environment(tmp_path: Path, mistake: dict[str, Any], says: str) -> None:
    """What is misspelt inside an entry is found when the file is read, not at its first use."""
    releases = [{**DOCUMENT["releases"][0], **mistake}]

    with pytest.raises(PluginError, match=rf"^releases\.json describes {says}"):
        table(tmp_path, {**DOCUMENT, "releases": releases})


def test_two_rows_of_one_release(tmp_path: Path) -> None:
    """Neither is dropped silently."""
    releases = [DOCUMENT["releases"][0], *DOCUMENT["releases"]]

    with pytest.raises(PluginError, match=r"^releases\.json has two rows of release '1\.0'; keep"):
        table(tmp_path, {**DOCUMENT, "releases": releases})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"toolkit": "lab"\n "releases": []}', "is no JSON: Expecting ',' delimiter: line 2"),
        ("", "is no JSON: "),
        ('{"toolkit": "lab"}', "must be an object with the keys 'toolkit' and 'releases'"),
        ("[]", "must be an object"),
    ],
)
def test_wrong_file(tmp_path: Path, text: str, says: str) -> None:
    """The error names the file."""
    path = tmp_path / "releases.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(PluginError, match=rf"^releases\.json {says}"):
        ReleaseTable(path)


@pytest.mark.parametrize("without", [{"image": None}, {}])
def test_a_release_without_an_image(tmp_path: Path, without: dict[str, Any]) -> None:
    """It says so when it is asked for one, and is of no image."""
    plain = {name: value for name, value in DOCUMENT["defaults"].items() if name != "image"}
    document = {**DOCUMENT, "defaults": plain, "releases": [{"version": "1.0", **without}]}
    lab = table(tmp_path, document)

    with pytest.raises(
        InvalidArgument, match=r"^lab 1\.0.* has no training image\. Train it local"
    ):
        lab.image_uri(lab.validate_version("1.0"), "us-west-2", "ml.c5.xlarge")
    uri = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/lab-training:labcpu-1"
    assert lab.release_from_image(uri) is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("0.11.2", "0.11.1"),
        ("0.9", "0.10"),
        ("0.12", "0.11"),
        ("9.9", "2.60.0"),
        ("2.59.1", "2.60.0"),
        ("1", "1.0.0"),
        ("v1.0.0", "1.0.0"),
        ("latest", "2.60.0"),
        ("", "2.60.0"),
    ],
)
def test_nearest_version(given: str, expected: str) -> None:
    """The first component that differs decides; what is no version means the newest."""
    known = ("0.10", "0.10.1", "0.11", "0.11.1", "1.0.0", "2.60.0")

    assert expected == nearest_version(given, known)

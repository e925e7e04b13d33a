"""A policy's manifest."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
import small_policies
from small_policies import write_model

from rlserving import manifest
from rlserving.manifest import ManifestError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a model."""
    return write_model(
        tmp_path / "model",
        {"red_0": "default"},
        default=small_policies.masked(),
        other=small_policies.recurrent(),
    )


def test_reading(folder: Path) -> None:
    """What the document says is there, by role."""
    found = manifest.read(folder)
    policy = found.policies["default"]

    assert ("ray.pytorch", "2.60.0") == (found.toolkit, found.release)
    assert ({"red_0": "default"}, {"id": "CartPole-v1"}) == (found.agents, found.env)
    assert ["observation", "mask", "noise"] == [each["name"] for each in policy.inputs]
    assert ["mask"] == [each["name"] for each in policy.inputs_of("mask")]
    assert ["observation"] == [each["name"] for each in policy.inputs_of("observation")]
    assert ["action"] == [each["name"] for each in policy.outputs_of("action")]
    assert ["h1"] == [each["name"] for each in found.policies["other"].outputs_of("state")]


def test_which_policy_is_asked(folder: Path) -> None:
    """A policy is found by its name, by an agent, by both if they agree, or as the only one."""
    found = manifest.read(folder)
    single = found._replace(policies={"only": found.policies["other"]}, agents={})

    assert "other" == found.policy_of("other")
    assert "default" == found.policy_of(agent="red_0")
    assert "default" == found.policy_of("default", "red_0")
    assert "only" == single.policy_of()
    with pytest.raises(ValueError, match="no agent 'red_0'; there are none"):
        single.policy_of(agent="red_0")
    with pytest.raises(ValueError, match="name one, policy being 'default', 'other'"):
        found.policy_of()


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["format"], 2, "policy.json has the format 2; this version of rlcore reads 1"),
        (["format"], None, "policy.json has the format None"),
        (["policies"], {}, "policy.json names no policy"),
        (["policies"], [], "lacks a part, or has it in another form"),
        (["policies", "default", "graph"], "defaul.onnx", "did you mean 'default.onnx'?"),
        (["policies", "default", "inputs", 1, "role"], "masc", "'masc'; did you mean 'mask'?"),
        (["policies", "default", "inputs", 2, "law"], "gumble", "did you mean 'gumbel'?"),
        (["policies", "default", "outputs", 0, "role"], "acton", "did you mean 'action'?"),
        (["policies", "default", "observation", "type"], "Bocks", "unknown type of space: 'Bocks'"),
        (["policies", "other", "outputs", 1, "of"], "c", "state that 'h1' continues: 'c'; there"),
        (["agents", "red_0"], "defaults", "the policy of agent 'red_0': 'defaults'; did you mean"),
        (["files", "../secret"], "0" * 64, "policy.json names '../secret', outside the model"),
        (["files", "/etc/passwd"], "0" * 64, "policy.json names '/etc/passwd', outside the model"),
        (["files", "a/../../b"], "0" * 64, "policy.json names 'a/../../b', outside the model"),
        (["files", "gone.onnx"], "0" * 64, "names 'gone.onnx', which is not there"),
        (["files", "other.onnx"], "0" * 64, "'other.onnx' is not the file that policy.json names"),
    ],
)
def test_wrong_manifests(folder: Path, path: list[Any], value: Any, message: str) -> None:
    """What is wrong in the document is said, with the nearest of what is right."""
    document = json.loads((folder / "policy.json").read_text("utf-8"))
    changed = copy.deepcopy(document)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    (folder / "policy.json").write_text(json.dumps(changed), "utf-8")

    with pytest.raises(ManifestError) as caught:
        manifest.read(folder)

    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "policy.json is no JSON"), ("[]", "policy.json has the format 'list'")],
)
def test_no_manifest(folder: Path, content: str, message: str) -> None:
    """A document that is none is refused."""
    (folder / "policy.json").write_text(content, "utf-8")

    with pytest.raises(ManifestError, match=message):
        manifest.read(folder)


def test_a_missing_manifest(tmp_path: Path) -> None:
    """A folder without one is refused."""
    with pytest.raises(ManifestError, match="policy.json cannot be read"):
        manifest.read(tmp_path)


def test_a_link_is_no_file(folder: Path, tmp_path: Path) -> None:
    """A file of the model is a file in the model, never a link to another."""
    (tmp_path / "elsewhere").write_bytes((folder / "other.onnx").read_bytes())
    (folder / "other.onnx").unlink()
    (folder / "other.onnx").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ManifestError, match="names 'other.onnx', which is not there"):
        manifest.read(folder)

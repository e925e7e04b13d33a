"""Warnings point to the line of whoever is warned."""

from __future__ import annotations

import importlib
import warnings
from typing import TYPE_CHECKING, Any

import pluggy

from rlcore import RLEstimator
from rlcore.endpoints import ModelRequest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    import pytest

# A plugin's model, and a hook as extensions wrap: both lead to a warning of core's.
PLUGIN = """
import pluggy
import rlcore

class Served(rlcore.TensorFlowServingModel):
    def environment(self, region):
        return super().environment(region)

@pluggy.HookimplMarker("toys")
def serve(model):
    return model.container("us-west-2", "ml.m5.large")
"""
REQUEST = ModelRequest(
    release=None,
    model_data="s3://bucket/model.tar.gz",
    image_uri="123456789012.dkr.ecr.us-west-2.amazonaws.com/serving:1.12-cpu",
    entry_point="serve.py",
)


def module(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the plugin as a module of this name."""
    (folder / f"{name}.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(str(folder))
    return importlib.import_module(name)


def places(act: Callable[[], Any]) -> set[str]:
    """Return the files to which the warnings of an action point."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        act()
    return {warning.filename for warning in caught}


def test_through_a_plugin(tmp_path, monkeypatch):
    """What a plugin passes on is the line of whoever asked it."""
    model = module(tmp_path, "rl_plugin_passing", monkeypatch).Served(REQUEST, platform=None)

    assert {__file__} == places(lambda: model.container("us-west-2", "ml.m5.large"))


def test_through_a_hook(tmp_path, monkeypatch):
    """The calls of hooks between them are nobody's either."""
    plugin = module(tmp_path, "rl_plugin_hooked", monkeypatch)
    manager = pluggy.PluginManager("toys")
    manager.register(plugin)
    model = plugin.Served(REQUEST, platform=None)

    assert {__file__} == places(lambda: manager.hook.serve(model=model))


def test_what_is_no_plugin_by_its_name(tmp_path, monkeypatch):
    """A module of any other name is the caller."""
    other = module(tmp_path, "mirror_of_ours", monkeypatch)
    model = other.Served(REQUEST, platform=None)

    assert {other.__file__} == places(lambda: model.container("us-west-2", "ml.m5.large"))


def test_the_constructor():
    """It is the line that makes the estimator."""
    given = {"toolkit": "ray", "framework": "pytorch", "image_uri": "my/image:1"}

    assert {__file__} == places(lambda: RLEstimator("train.py", **given))


def test_a_plan(tmp_path, monkeypatch):
    """Here the source is too large, something is a secret, and no such instance is known."""
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    (tmp_path / "train.py").touch()
    with (tmp_path / "weights").open("wb") as file:
        file.truncate(101 * 1024**2)
    estimator = RLEstimator(
        "train.py",
        source_dir=str(tmp_path),
        image_uri="123456789012.dkr.ecr.us-west-2.amazonaws.com/mine:1",
        role="arn:aws:iam::123456789012:role/R",
        instance_type="ml.z99.large",
        hyperparameters={"password": "x"},
    )

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        estimator.plan()

    found = {str(warning.message).split()[0]: warning.filename for warning in caught}
    assert {"The": __file__, "Likely": __file__, "ml.z99.large": __file__} == found

"""The hooks of the keys `ray.tensorflow` and `ray.pytorch`, one object each.

Policies of every release are exported: on PyTorch as a graph with an inference script of its own,
on TensorFlow as a SavedModel too, for TensorFlow Serving.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rlcore import ExportedModel, ReleaseTable, TensorFlowServingModel, hookimpl

if TYPE_CHECKING:
    from rlcore import Model, ToolkitRelease

_HERE = Path(__file__).parent


class RayOnTensorFlow(ReleaseTable):
    """Ray RLlib on TensorFlow."""

    @hookimpl
    def model_class(self, release: ToolkitRelease) -> type[Model]:  # noqa: ARG002 - all alike
        """Return the class of models in TensorFlow Serving."""
        return TensorFlowServingModel


class RayOnPyTorch(ReleaseTable):
    """Ray RLlib on PyTorch."""

    @hookimpl
    def model_class(self, release: ToolkitRelease) -> type[Model]:  # noqa: ARG002 - all alike
        """Return the class of models that bring their inference script."""
        return ExportedModel


tensorflow = RayOnTensorFlow(_HERE / "tensorflow.json")
pytorch = RayOnPyTorch(_HERE / "pytorch.json")

"""The hooks of the key `coach.tensorflow`; its facts stand in `releases.json`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rlcore import ReleaseTable, TensorFlowServingModel, hookimpl

if TYPE_CHECKING:
    from rlcore import Model, ToolkitRelease


class Coach(ReleaseTable):
    """Coach on TensorFlow."""

    @hookimpl
    def model_class(self, release: ToolkitRelease) -> type[Model]:  # noqa: ARG002 - all alike
        """Return the class of models in TensorFlow Serving."""
        return TensorFlowServingModel


plugin = Coach(Path(__file__).with_name("releases.json"))

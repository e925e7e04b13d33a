"""The hooks of the key `coach.mxnet`; its facts stand in `releases.json`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rlcore import FrameworkModel, MXNetPredictor, ReleaseTable, hookimpl

if TYPE_CHECKING:
    from rlcore import Hosting, Model, ToolkitRelease


class MXNetModel(FrameworkModel):
    """A network in MXNet's container, served by the user's script."""

    uses_training_script = True

    def predictor(self, endpoint_name: str, hosting: Hosting) -> MXNetPredictor:
        """Return what asks the container in JSON."""
        return MXNetPredictor(endpoint_name, hosting=hosting)


class Coach(ReleaseTable):
    """Coach on MXNet."""

    @hookimpl
    def model_class(self, release: ToolkitRelease) -> type[Model]:  # noqa: ARG002 - all alike
        """Return the class of models in SageMaker's MXNet image, with the user's script."""
        return MXNetModel


plugin = Coach(Path(__file__).with_name("releases.json"))

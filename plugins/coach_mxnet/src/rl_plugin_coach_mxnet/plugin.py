"""The hooks of the key `coach.mxnet`; its facts stand in `releases.json`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rlcore import FrameworkModel, ReleaseTable, hookimpl

if TYPE_CHECKING:
    from rlcore import Model, ToolkitRelease


class Coach(ReleaseTable):
    """Coach on MXNet."""

    @hookimpl
    def model_class(self, release: ToolkitRelease) -> type[Model]:  # noqa: ARG002 - all alike
        """Return the class of models in SageMaker's MXNet image, with the user's script."""
        return FrameworkModel


plugin = Coach(Path(__file__).with_name("releases.json"))

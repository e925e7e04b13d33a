"""The hooks of the keys `ray.tensorflow` and `ray.pytorch`, one object each.

Releases whose row names a hosting image export their policies with an inference script of their
own; the older ones cannot be deployed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rlcore import FrameworkModel, Model, ReleaseTable, hookimpl
from rlcore.errors import NotDeployable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

    from rlcore import ToolkitRelease

_HERE = Path(__file__).parent


class ExportedModel(FrameworkModel):
    """A policy that brings its inference script, `code/inference.py`, in its own archive."""

    def environment(self, region: str) -> Mapping[str, str]:
        """Return the usual variables, with the archive's own script as the program."""
        return {
            **super().environment(region),
            "SAGEMAKER_PROGRAM": "inference.py",
            "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
        }


class CheckpointModel(Model):
    """A policy that exists only as a checkpoint of its training job."""

    def container(
        self,
        region: str,  # noqa: ARG002 - nowhere
        instance_type: str,  # noqa: ARG002 - on nothing
        accelerator_type: str | None = None,  # noqa: ARG002
    ) -> NoReturn:
        """Raise `NotDeployable`."""
        msg = (
            "Automatic deployment of Ray models is not currently available. Train policy parameters"
            " are available in model checkpoints in the TrainingJob output."
        )
        raise NotDeployable(msg)


class Ray(ReleaseTable):
    """Ray RLlib on one framework."""

    @hookimpl
    def model_class(self, release: ToolkitRelease) -> type[Model]:
        """Return the class that fits what the release exports."""
        return ExportedModel if release.data["hosting"] else CheckpointModel


tensorflow = Ray(_HERE / "tensorflow.json")
pytorch = Ray(_HERE / "pytorch.json")

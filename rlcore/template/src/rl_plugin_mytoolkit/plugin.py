"""The hooks of the key `mytoolkit.numpy`, answered from `releases.json`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rlcore import FrameworkModel, Model, ReleaseTable, hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping


class ExportedModel(FrameworkModel):
    """A policy that brings the code which serves it, `code/inference.py`, in its own archive."""

    def environment(self, region: str) -> Mapping[str, str]:
        """Return the usual variables, with the archive's own script as the program."""
        return {
            **super().environment(region),
            "SAGEMAKER_PROGRAM": "inference.py",
            "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
        }


class Releases(ReleaseTable):
    """What is in the table, and the class of the models."""

    @hookimpl
    def model_class(self) -> type[Model]:
        """Return the class of models that bring their inference code."""
        return ExportedModel


plugin = Releases(Path(__file__).with_name("releases.json"))

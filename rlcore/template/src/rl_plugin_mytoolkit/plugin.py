"""The hooks of the key `mytoolkit.numpy`, answered from `releases.json`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rlcore import ExportedModel, ReleaseTable, hookimpl

if TYPE_CHECKING:
    from rlcore import Model


class Releases(ReleaseTable):
    """What is in the table, and the class of the models."""

    @hookimpl
    def model_class(self) -> type[Model]:
        """Return the class of models that bring their inference code."""
        return ExportedModel


plugin = Releases(Path(__file__).with_name("releases.json"))

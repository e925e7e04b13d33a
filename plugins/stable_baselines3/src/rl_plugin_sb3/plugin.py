"""The hooks of the key `sb3.pytorch`, answered from `releases.json`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rlcore import ExportedModel, ReleaseTable, hookimpl

if TYPE_CHECKING:
    from rlcore import Model


class StableBaselines3(ReleaseTable):
    """Stable-Baselines3 on PyTorch."""

    @hookimpl
    def model_class(self) -> type[Model]:
        """Return the class of models that bring their inference script."""
        return ExportedModel


plugin = StableBaselines3(Path(__file__).with_name("releases.json"))

"""The hooks of the key `coach.tensorflow`; its facts stand in `releases.json`."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from rlcore import FrameworkModel, ReleaseTable, TensorFlowPredictor, hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rlcore import Hosting, Model, ToolkitRelease

NGINX_LEVELS = {10: "debug", 20: "info", 30: "warn", 40: "error", 50: "crit"}


class TensorFlowServingModel(FrameworkModel):
    """A SavedModel in TensorFlow Serving, which runs no script of the user's."""

    def environment(self, region: str) -> Mapping[str, str]:  # noqa: ARG002 - not told to it
        """Return the log level in the server's words; none, with a warning, for one it lacks."""
        if self.request.entry_point:
            msg = f"TensorFlow Serving runs no script: {self.request.entry_point} is left out."
            warnings.warn(msg, UserWarning, stacklevel=2)
        level = self.request.container_log_level
        if level not in NGINX_LEVELS:
            msg = f"container_log_level={level} is left out: TensorFlow Serving has {NGINX_LEVELS}."
            warnings.warn(msg, UserWarning, stacklevel=2)
            return {}
        return {"SAGEMAKER_TFS_NGINX_LOGLEVEL": NGINX_LEVELS[level]}

    def predictor(self, endpoint_name: str, hosting: Hosting) -> TensorFlowPredictor:
        """Return what asks the server by its three methods."""
        return TensorFlowPredictor(endpoint_name, hosting=hosting)


class Coach(ReleaseTable):
    """Coach on TensorFlow."""

    @hookimpl
    def model_class(self, release: ToolkitRelease) -> type[Model]:  # noqa: ARG002 - all alike
        """Return the class of models in TensorFlow Serving."""
        return TensorFlowServingModel


plugin = Coach(Path(__file__).with_name("releases.json"))

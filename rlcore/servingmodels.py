"""Models that the policies of more than one toolkit are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlcore.model import FrameworkModel
from rlcore.warning import warn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rlcore.platforms.base import Hosting
    from rlcore.servingpredictors import TensorFlowPredictor

_NGINX_LEVELS = {10: "debug", 20: "info", 30: "warn", 40: "error", 50: "crit"}


class ExportedModel(FrameworkModel):
    """A policy that brings the code which serves it, `code/inference.py`, in its own archive."""

    def environment(self, region: str) -> Mapping[str, str]:
        """Return the usual variables, with the archive's own script as the program."""
        return {
            **super().environment(region),
            "SAGEMAKER_PROGRAM": "inference.py",
            "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
        }


class TensorFlowServingModel(FrameworkModel):
    """A SavedModel in TensorFlow Serving, which runs no script of the user's."""

    def environment(self, region: str) -> Mapping[str, str]:  # noqa: ARG002 - not told to it
        """Return the log level in the server's words; none, with a warning, for one it lacks."""
        script, level = self.request.entry_point, self.request.container_log_level
        if script:
            msg = f"The server of SavedModels runs no script: {script} is left out."
            warn(msg)
        if level not in _NGINX_LEVELS:
            msg = (
                f"container_log_level={level} is left out: the server has {sorted(_NGINX_LEVELS)}."
            )
            warn(msg)
            return {}
        return {"SAGEMAKER_TFS_NGINX_LOGLEVEL": _NGINX_LEVELS[level]}

    def predictor(self, endpoint_name: str, hosting: Hosting) -> TensorFlowPredictor:
        """Return what asks the server by its three methods."""
        from rlcore.servingpredictors import TensorFlowPredictor  # noqa: PLC0415 - plans need none

        return TensorFlowPredictor(endpoint_name, hosting=hosting)

"""Predictors of models that the original's containers serve, by the names that they had there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rlcore.predictor import Predictor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rlcore.platforms.base import Platform


class TensorFlowPredictor(Predictor):
    """Asks TensorFlow Serving, by its three methods.

    Args:
        endpoint_name: See `Predictor`, as for what is not told here.
        platform: Likewise.
        model_name: Name of the model, where the server has several.
        model_version: Its version, where it is not the newest.
        **kwargs: Likewise.
    """

    def __init__(
        self,
        endpoint_name: str,
        platform: str | Platform | None = None,
        *,
        model_name: str | None = None,
        model_version: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Hold an endpoint; nothing is asked of it."""
        super().__init__(endpoint_name, platform, **kwargs)
        named = {"tfs-model-name": model_name, "tfs-model-version": model_version}
        self._attributes = [f"{name}={value}" for name, value in named.items() if value]

    def predict(self, data: Any, initial_args: Mapping[str, Any] | None = None) -> Any:
        """Send *data*, `{"instances": [...]}` or `{"inputs": ...}`, and return the answer."""
        return self._call("predict", data, initial_args)

    def classify(self, data: Any) -> Any:
        """Send examples to the signature that classifies."""
        return self._call("classify", data, None)

    def regress(self, data: Any) -> Any:
        """Send examples to the signature that regresses."""
        return self._call("regress", data, None)

    def _call(self, method: str, data: Any, initial_args: Mapping[str, Any] | None) -> Any:
        given = dict(initial_args or {})
        attributes = [*self._attributes]
        if method != "predict":
            attributes.insert(0, f"tfs-method={method}")
        own = given.get("CustomAttributes")
        joined = ",".join([*([own] if own else []), *attributes])
        if joined:
            given["CustomAttributes"] = joined
        return super().predict(data, given)


class MXNetPredictor(Predictor):
    """Asks a model in MXNet's container, in JSON both ways."""

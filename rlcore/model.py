"""Trained models as data: the container that serves them.

Whatever deploys calls `model_class(ModelRequest(...))` and asks the object; nothing here touches a
network or a disk. A plugin subclasses `Model`, or `FrameworkModel` where its release names an image
of the hosting service.
"""

from __future__ import annotations

import abc
import warnings
from typing import TYPE_CHECKING

import attrs

from rlcore.endpoints import Container, ModelRequest
from rlcore.errors import InvalidArgument, NotDeployable
from rlcore.images import ImageTemplate, processor

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOTEBOOK_ACCELERATOR = "local_sagemaker_notebook"


@attrs.frozen
class Model(abc.ABC):
    """A trained model, made from what is known of it."""

    request: ModelRequest

    @abc.abstractmethod
    def container(
        self, region: str, instance_type: str, accelerator_type: str | None = None
    ) -> Container:
        """Return the container that serves the model.

        Args:
            region: Region of the endpoint.
            instance_type: What it runs on; decides between the images for cpu and gpu.
            accelerator_type: Elastic Inference accelerator, which the service has discontinued.

        Raises:
            InvalidArgument: There is no image for the region or the instance type.
            NotDeployable: The release has no way to be served.
        """


class FrameworkModel(Model):
    """A model in an image of one's own, or in the hosting image that its release names."""

    def container(
        self, region: str, instance_type: str, accelerator_type: str | None = None
    ) -> Container:
        """Return the container; the request's own variables win over the usual ones."""
        return Container(
            image_uri=self.image_uri(region, instance_type, accelerator_type),
            model_data=self.request.model_data,
            environment={**self.environment(region), **self.request.environment},
        )

    def image_uri(
        self, region: str, instance_type: str, accelerator_type: str | None = None
    ) -> str:
        """Return the request's image if it has one, otherwise the release's hosting image."""
        if accelerator_type:
            check_accelerator(accelerator_type)
        if self.request.image_uri:
            return self.request.image_uri
        template = self._hosting_image()
        kind = processor(instance_type)
        if accelerator_type:
            # The accelerator's images were built for cpu instances only.
            template = attrs.evolve(template, repository=f"{template.repository}-eia")
            kind = "cpu"
        return template.uri(region, kind)

    def environment(self, region: str) -> Mapping[str, str]:
        """Return the variables by which the serving container finds the inference script.

        The same five that the first generation of the SageMaker SDK sent.
        """
        variables = {
            "SAGEMAKER_PROGRAM": self.request.entry_point,
            "SAGEMAKER_SUBMIT_DIRECTORY": self.request.source_uri,
            "SAGEMAKER_ENABLE_CLOUDWATCH_METRICS": "false",
            "SAGEMAKER_CONTAINER_LOG_LEVEL": str(self.request.container_log_level),
            "SAGEMAKER_REGION": region,
        }
        return {name: value for name, value in variables.items() if value is not None}

    def _hosting_image(self) -> ImageTemplate:
        release = self.request.release
        row = release.data.get("hosting") if release else None
        if not row:
            msg = f"{release or 'The model'} has no hosting image; name one (image_uri=...)."
            raise NotDeployable(msg)
        return ImageTemplate(**row)


def check_accelerator(accelerator_type: str) -> None:
    """Warn that Elastic Inference is over; raise `InvalidArgument` for what was never one."""
    if not accelerator_type.startswith("ml.eia") and accelerator_type != _NOTEBOOK_ACCELERATOR:
        msg = (
            f"{accelerator_type!r} is not an Elastic Inference accelerator. Allowed are 'ml.eia*'"
            f" and {_NOTEBOOK_ACCELERATOR!r}."
        )
        raise InvalidArgument(msg)
    msg = (
        "Elastic Inference is discontinued: the service no longer starts endpoints with"
        f" accelerator_type={accelerator_type!r}. Leave it out, or choose a GPU instance type."
    )
    warnings.warn(msg, UserWarning, stacklevel=2)

"""Trained models: what serves them, and how they come into service.

Whatever deploys calls `model_class(ModelRequest(...))` and asks the object. A plugin subclasses
`Model`, or `FrameworkModel` where its release names an image of the hosting service.
"""

from __future__ import annotations

import abc
import inspect
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from rlcore.endpoints import Container, ModelRequest
from rlcore.errors import InvalidArgument, NotDeployable
from rlcore.images import ImageTemplate, processor
from rlcore.names import toolkit_key
from rlcore.warning import warn

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from rlcore.platforms.base import Hosting, Platform
    from rlcore.predictor import Predictor
    from rlcore.registry import ToolkitRegistry
    from rlcore.source import Bundle
    from rlcore.spec import ToolkitRelease

_NOTEBOOK_ACCELERATOR = "local_sagemaker_notebook"


@attrs.frozen
class Model(abc.ABC):
    """A trained model, made from what is known of it.

    Attributes:
        request: What is known.
        bundle: The packed inference code, where it is on this machine.
        platform: Where the model is deployed to unless `deploy` says otherwise.
    """

    uses_training_script: ClassVar[bool] = False
    """Whether the training's script serves the model where no other is given."""

    request: ModelRequest
    bundle: Any = attrs.field(default=None, kw_only=True, repr=False)
    platform: Any = attrs.field(default=None, kw_only=True, repr=False)

    def __repr__(self) -> str:
        """Return what trained it, and where it is."""
        what = self.request.image_uri or self.request.release
        return f"<{type(self).__name__} of {what} at {self.request.model_data}>"

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

    def predictor(self, endpoint_name: str, hosting: Hosting) -> Predictor:
        """Return what asks an endpoint of the model."""
        from rlcore.predictor import Predictor  # noqa: PLC0415 - a class alone asks nothing

        return Predictor(endpoint_name, hosting=hosting)

    def _container_of(self, request: ModelRequest, *where: Any) -> Container:
        """Return the container of the same model, of which more is known by now."""
        return attrs.evolve(self, request=request).container(*where)

    @classmethod
    def from_archive(  # noqa: PLR0913 - a foreign archive says nothing by itself
        cls,
        model_data: str | os.PathLike[str],
        *,
        toolkit: str | None = None,
        toolkit_version: str | None = None,
        framework: str | None = None,
        platform: str | Platform | None = None,
        registry: ToolkitRegistry | None = None,
        **options: Any,
    ) -> Model:
        """Return the model in an archive, wherever it was trained.

        Args:
            model_data: Path or address of the `model.tar.gz`.
            toolkit: The toolkit that trained it; read from the archive's `policy.json`, with the
                next two, where none of the three is given.
            toolkit_version: Its version.
            framework: Its framework.
            platform: Where the model is deployed to.
            registry: Where toolkits are looked up; those installed by default.
            **options: The arguments of `create_model`.

        Raises:
            InvalidModel: It is no archive, or a damaged one.
            MissingArgument: It does not say which toolkit trained it, and neither do the arguments.
        """
        from rlcore import modelrequests  # noqa: PLC0415 - a class alone reads no archive
        from rlcore.registry import default_registry  # noqa: PLC0415 - likewise

        known = registry or default_registry()
        request, bundle = modelrequests.of_archive(
            model_data, toolkit, toolkit_version, framework, registry=known, options=options
        )
        found = class_of(request.release, request.image_uri, known)
        return make(found, request, bundle, platform)

    def deploy(
        self,
        initial_instance_count: int | None = None,
        instance_type: str | None = None,
        **kwargs: Any,
    ) -> Predictor:
        """Bring the model into service, and return what asks it.

        Args:
            initial_instance_count: Number of hosts; one by default.
            instance_type: `local`, `local_gpu` or an `ml.*` type.
            **kwargs: The arguments of `rlcore.hostingarguments.ENDPOINT`.

        Raises:
            EndpointExists: There is an endpoint of the name that was given.
            NotDeployable: The release has no way to be served there.
            EndpointFailed: It could not be brought into service.
        """
        count_and_type = {
            "initial_instance_count": initial_instance_count,
            "instance_type": instance_type,
        }
        from rlcore import startup  # noqa: PLC0415 - a class alone starts nothing

        given = startup.arguments_of({**count_and_type, **kwargs})
        session = self.request.options.get("sagemaker_session")
        hosting = startup.hosting(given, self.platform, session)
        own = self.request.options.get("predictor_cls")
        if own:
            _check_predictor(own, hosting)
        name = startup.start(hosting, self.request, self.bundle, given, self._container_of)
        predictor: Predictor = own(name, hosting=hosting) if own else self.predictor(name, hosting)
        for what in ("serializer", "deserializer"):
            if given[what] is not None:
                setattr(predictor, what, given[what])
        if given["wait"]:
            startup.wait_until_in_service(hosting, name)
        return predictor


def _check_predictor(made: Any, hosting: Hosting) -> None:
    """See that a class of one's own can be made, before there is an endpoint to ask."""
    try:
        inspect.signature(made).bind("name", hosting=hosting)
    except TypeError as error:
        msg = f"predictor_cls must take the endpoint's name and hosting=...; {made!r}: {error}."
        raise InvalidArgument(msg) from error


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
    warn(msg)


def class_of(
    release: ToolkitRelease | None, image_uri: str | None, registry: ToolkitRegistry
) -> type[Model]:
    """Return the class of a model: its plugin's, or that of models in an image of one's own."""
    if release is None:
        return FrameworkModel
    key = toolkit_key(release.toolkit, release.framework)
    found = registry.toolkit(key).model_class(release)
    return FrameworkModel if image_uri and not issubclass(found, FrameworkModel) else found


def make(
    cls: type[Model],
    request: ModelRequest,
    bundle: Bundle | None,
    platform: str | Platform | None,
) -> Model:
    """Return a model of a class that a plugin named.

    Raises:
        NotDeployable: The class cannot be made: nothing serves the release.
    """
    if inspect.isabstract(cls):
        why = getattr(request.release and request.release.serving, "reason", "")
        msg = f"{request.release} cannot be deployed: its plugin names no way to serve it. {why}"
        raise NotDeployable(msg.rstrip())
    return cls(request, bundle=bundle, platform=platform)

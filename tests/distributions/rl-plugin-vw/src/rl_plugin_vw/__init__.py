"""Vowpal Wabbit for rlcore: a whole plugin, written against the public names alone."""

from __future__ import annotations

from rlcore import (
    Environment,
    MetricDefinition,
    Model,
    ToolkitRelease,
    Unavailable,
    hookimpl,
    images,
)
from rlcore.errors import InvalidArgument, UnsupportedVersion

_REPOSITORY = "sagemaker-rl-vw-container"
_TAG = "vw-8.7.0-cpu"

_RELEASE = ToolkitRelease(
    toolkit="vw",
    version="8.7.0",
    training=Environment(python=">=3.6", requirements=()),
    serving=Unavailable(reason="Vowpal Wabbit exports no graph that another runtime could serve."),
    step_pattern=r"example (\d+)",
)


@hookimpl
def known_versions() -> tuple[str, ...]:
    """List the only release."""
    return (_RELEASE.version,)


@hookimpl
def validate_version(version: str) -> ToolkitRelease:
    """Return the only release."""
    if version != _RELEASE.version:
        msg = f"vw {version!r} is unknown; there is {_RELEASE.version}."
        raise UnsupportedVersion(msg)
    return _RELEASE


@hookimpl
def image_uri(region: str, instance_type: str) -> str:
    """Name the image, which exists for processors alone."""
    if images.processor(instance_type) == "gpu":
        msg = f"vw has no image for GPUs, as {instance_type!r} has; choose one without."
        raise InvalidArgument(msg)
    return images.image_uri("G2", _REPOSITORY, _TAG, region)


@hookimpl
def default_metrics() -> tuple[MetricDefinition, ...]:
    """Match the line in which a run tells its average loss."""
    return (MetricDefinition(name="average_loss", regex=r"average loss = ([-+.0-9e]+)"),)


@hookimpl
def model_class() -> type[Model]:
    """Models of this toolkit are nothing special."""
    return Model


@hookimpl
def release_from_image(image_uri: str) -> ToolkitRelease | None:
    """Recognise the image by its repository and tag."""
    address = images.parse_image_uri(image_uri)
    ours = address and (address.repository, address.tag) == (_REPOSITORY, _TAG)
    return _RELEASE if ours else None

"""What the local hosting would do for a deployment: every check, and the endpoint as data."""

from __future__ import annotations

import os
import posixpath
import tarfile
from typing import TYPE_CHECKING, Any

from rlcore import policy, storage
from rlcore.errors import (
    InvalidArgument,
    NotDeployable,
    PlatformError,
    SourceError,
    did_you_mean,
)
from rlcore.platforms.local import accelerators
from rlcore.platforms.local.documents import plain
from rlcore.spec import Environment, Unavailable
from rlcore.warning import warn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rlcore.endpoints import Deployment, ModelRequest

OPTIONS: Mapping[str, tuple[type, float, float]] = {
    "port": (int, 0, 65535),
    "strict": (bool, False, True),
    "max_body_size": (int, 1, 1 << 31),
    "body_timeout": (float, 0.001, 3600.0),
    "queue_size": (int, 1, 1 << 20),
    "timeout": (float, 0.001, 86400.0),
    "model_server_workers": (int, 1, 64),
}
"""What this platform heeds of a deployment's options: type, least and greatest value."""

_OF_THE_CLIENT = {"predictor_cls"}


def document(deployment: Deployment) -> dict[str, Any]:
    """Return the endpoint as data: what the front needs to know.

    Raises:
        NotDeployable: The model's release has no way to be served here.
        InvalidArgument: An option has a value that is not allowed.
        InvalidModel: There is no archive at the model's address.
        PlatformError: It asks for what this machine has not got.
        SourceError: The inference script is not in its archive.
    """
    model = deployment.model
    _check_resources(deployment)
    return {
        "name": deployment.name,
        "id": os.urandom(16).hex(),
        "label": str(model.release),
        "model_data": policy.address(model.model_data),
        "program": _program(model),
        "source_uri": model.source_uri,
        "environment": plain(_serving_environment(model)),
        "variables": _variables(model),
        "tags": dict(deployment.tags),
        "options": _options({**model.options, **deployment.options}),
    }


def _serving_environment(model: ModelRequest) -> Environment:
    """Return the environment that serves a model; raise `NotDeployable` where there is none."""
    release = model.release
    if release is None or model.image_uri:
        msg = (
            f"The local platform runs no images, and {model.image_uri!r} was given. Name the"
            " toolkit, toolkit_version and framework that trained the model instead."
        )
        raise NotDeployable(msg)
    native = release.native_serving if _is_native(model) else None
    environment = native or release.serving
    if isinstance(environment, Unavailable):
        msg = f"{release} is not served on the local platform: {environment.reason}"
        raise NotDeployable(msg)
    return environment


def _is_native(model: ModelRequest) -> bool:
    """Tell whether code of the user's, or the framework, answers rather than a policy of ours."""
    if model.release is None or model.release.native_serving is None:
        return False  # it makes no difference: a large archive need not be fetched
    return bool(model.entry_point) or policy.manifest_of(policy.address(model.model_data)) is None


def _check_resources(deployment: Deployment) -> None:
    accelerators.check_instance_type(deployment.instance_type)
    if deployment.instance_count != 1:
        msg = (
            "The local platform serves on one host, and the instance count is"
            f" {deployment.instance_count}. Set it to 1; model_server_workers=... has more workers."
        )
        raise PlatformError(msg)


def _program(model: ModelRequest) -> str | None:
    """Return the inference script, which must be in its archive if that is on this machine."""
    uri = model.source_uri
    if model.entry_point and uri and uri.startswith("file://"):
        with tarfile.open(storage.to_path(uri)) as archive:
            names = [posixpath.normpath(name) for name in archive.getnames()]
        if posixpath.normpath(model.entry_point) not in names:
            msg = (
                f"The source {uri} has no file {model.entry_point!r}."
                f"{did_you_mean(model.entry_point, names)} A job's source is what it was started"
                " with; give source_dir=... for a script that was written later."
            )
            raise SourceError(msg)
    return model.entry_point


def _variables(model: ModelRequest) -> dict[str, str]:
    """Return the environment variables of the workers; the caller's own win."""
    usual = {
        "SAGEMAKER_PROGRAM": model.entry_point,
        "SAGEMAKER_CONTAINER_LOG_LEVEL": str(model.container_log_level),
        "SAGEMAKER_REGION": "local",
    }
    given = {name: value for name, value in usual.items() if value is not None}
    return {**given, **model.environment}


def _warn_of_the_rest(given: Mapping[str, Any]) -> None:
    rest = sorted(set(given) - set(OPTIONS) - _OF_THE_CLIENT)
    if rest:
        msg = f"No effect on the local platform: {', '.join(rest)}."
        warn(msg)


def _options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that are heeded here, each of the right type and within its limits."""
    _warn_of_the_rest(given)
    found = {name: given[name] for name in OPTIONS if given.get(name) is not None}
    for name, value in found.items():
        kind, least, greatest = OPTIONS[name]
        fits = isinstance(value, (int, float) if kind is float else kind)
        if not fits or isinstance(value, bool) != (kind is bool) or not least <= value <= greatest:
            wanted = "True or False" if kind is bool else f"a number from {least} to {greatest}"
            msg = f"{name} must be {wanted}; {value!r} was given."
            raise InvalidArgument(msg)
    return found

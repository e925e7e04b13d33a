"""What the local platform would do for a request: checks, the job as data, text for a person."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from rlcore import storage
from rlcore.errors import (
    InvalidArgument,
    PlatformError,
    ReleaseUnavailable,
    did_you_mean,
)
from rlcore.hyperparameters import encode
from rlcore.platforms.local import accelerators
from rlcore.platforms.local.addresses import folder_uri
from rlcore.platforms.local.documents import plain
from rlcore.platforms.local.logs import HOST
from rlcore.secrecy import masked, warn_of_secrets
from rlcore.spec import Environment, Plan, Unavailable

if TYPE_CHECKING:
    from rlcore.spec import Channel, JobRequest, ToolkitRelease

NAME = "local"
_GROUP = "homogeneousCluster"
_HEEDED = frozenset({"container_log_level", "experiment_config", "input_mode"})
_SAFER = (
    "Rather export them as variables of the process that starts it: a local job inherits those, and"
    " nothing writes them down."
)


def make(request: JobRequest, home: Path, grace: float) -> Plan:
    """Return the plan for a request; *grace* is what a script has to end, in seconds.

    Raises:
        PlatformError: The request needs what this platform has not got.
        ReleaseUnavailable: The release has no training environment outside its images.
        InvalidArgument: A channel or an address is not there or not of this machine.
    """
    release = _checked_release(request)
    environment = _training_environment(release)
    _check_resources(request)
    warn_of_secrets(request, "in the files of the job", _SAFER)
    request = _addressed(request)
    output = output_uri(request, home)
    document = {
        "name": request.name,
        "label": str(release),
        "request": plain(request),
        "environment": plain(environment),
        "config": _config(request, output),
        "inspection": release.inspection,
        "display": release.display,
        "channels": {channel.name: str(_folder(channel)) for channel in request.channels},
        "variables": dict(request.environment),
        "source_uri": request.source_uri,
        "restored_checkpoints": request.checkpoint_s3_uri,
        "checkpoint_path": request.checkpoint_local_path,
        "artefacts": _artefacts(request, output),
        "max_run": request.resources.max_run,
        "grace": grace,
    }
    return Plan(
        platform=NAME,
        request=request,
        document=document,
        text=_text(request, release, environment, document),
    )


def output_uri(request: JobRequest, home: Path) -> str:
    """Return the folder of artefacts: the one asked for, or the platform's own."""
    return request.output_path or (home / "output").as_uri()


def _addressed(request: JobRequest) -> JobRequest:
    """Return the request with addresses where it names folders by paths."""
    given = {name: getattr(request, name) for name in ("output_path", "checkpoint_s3_uri")}
    uris: dict[str, Any] = {
        name: folder_uri(value, name) for name, value in given.items() if value is not None
    }
    return attrs.evolve(request, **uris)


def _checked_release(request: JobRequest) -> ToolkitRelease:
    if request.image_uri is None and request.release is not None:
        return request.release
    msg = (
        f"The local platform runs no images, and {request.image_uri!r} was given. Leave image_uri"
        " away and name toolkit, toolkit_version and framework, or choose another platform."
    )
    raise PlatformError(msg)


def _training_environment(release: ToolkitRelease) -> Environment:
    if isinstance(release.training, Unavailable):
        msg = f"{release} does not run on the local platform: {release.training.reason}"
        raise ReleaseUnavailable(msg)
    return release.training


def _check_resources(request: JobRequest) -> None:
    accelerators.check_instance_type(request.resources.instance_type)
    if request.resources.instance_count != 1:
        msg = (
            f"The local platform runs one host, and instance_count is"
            f" {request.resources.instance_count}. Set it to 1."
        )
        raise PlatformError(msg)


def _folder(channel: Channel) -> Path:
    """Return where a channel's data is on this machine."""
    if channel.name in {".", ".."}:
        msg = f"{channel.name!r} is not a channel name on this machine: it names another folder."
        raise InvalidArgument(msg)
    if channel.uri.startswith("file://"):
        path = storage.to_path(channel.uri)
    elif channel.uri and "://" not in channel.uri:
        path = Path(channel.uri).expanduser().absolute()
    else:
        msg = (
            f"The channel {channel.name!r} is at {channel.uri or dict(channel.source)!r}. The local"
            " platform reads folders and file:// addresses; download the data first."
        )
        raise PlatformError(msg)
    if not path.exists():
        siblings = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        nearest = did_you_mean(path.name, siblings)
        msg = f"The channel {channel.name!r} is at {path}, which does not exist.{nearest}"
        raise InvalidArgument(msg)
    return path


def _config(request: JobRequest, output: str) -> dict[str, Any]:
    """Return the three files of `input/config`."""
    return {
        "hyperparameters": _hyperparameters(request, output),
        "resourceconfig": _resources(request.resources.instance_type or "local"),
        "inputdataconfig": {channel.name: _input(channel) for channel in request.channels},
    }


def _hyperparameters(request: JobRequest, output: str) -> dict[str, str]:
    source = f"s3://{NAME}/{request.name}/source/sourcedir.tar.gz"
    toolkit = {
        "sagemaker_container_log_level": request.options.get("container_log_level", 20),
        "sagemaker_estimator": "RLEstimator",
        "sagemaker_job_name": request.name,
        "sagemaker_program": request.entry_point,
        "sagemaker_region": NAME,
        "sagemaker_s3_output": output,
        "sagemaker_submit_directory": request.source_uri or source,
    }
    ours = {name: json.dumps(value) for name, value in toolkit.items()}
    return {**encode(request.hyperparameters), **ours}


def _resources(instance_type: str) -> dict[str, Any]:
    group = {"instance_group_name": _GROUP, "instance_type": instance_type, "hosts": [HOST]}
    return {
        "current_host": HOST,
        "current_instance_type": instance_type,
        "current_group_name": _GROUP,
        "hosts": [HOST],
        "instance_groups": [group],
        "network_interface_name": "lo",  # the one that every machine has
    }


def _input(channel: Channel) -> dict[str, str]:
    content_type = {"ContentType": channel.content_type} if channel.content_type else {}
    return {
        "TrainingInputMode": "File",
        "S3DistributionType": "FullyReplicated",
        "RecordWrapperType": "None",
        **content_type,
    }


def _artefacts(request: JobRequest, output: str) -> dict[str, str]:
    own = storage.join(output, request.name)
    return {
        "model": storage.join(own, "output/model.tar.gz"),
        "output": storage.join(own, "output/output.tar.gz"),
        "intermediate": storage.join(own, "output/intermediate"),
        "checkpoints": request.checkpoint_s3_uri or storage.join(own, "checkpoints"),
    }


def _text(
    request: JobRequest,
    release: ToolkitRelease,
    environment: Environment,
    document: dict[str, Any],
) -> str:
    artefacts = document["artefacts"]
    rows = [
        ("Job", request.name),
        ("Platform", "local: processes of this machine, no images"),
        ("Release", str(release)),
        ("Python", f"{environment.python}, {len(environment.requirements)} distributions"),
        ("Entry point", request.entry_point),
        *_listed("Hyperparameters", masked(encode(request.hyperparameters))),
        *_listed("Channels", document["channels"]),
        ("Model", artefacts["model"]),
        ("Output", artefacts["output"]),
        ("Checkpoints", artefacts["checkpoints"]),
        ("Limits", f"{request.resources.max_run} s, then {document['grace']:g} s to end"),
        *_notes(request),
    ]
    return "\n".join(f"{name:<16} {value}".rstrip() for name, value in rows)


def _listed(title: str, values: dict[str, str]) -> list[tuple[str, str]]:
    lines = [f"{name} = {value}" for name, value in values.items()] or ["none"]
    return list(zip([title, *[""] * len(lines)], lines, strict=False))


def _notes(request: JobRequest) -> list[tuple[str, str]]:
    without = sorted(set(request.options) - _HEEDED)
    return [("No effect here", ", ".join(without))] if without else []

"""A plan for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rlcore.hyperparameters import encode
from rlcore.secrecy import masked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rlcore.spec import JobRequest


def text(request: JobRequest, document: Mapping[str, Any]) -> str:
    """Return what would be sent, in lines."""
    fields = document["request"]
    resources = fields.get("ResourceConfig") or {}
    groups = resources.get("InstanceGroups") or [resources]
    hosts = ", ".join(
        f"{each.get('InstanceCount', '?')} x {each.get('InstanceType', '?')}" for each in groups
    )
    rows = [
        ("Job", request.name),
        ("Platform", f"sagemaker, region {document['region']}"),
        ("Release", str(request.release or "of the image")),
        ("Image", fields.get("AlgorithmSpecification", {}).get("TrainingImage", "")),
        ("Role", _role(request.options["role"], fields["RoleArn"])),
        ("Hosts", f"{hosts}, {resources.get('VolumeSizeInGB', '?')} GB each"),
        ("Entry point", request.entry_point),
        ("Source", document["source"]),
        *_listed("Hyperparameters", masked(encode(request.hyperparameters))),
        *_listed("Channels", {each["ChannelName"]: _where(each) for each in _channels(fields)}),
        ("Output", fields["OutputDataConfig"]["S3OutputPath"]),
        ("Checkpoints", fields.get("CheckpointConfig", {}).get("S3Uri", "none")),
        ("Limits", _limits(fields)),
    ]
    return "\n".join(f"{name:<16} {value}".rstrip() for name, value in rows)


def _role(given: str, arn: str) -> str:
    return f"{given}, whose ARN is {arn}" if arn.startswith("{") else arn


def _channels(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(fields.get("InputDataConfig") or ())


def _where(channel: Mapping[str, Any]) -> str:
    source = channel.get("DataSource") or {}
    found = source.get("S3DataSource", {}).get("S3Uri")
    return str(found or source.get("FileSystemDataSource", {}).get("DirectoryPath", ""))


def _limits(fields: Mapping[str, Any]) -> str:
    limits = fields.get("StoppingCondition") or {}
    waiting = limits.get("MaxWaitTimeInSeconds")
    spot = f" on spot capacity, {waiting} s with waiting for it" if waiting else ""
    return f"{limits.get('MaxRuntimeInSeconds', '?')} s{spot}"


def _listed(title: str, values: Mapping[str, str]) -> list[tuple[str, str]]:
    lines = [f"{name} = {value}" for name, value in values.items()] or ["none"]
    return list(zip([title, *[""] * len(lines)], lines, strict=False))

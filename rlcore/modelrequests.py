"""Requests for models: from a caller's arguments, and from archives that come from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rlcore import hostingarguments, policy
from rlcore.endpoints import ModelRequest
from rlcore.errors import MissingArgument
from rlcore.names import RLFramework, RLToolkit, split_key, toolkit_key

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from rlcore.hostingarguments import Given
    from rlcore.registry import ToolkitRegistry
    from rlcore.source import Bundle
    from rlcore.spec import ToolkitRelease

_INFO = 20


def requested(
    given: Given,
    release: ToolkitRelease | None,
    model_data: str,
    network: Mapping[str, Any] | None,
) -> tuple[ModelRequest, Bundle | None]:
    """Return the request for a model, and its inference code where that is packed here.

    Args:
        given: The caller's arguments.
        release: What trained it.
        model_data: Address of its archive.
        network: Its subnets and security groups.

    Raises:
        SourceError: The script, or what is beside it, is not there.
    """
    bundle = _bundle(given)
    options = {name: value for name, value in given.options.items() if name != "vpc_config"}
    if network:
        options["vpc_config"] = network
    source_uri = None if bundle else given["source_dir"]
    request = ModelRequest(
        name=given["name"],
        release=release,
        model_data=model_data,
        role=given["role"],
        image_uri=given["image_uri"],
        entry_point=bundle.entry_point if bundle else given["entry_point"],
        source_uri=source_uri,
        environment=given["env"],
        container_log_level=given["container_log_level"] or _INFO,
        options=options,
    )
    return request, bundle


def of_archive(  # noqa: PLR0913 - a foreign archive says nothing by itself
    model_data: str | os.PathLike[str],
    toolkit: str | None,
    version: str | None,
    framework: str | None,
    *,
    registry: ToolkitRegistry,
    options: Mapping[str, Any],
) -> tuple[ModelRequest, Bundle | None]:
    """Return the request for the model in an archive, and its inference code.

    Args:
        model_data: Path or address of the archive.
        toolkit: What trained it; read from its `policy.json`, with the next two, where none of the
            three is given.
        version: The toolkit's version.
        framework: The toolkit's framework.
        registry: Where toolkits are looked up.
        options: The arguments of `create_model`.

    Raises:
        InvalidModel: It is no archive, or a damaged one.
        MissingArgument: Nothing says what trained it, or there is code but no script.
    """
    given = hostingarguments.of_model(options)
    address = policy.address(model_data)
    if not (toolkit or version or framework):
        manifest = policy.manifest_of(address)
        if manifest:
            toolkit, framework = split_key(manifest.toolkit)
            version = manifest.release
    release: ToolkitRelease | None = None
    if toolkit and version:
        key = toolkit_key(RLToolkit(toolkit), RLFramework(framework) if framework else None)
        release = registry.toolkit(key).release(version)
    elif not given["image_uri"]:
        raise _unsaid(address, registry)
    network = hostingarguments.vpc_config(given["vpc_config"], None, None)
    return requested(given, release, address, network)


def _unsaid(address: str, registry: ToolkitRegistry) -> MissingArgument:
    installed = ", ".join(registry.keys()) or "no toolkit"
    msg = (
        f"What trained {address}? Give toolkit, toolkit_version and framework, or none of them"
        f" where a policy.json in it says so. Installed: {installed}."
    )
    return MissingArgument(msg)


def _bundle(given: Given) -> Bundle | None:
    folder, repository = given["source_dir"], given["git_config"]
    if not given["entry_point"] or (folder and "://" in folder and not repository):
        return None
    from rlcore import repositories  # noqa: PLC0415 - most models bring no code of the caller's

    return repositories.bundle(repository, given["entry_point"], folder, given["dependencies"])

"""Addresses of container images: whose registry by region, cpu or gpu by instance type.

The accounts stand in `data/registries.json`, in groups that share one table: G1 holds the images of
the first generation, G2 those of the second, D the deep-learning images. Which repository and tag a
toolkit release has is its plugin's knowledge.
"""

from __future__ import annotations

import functools
import json
import re
from typing import Any

import attrs

from rlcore.errors import InvalidArgument, PluginError, did_you_mean

PROCESSORS = ("cpu", "gpu")

_ADDRESS = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.[a-z0-9.-]+"
    r"/(?P<repository>[^:@]+):(?P<tag>[^:@]+)"
)
_FAMILY = re.compile(r"ml\.([a-z][a-z0-9-]*)(?:\.[a-z0-9-]+)?")
_INSTANCE_TYPES = "https://aws.amazon.com/sagemaker/pricing/instance-types/"

# Graviton processors have a g after the generation (c6g, m7gd, g5g); a1 was the first of them. A
# dash and gb name Grace Blackwell (p6e-gb200).
_ARM = re.compile(r"a1|[a-z]+\d+g[a-z]*|.*-gb\d+")
_ACCELERATORS = (("inf", "AWS Inferentia"), ("trn", "AWS Trainium"))


@attrs.frozen(kw_only=True)
class ImageAddress:
    """The parts of an image's address in an Amazon registry."""

    account: str
    region: str
    repository: str
    tag: str


@attrs.frozen(kw_only=True)
class ImageTemplate:
    """An image of a toolkit release, for every region and processor, as a row of plugin data.

    Attributes:
        group: Account group whose registries hold it.
        repository: Name of the repository.
        tag: The tag, with `{processor}` where it says `cpu` or `gpu`.
        framework_version: The framework's version in the image, where the release's differs.
        shared: Whether other software runs in the image too, so that it tells no release.
    """

    group: str
    repository: str
    tag: str
    framework_version: str | None = None
    shared: bool = False

    def uri(self, region: str, processor: str) -> str:
        """Return the address in a region, for `cpu` or `gpu`."""
        return image_uri(self.group, self.repository, self.tag.format(processor=processor), region)

    def matches(self, address: ImageAddress) -> bool:
        """Tell whether the address, in whatever account, is this image and tells its release."""
        tags = {self.tag.format(processor=processor) for processor in PROCESSORS}
        return not self.shared and address.repository == self.repository and address.tag in tags


def image_uri(group: str, repository: str, tag: str, region: str) -> str:
    """Return the address of an image of a group in a region; raises as `registry_host` does."""
    return f"{registry_host(group, region)}/{repository}:{tag}"


def registry_host(group: str, region: str) -> str:
    """Return the host of a group's registry in a region.

    Raises:
        InvalidArgument: The group has no images in the region.
        PluginError: There is no such group.
    """
    groups = _registries()["groups"]
    if group not in groups:
        msg = f"There is no account group {group!r}; a plugin's row may name {', '.join(groups)}."
        raise PluginError(msg)
    accounts = groups[group]
    if region not in accounts:
        msg = (
            f"There are no images of this release in region {region!r}."
            f"{did_you_mean(region, accounts)} They are in {', '.join(accounts)}. In any other"
            " region, name a copy of your own (image_uri=...)."
        )
        raise InvalidArgument(msg)
    return f"{accounts[region]}.dkr.ecr.{region}.{_dns_suffix(region)}"


def parse_image_uri(uri: str) -> ImageAddress | None:
    """Return the parts of an address in an Amazon registry, None for any other image."""
    found = _ADDRESS.fullmatch(uri)
    return ImageAddress(**found.groupdict()) if found else None


def groups_of(account: str) -> frozenset[str]:
    """Return the groups whose registries an account has, in whichever region."""
    groups = _registries()["groups"].items()
    return frozenset(group for group, accounts in groups if account in accounts.values())


def processor(instance_type: str) -> str:
    """Return `cpu` or `gpu` for an instance type.

    `local` means cpu and every other name that begins so means gpu; of `ml.*` types, the families
    that begin with g or p have GPUs. Families that are not known here count as cpu.

    Raises:
        InvalidArgument: It is no instance type, or its processor cannot run an x86-64 image.
    """
    if instance_type.startswith("local"):
        return "cpu" if instance_type == "local" else "gpu"
    found = _FAMILY.fullmatch(instance_type)
    if not found:
        raise InvalidArgument(_not_an_instance_type(instance_type))
    family = found[1]
    _refuse_other_architectures(instance_type, family)
    return "gpu" if family[0] in "gp" else "cpu"


def _not_an_instance_type(given: str) -> str:
    nearest = f"ml.{given}"
    hint = f" Did you mean {nearest!r}?" if _FAMILY.fullmatch(nearest) and "." in given else ""
    return (
        f"{given} is not a valid SageMaker instance type. See: {_INSTANCE_TYPES}{hint}"
        " Allowed are 'local', 'local_gpu' and names like 'ml.c5.2xlarge'."
    )


def _refuse_other_architectures(instance_type: str, family: str) -> None:
    cure = "Choose one with x86-64 processors, such as 'ml.c5.2xlarge' or 'ml.g5.xlarge'."
    for prefix, chip in _ACCELERATORS:
        if family.startswith(prefix):
            msg = f"{instance_type} has {chip} chips, for which there are no images. {cure}"
            raise InvalidArgument(msg)
    if _ARM.fullmatch(family):
        msg = f"{instance_type} has Arm processors, on which these images cannot run. {cure}"
        raise InvalidArgument(msg)


def _dns_suffix(region: str) -> str:
    for prefix, suffix in _registries()["dns_suffixes"].items():
        if region.startswith(prefix):
            return str(suffix)
    return "amazonaws.com"


@functools.cache
def _registries() -> dict[str, Any]:
    from importlib import resources  # noqa: PLC0415 - only an image's address asks

    text = resources.files("rlcore").joinpath("data/registries.json").read_text("utf-8")
    registries: dict[str, Any] = json.loads(text)
    return registries

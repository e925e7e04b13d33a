"""Checks of image addresses: their form, and what can be read from them."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from rlcore.errors import InvalidArgument, PluginError
from rlcore.images import parse_image_uri
from rlcore.testing.contracts.base import Checks

if TYPE_CHECKING:
    from collections.abc import Iterator


_INSTANCE_TYPES = {"cpu": "ml.c5.xlarge", "gpu": "ml.p3.2xlarge"}
_HOST = r"(?:[a-zA-Z0-9][a-zA-Z0-9.-]*(?::\d+)?/)?"
_PATH = r"[a-z0-9]+(?:[._/-]+[a-z0-9]+)*"
_IMAGE = re.compile(rf"{_HOST}{_PATH}(?::\w[\w.-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?")
_FOREIGN = (
    "python:3.12",
    "registry.example/somebody/else:1.0",
    "111122223333.dkr.ecr.us-west-2.amazonaws.com/somebody-else:1.0",
)


class ImageChecks(Checks):
    """Whether images are named as they should be."""

    def test_image_addresses_are_well_formed(self) -> None:
        """Each release names its image for processors and for GPUs, in several regions."""
        self._able("images")
        cure = "answer with 'host/repository:tag', or say under cannot which images there are not."
        self._verdict(self._of_addresses(), cure)

    def test_each_version_has_its_own_image(self) -> None:
        """No two versions share an image, unless a flag says so."""
        self._able("images")
        cure = "put the version into the tag, or say cannot={'distinct_images': reason}."
        self._verdict(self._of_twins(), cure)

    def test_releases_are_read_back_from_their_images(self) -> None:
        """`release_from_image` knows each release by its image, and no image of anybody else's."""
        self._able("images")
        cure = (
            "give the hook release_from_image, or say cannot={'release_from_image': reason}, of one"
            " version 'release_from_image:version'."
        )
        self._verdict(self._of_reading(), cure)
        self._able("release_from_image")

    def test_its_flags_about_images_are_true(self) -> None:
        """What the toolkit is said not to be able to, it really is not."""
        self._verdict(self._of_flags(), "take the flag out of cannot.")

    def _addresses(self, processor: str, *, first: bool = False) -> Iterator[tuple[str, str, str]]:
        """Yield version, region and address of every image; where a hook breaks, *first* tells."""
        toolkit = self._toolkit()
        for release in self._releases():
            for region in self.regions:
                try:
                    address = toolkit.image_uri(release, region, _INSTANCE_TYPES[processor])
                except InvalidArgument:
                    continue
                except PluginError:
                    if first:
                        raise
                    pytest.skip("the plugin names no images; see the check of their addresses")
                yield release.version, region, address

    def _of_addresses(self) -> Iterator[str]:
        for processor in _INSTANCE_TYPES:
            missing = {each.version for each in self._releases()}
            for version, region, address in self._addresses(processor, first=True):
                missing.discard(version)
                yield from (f"{version} for {processor}: {each}" for each in _of(address, region))
            for version in sorted(missing):
                if not (processor == "gpu" and self._unable("gpu_images", version)):
                    regions = ", ".join(self.regions)
                    yield f"{version} has no image for {processor} in any of {regions}"

    def _of_twins(self) -> Iterator[str]:
        for address, versions in self._shared().items():
            unsaid = [each for each in versions if not self._unable("distinct_images", each)]
            if unsaid:
                yield f"{', '.join(versions)} have one image, {address}"

    def _shared(self) -> dict[str, list[str]]:
        """Return the versions of each image that several have."""
        versions: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for version, region, address in self._addresses("cpu"):
            if region == self.regions[0]:
                versions[address][version] = None
        return {address: list(several) for address, several in versions.items() if len(several) > 1}

    def _of_reading(self) -> Iterator[str]:
        toolkit = self._toolkit()
        for processor in _INSTANCE_TYPES:
            for version, _, address in self._addresses(processor):
                found = toolkit.release_from_image(address)
                read = found.version if found else None
                expected = None if self._unable("release_from_image", version) else version
                if read != expected and not (read and self._twins(read, version)):
                    yield (
                        f"release_from_image({address!r}) answered with"
                        f" {read or 'nothing'} instead of {expected or 'nothing, as cannot says'}"
                    )
        for address in _FOREIGN:
            if toolkit.release_from_image(address):
                yield f"release_from_image takes {address!r} for an image of this toolkit"

    def _twins(self, one: str, other: str) -> bool:
        return self._unable("distinct_images", one) and self._unable("distinct_images", other)

    def _of_flags(self) -> Iterator[str]:
        if "images" in self.cannot and any(self._addresses("cpu")):
            yield "cannot says that there are no images, but image_uri names some"
        for flag in self.cannot:
            name, _, version = flag.partition(":")
            if name == "gpu_images":
                found = {each for each, _, _ in self._addresses("gpu")}
                if version in found or (not version and found == self._versions()):
                    yield f"cannot names {flag!r}, but image_uri names images for GPUs"
            if name == "distinct_images":
                shared = set(itertools.chain(*self._shared().values()))
                if version not in shared and (version or not shared):
                    yield f"cannot names {flag!r}, but each version has an image of its own"

    def _versions(self) -> set[str]:
        return {release.version for release in self._releases()}


def _of(address: str, region: str) -> Iterator[str]:
    if not _IMAGE.fullmatch(address):
        yield f"{address!r} is no address of an image"
    found = parse_image_uri(address)
    if found and found.region != region:
        yield f"{address!r} is not in region {region!r}, which was asked for"

"""An extension of rlcore: every image of every toolkit comes from the company's own registry.

`COMPANY_MIRROR` names the registry, with a path if need be. An image is there under its own whole
address: `registry.example.com/aws/763104351884.dkr.ecr.us-west-2.amazonaws.com/pytorch-training:2`.
Images that a caller names (`image_uri=...`) are left alone.
"""

from __future__ import annotations

import inspect
import os
from typing import TYPE_CHECKING, Any

import attrs

from rlcore import Container, Model, ToolkitRegistry, ToolkitRelease, hookimpl

if TYPE_CHECKING:
    from collections.abc import Generator

VARIABLE = "COMPANY_MIRROR"


@hookimpl(wrapper=True)
def image_uri() -> Generator[None, str, str]:
    """Rewrite the address of a training image."""
    uri = yield
    return mirrored(uri)


@hookimpl(wrapper=True)
def release_from_image(
    image_uri: str,
) -> Generator[None, ToolkitRelease | None, ToolkitRelease | None]:
    """Recognise the release whose image is mirrored, for `attach` to such a job."""
    release = yield
    original = image_uri.removeprefix(mirrored(""))
    if release is None and original != image_uri:
        # The plugin was asked for the mirror's address, which a wrapper cannot change: ask again.
        return ToolkitRegistry().release_from_image(original)
    return release


@hookimpl(wrapper=True)
def model_class() -> Generator[None, type[Model], type[Model]]:
    """Rewrite the address of the image that serves a model."""
    plain = yield
    if inspect.isabstract(plain):  # the plugin's way to say that nothing serves its models
        return plain

    # Which class it is, only the plugin knows.
    class Mirrored(plain):  # type: ignore[valid-type, misc]
        def container(self, *where: Any) -> Container:
            made: Container = super().container(*where)
            own = self.request.image_uri
            return made if own else attrs.evolve(made, image_uri=mirrored(made.image_uri))

    return Mirrored


def mirrored(uri: str) -> str:
    """Return the address in the mirror, or the same where none is named."""
    mirror = os.environ.get(VARIABLE, "").rstrip("/")
    return f"{mirror}/{uri}" if mirror else uri

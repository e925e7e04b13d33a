"""What names an environment: the digest of everything that decides what is in it. Light."""

from __future__ import annotations

import json
import os
import re
import sys
from hashlib import sha256
from typing import TYPE_CHECKING

from rlcore.platforms.local.accelerators import has_gpu, pinned_torch

if TYPE_CHECKING:
    from pathlib import Path

    from rlcore.spec import Environment

_FORMAT = 1  # of the environments' folders; another number makes other digests
# What makes a requirements file mean something else in another folder: an option that names a
# file, a path, an archive by its bare name, a file URI.
_LOCAL_REFERENCE = re.compile(
    r"^\s*(-[erc]|--(editable|requirement|constraint)\b|[^\s:@#]*/|[^\n:@#]*\.(whl|zip|tar\.gz)\b|\.)"
    r"|\bfile:",
    re.MULTILINE,
)


def environment_digest(environment: Environment) -> str:
    """Return the digest of what is asked for, of this machine's kind, and of PyTorch's build."""
    torch = pinned_torch(environment.requirements)
    return _digest(
        sys.platform,
        os.uname().machine,
        "cuda" if torch and has_gpu() else "cpu",
        environment.python,
        sorted(environment.requirements),
    )


def layer_digest(base: str, requirements: Path, content: str) -> str:
    """Return the digest of a base's digest and the content of a requirements file.

    A file that names other files means something else in another folder, so the folder counts.
    """
    folder = str(requirements.parent) if refers_to_files(content) else ""
    return _digest(base, folder, content)


def refers_to_files(requirements: str) -> bool:
    """Return whether the text of a requirements file names other files or folders."""
    return _LOCAL_REFERENCE.search(requirements) is not None


def _digest(*facts: object) -> str:
    return sha256(json.dumps([_FORMAT, *facts]).encode()).hexdigest()[:16]

"""What building does beyond the installer; the rest is in the tests of environments."""

from __future__ import annotations

import errno
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from rlcore.errors import DiskFull
from rlcore.platforms.local.building import full_disk_named
from rlcore.platforms.local.installer import Installer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def installer(tmp_path: Path) -> Installer:
    """Return an installer that is never run."""
    return Installer(uv="", settings={}, purpose="building x", root=tmp_path, log=print, lock=-1)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_has_its_own_error(installer: Installer, number: int) -> None:
    """The system's error, or a copy's that holds it, becomes ours."""
    error = OSError(number, os.strerror(number))
    for raised in (error, shutil.Error([("from", "to", str(error))])):
        message = "No room left while building x"
        with pytest.raises(DiskFull, match=message), full_disk_named(installer):
            raise raised


def test_other_errors_stay_what_they_are(installer: Installer) -> None:
    """A folder that may not be written is no full disk."""
    with pytest.raises(PermissionError, match="no"), full_disk_named(installer):
        raise PermissionError(errno.EACCES, "no")

"""What real jobs and endpoints of the fake read from its S3, and write there."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rlcore.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Objects:
    """Files and folders in S3.

    Args:
        client: Makes the client, which is made once.
    """

    def __init__(self, client: Callable[[], Any]) -> None:
        """Ask nothing yet."""
        self._make = client

    @functools.cached_property
    def _client(self) -> Any:
        return self._make()

    def get(self, uri: str, path: Path) -> Path:
        """Copy an object to a path, and return it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._client.download_file(*_split(uri), str(path))
        return path

    def get_tree(self, uri: str, folder: Path) -> Path:
        """Copy all objects whose address begins like this into a folder, and return it.

        Raises:
            StorageError: A name leads out of the folder.
        """
        bucket, prefix = _split(uri)
        folder.mkdir(parents=True, exist_ok=True)
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for key in (each["Key"] for page in pages for each in page.get("Contents", ())):
            name = key.removeprefix(prefix).lstrip("/") or key.rpartition("/")[2]
            if name and not key.endswith("/"):
                self.get(f"s3://{bucket}/{key}", _inside(folder, name))
        return folder

    def put(self, path: Path, uri: str) -> None:
        """Copy a file to an address; one that is not there is left out."""
        if path.is_file():
            self._client.upload_file(str(path), *_split(uri))

    def put_tree(self, folder: Path, uri: str) -> None:
        """Copy every file below a folder to the same name below an address."""
        for path in sorted(folder.rglob("*")):
            self.put(path, f"{uri.rstrip('/')}/{path.relative_to(folder).as_posix()}")


def _split(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    return parts.netloc, parts.path.lstrip("/")


def _inside(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if folder.resolve() not in path.parents:
        msg = f"The object {name!r} would be written outside {folder}."
        raise StorageError(msg)
    return path

"""How boto3 is led to the fake: by the environment of a process, or by a session of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import boto3

_KEY = "fake"
_SERVICES = (
    *("SAGEMAKER", "SAGEMAKER_RUNTIME", "CLOUDWATCH", "CLOUDWATCH_LOGS"),
    *("S3", "STS", "IAM", "EC2"),
)


def environ(url: str, region: str) -> dict[str, str]:
    """Return the variables that lead boto3 to an address, without any file of the user's."""
    own = {f"AWS_ENDPOINT_URL_{name}": url for name in _SERVICES}
    return {
        "AWS_ENDPOINT_URL": url,
        **own,
        "AWS_ACCESS_KEY_ID": _KEY,
        "AWS_SECRET_ACCESS_KEY": _KEY,
        "AWS_SESSION_TOKEN": _KEY,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def session(url: str, region: str, key: str = _KEY) -> boto3.Session:
    """Return a session whose clients talk to an address, whatever the environment says."""
    import boto3  # noqa: PLC0415 - a fake is asked by clients, and is none
    import botocore.session  # noqa: PLC0415 - likewise

    own = botocore.session.Session()
    _without_files(own)
    own.set_credentials(key, _KEY)
    create = own.create_client

    def create_client(*args: Any, **given: Any) -> Any:
        return create(*args, **{**given, "endpoint_url": given.get("endpoint_url") or url})

    own.create_client = create_client
    return boto3.Session(botocore_session=own, region_name=region)


def _without_files(session: Any) -> None:
    """Let a session of botocore's read neither the user's files nor a profile of them."""
    from botocore.configprovider import ConstantProvider  # noqa: PLC0415 - likewise

    store = session.get_component("config_store")
    for name, value in {
        "profile": None,
        "config_file": os.devnull,
        "credentials_file": os.devnull,
    }.items():
        store.set_config_provider(name, ConstantProvider(value))

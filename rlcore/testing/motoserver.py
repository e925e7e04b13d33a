"""moto's server beside the fake: S3, STS, IAM and EC2, one for all fakes of a process."""

from __future__ import annotations

import functools
import logging
from urllib.request import Request, urlopen

from rlcore.errors import MissingExtra

ACCOUNT = "123456789012"
"""The account's number unless another is given: moto's own."""

ROLE = "MyRole"
_SCOPE = "AWS4-HMAC-SHA256 Credential=fake/20200101/us-east-1/iam/aws4_request"
_ROLE = f"Action=CreateRole&RoleName={ROLE}&AssumeRolePolicyDocument=%7B%7D"


@functools.cache
def start() -> tuple[str, int]:
    """Start the server, once in a process and until its end; return host and port.

    Raises:
        MissingExtra: moto is not installed.
    """
    try:
        from moto.server import ThreadedMotoServer  # noqa: PLC0415 - an extra
    except ImportError as error:
        msg = "The fake SageMaker needs moto. Run: pip install 'rlcore[testing]'"
        raise MissingExtra(msg) from error
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # which tells of each request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    return str(host), int(port)


def empty(address: tuple[str, int], account: str) -> None:
    """Forget what the server has, and make the role."""
    url = "http://{}:{}".format(*address)
    headers = {"Authorization": _SCOPE, "x-moto-account-id": account}
    for request in (
        Request(f"{url}/moto-api/reset", method="POST"),  # noqa: S310 - loopback
        Request(f"{url}/", _ROLE.encode(), headers),  # noqa: S310 - likewise
    ):
        urlopen(request).close()  # noqa: S310 - likewise

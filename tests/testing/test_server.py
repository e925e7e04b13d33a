"""The fake's HTTP service, asked without a client of AWS."""

from __future__ import annotations

from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from rlcore.testing import FakeSageMaker

CALL = {"X-Amz-Target": "SageMaker.ListTrainingJobs", "Content-Type": "application/x-amz-json-1.1"}
SIGNED = "AWS4-HMAC-SHA256 Credential=K/20200101/us-west-2/sagemaker/aws4_request, Signature=0"


def status(url: str, host: str) -> int:
    """Return the status of an answer to a request that names a host."""
    address = urlsplit(url)
    connection = HTTPConnection(str(address.hostname), address.port, timeout=10)
    connection.request("POST", "/", b"{}", {**CALL, "Authorization": SIGNED, "Host": host})
    found = connection.getresponse().status
    connection.close()
    return found


@pytest.mark.parametrize("host", ["127.0.0.1:{}", "localhost:{}"])
def test_its_own_address(aws: FakeSageMaker, host: str) -> None:
    """It answers whoever names it."""
    assert 200 == status(aws.url, host.format(urlsplit(aws.url).port))
    assert ["ListTrainingJobs"] == aws.operations()


@pytest.mark.parametrize("host", ["evil.example:{}", "evil.example", "127.0.0.1", ""])
def test_another_address(aws: FakeSageMaker, host: str) -> None:
    """What a browser was led here for by a name of somebody else is refused, and not noted."""
    assert 403 == status(aws.url, host.format(urlsplit(aws.url).port))
    assert [] == aws.operations()

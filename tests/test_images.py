"""Tests of the addresses of images."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlcore.errors import InvalidArgument, PluginError
from rlcore.images import (
    ImageAddress,
    ImageTemplate,
    image_uri,
    parse_image_uri,
    processor,
    registry_host,
)

G1_ALIKE = (
    *("ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
    *("ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3"),
    *("sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2"),
)
G2_ALIKE = (
    *("ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
    *("ca-central-1", "eu-central-1", "eu-west-1", "eu-west-2"),
    *("us-east-1", "us-east-2", "us-west-1", "us-west-2"),
)
HOSTS = {
    "G1": {
        **{region: f"520713654638.dkr.ecr.{region}.amazonaws.com" for region in G1_ALIKE},
        "af-south-1": "313743910680.dkr.ecr.af-south-1.amazonaws.com",
        "ap-east-1": "057415533634.dkr.ecr.ap-east-1.amazonaws.com",
        "cn-north-1": "422961961927.dkr.ecr.cn-north-1.amazonaws.com.cn",
        "cn-northwest-1": "423003514399.dkr.ecr.cn-northwest-1.amazonaws.com.cn",
        "eu-south-1": "048378556238.dkr.ecr.eu-south-1.amazonaws.com",
        "me-south-1": "724002660598.dkr.ecr.me-south-1.amazonaws.com",
        "us-gov-west-1": "246785580436.dkr.ecr.us-gov-west-1.amazonaws.com",
        "us-iso-east-1": "744548109606.dkr.ecr.us-iso-east-1.c2s.ic.gov",
        "us-isob-east-1": "453391408702.dkr.ecr.us-isob-east-1.sc2s.sgov.gov",
    },
    "G2": {region: f"462105765813.dkr.ecr.{region}.amazonaws.com" for region in G2_ALIKE},
    "D": {
        **{region: f"763104351884.dkr.ecr.{region}.amazonaws.com" for region in G1_ALIKE},
        "af-south-1": "626614931356.dkr.ecr.af-south-1.amazonaws.com",
        "ap-east-1": "871362719292.dkr.ecr.ap-east-1.amazonaws.com",
        "ap-east-2": "975050140332.dkr.ecr.ap-east-2.amazonaws.com",
        "ap-northeast-3": "364406365360.dkr.ecr.ap-northeast-3.amazonaws.com",
        "ap-south-2": "772153158452.dkr.ecr.ap-south-2.amazonaws.com",
        "ap-southeast-3": "907027046896.dkr.ecr.ap-southeast-3.amazonaws.com",
        "ap-southeast-4": "457447274322.dkr.ecr.ap-southeast-4.amazonaws.com",
        "ap-southeast-5": "550225433462.dkr.ecr.ap-southeast-5.amazonaws.com",
        "ap-southeast-6": "633930458069.dkr.ecr.ap-southeast-6.amazonaws.com",
        "ap-southeast-7": "590183813437.dkr.ecr.ap-southeast-7.amazonaws.com",
        "ca-west-1": "204538143572.dkr.ecr.ca-west-1.amazonaws.com",
        "cn-north-1": "727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn",
        "cn-northwest-1": "727897471807.dkr.ecr.cn-northwest-1.amazonaws.com.cn",
        "eu-central-2": "380420809688.dkr.ecr.eu-central-2.amazonaws.com",
        "eu-south-1": "692866216735.dkr.ecr.eu-south-1.amazonaws.com",
        "eu-south-2": "503227376785.dkr.ecr.eu-south-2.amazonaws.com",
        "il-central-1": "780543022126.dkr.ecr.il-central-1.amazonaws.com",
        "me-central-1": "914824155844.dkr.ecr.me-central-1.amazonaws.com",
        "me-south-1": "217643126080.dkr.ecr.me-south-1.amazonaws.com",
        "mx-central-1": "637423239942.dkr.ecr.mx-central-1.amazonaws.com",
        "us-gov-east-1": "446045086412.dkr.ecr.us-gov-east-1.amazonaws.com",
        "us-gov-west-1": "442386744353.dkr.ecr.us-gov-west-1.amazonaws.com",
    },
}
HOST_ROWS = [
    (group, region, host) for group, hosts in HOSTS.items() for region, host in hosts.items()
]
REGIONS = sorted({region for hosts in HOSTS.values() for region in hosts} | {"us-iso-west-1"})


@pytest.mark.parametrize(("group", "region", "host"), HOST_ROWS)
def test_registry_host(group: str, region: str, host: str) -> None:
    """Every region of every group has its account and its partition's DNS suffix."""
    assert host == registry_host(group, region)


@pytest.mark.parametrize("group", HOSTS)
def test_no_group_has_more_regions(group: str) -> None:
    """A region that the table does not name is refused, with those that it does."""
    for region in set(REGIONS) - set(HOSTS[group]):
        with pytest.raises(InvalidArgument, match=rf"'{region}'.*us-west-2"):
            registry_host(group, region)


def test_unknown_region_names_the_nearest() -> None:
    """A typing error in a region is met with the region that was meant."""
    with pytest.raises(InvalidArgument, match="Did you mean 'eu-central-1'"):
        registry_host("G2", "eu-centrall-1")


def test_unknown_group_is_the_plugins_fault() -> None:
    """A row that names a group which does not exist is a broken plugin."""
    with pytest.raises(PluginError, match="'G9'.*G1, G2, D"):
        registry_host("G9", "us-west-2")


@pytest.mark.parametrize(
    ("instance_type", "expected"),
    [
        ("local", "cpu"),
        ("local_gpu", "gpu"),
        ("ml.c4.xlarge", "cpu"),
        ("ml.c5.2xlarge", "cpu"),
        ("ml.c7i-flex.large", "cpu"),
        ("ml.m5dn.24xlarge", "cpu"),
        ("ml.m16", "cpu"),
        ("ml.r5d.large", "cpu"),
        ("ml.t3.medium", "cpu"),
        ("ml.x", "cpu"),
        ("ml.g4dn.xlarge", "gpu"),
        ("ml.g5.48xlarge", "gpu"),
        ("ml.g6e.12xlarge", "gpu"),
        ("ml.gr6.4xlarge", "gpu"),
        ("ml.p2.xlarge", "gpu"),
        ("ml.p3dn.24xlarge", "gpu"),
        ("ml.p4d.24xlarge", "gpu"),
        ("ml.p5en.48xlarge", "gpu"),
        ("ml.p6-b200.48xlarge", "gpu"),
    ],
)
def test_processor(instance_type: str, expected: str) -> None:
    """The family's first letter decides, and dashes belong to families."""
    assert expected == processor(instance_type)


@pytest.mark.parametrize(
    ("instance_type", "reason"),
    [
        ("ml.inf1.xlarge", "Inferentia"),
        ("ml.inf2.48xlarge", "Inferentia"),
        ("ml.trn1.2xlarge", "Trainium"),
        ("ml.trn1n.32xlarge", "Trainium"),
        ("ml.a1.large", "Arm"),
        ("ml.c6g.large", "Arm"),
        ("ml.c7gn.2xlarge", "Arm"),
        ("ml.g5g.xlarge", "Arm"),
        ("ml.m7gd.4xlarge", "Arm"),
        ("ml.p6e-gb200.36xlarge", "Arm"),
        ("ml.r8g.large", "Arm"),
        ("ml.t4g.medium", "Arm"),
    ],
)
def test_processor_that_cannot_run_the_images(instance_type: str, reason: str) -> None:
    """Other architectures are refused, saying what they have and what to choose."""
    with pytest.raises(InvalidArgument, match=f"{instance_type} has .*{reason}.*ml.c5.2xlarge"):
        processor(instance_type)


@pytest.mark.parametrize("instance_type", ["bogus", "", "ml.", "ml", "m5.large", "ML.c5.large"])
def test_processor_of_no_instance_type(instance_type: str) -> None:
    """What is no name of an instance type gets the original's words, as a ValueError."""
    with pytest.raises(
        ValueError, match=f"^{instance_type} is not a valid SageMaker instance type"
    ):
        processor(instance_type)


def test_processor_suggests_the_prefix() -> None:
    """An EC2 name is met with SageMaker's."""
    with pytest.raises(InvalidArgument, match="Did you mean 'ml.p3.2xlarge'"):
        processor("p3.2xlarge")


@given(
    account=st.from_regex(r"[0-9]{12}", fullmatch=True),
    region=st.sampled_from(REGIONS),
    repository=st.from_regex(r"[a-z]+(/[a-z-]+){0,2}", fullmatch=True),
    tag=st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,30}", fullmatch=True),
)
def test_parse_image_uri(account: str, region: str, repository: str, tag: str) -> None:
    """An address is read back into its parts, whatever the account."""
    uri = f"{account}.dkr.ecr.{region}.amazonaws.com/{repository}:{tag}"

    expected = ImageAddress(account=account, region=region, repository=repository, tag=tag)
    assert expected == parse_image_uri(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "python:3.11",
        "ghcr.io/me/image:1",
        "123.dkr.ecr.us-west-2.amazonaws.com/image:1",
        "123456789012.dkr.ecr.us-west-2.amazonaws.com/image",
        "123456789012.dkr.ecr.us-west-2.amazonaws.com/image@sha256:0123",
        "evil.example/123456789012.dkr.ecr.us-west-2.amazonaws.com/image:1",
    ],
)
def test_parse_image_uri_of_another_registry(uri: str) -> None:
    """What is no tagged image in an Amazon registry has no parts."""
    assert parse_image_uri(uri) is None


def test_image_uri() -> None:
    """Host, repository and tag make the address."""
    expected = "453391408702.dkr.ecr.us-isob-east-1.sc2s.sgov.gov/some/repository:1.0"

    assert expected == image_uri("G1", "some/repository", "1.0", "us-isob-east-1")


def test_template_makes_and_knows_its_addresses() -> None:
    """A template recognises what it made, in any account, and no other tag or repository."""
    template = ImageTemplate(group="G2", repository="lab", tag="1.0-{processor}")
    made = parse_image_uri(template.uri("us-west-2", "gpu"))
    mirror = ImageAddress(account="0" * 12, region="x", repository="lab", tag="1.0-cpu")

    assert made == ImageAddress(
        account="462105765813", region="us-west-2", repository="lab", tag="1.0-gpu"
    )
    assert template.matches(made)
    assert template.matches(mirror)
    assert not template.matches(ImageAddress(account="", region="", repository="lab", tag="1.0"))
    assert not template.matches(ImageAddress(account="", region="", repository="x", tag="1.0-cpu"))


def test_shared_image_tells_nothing() -> None:
    """An image that other software runs in too is never recognised."""
    template = ImageTemplate(group="D", repository="lab", tag="1", shared=True)
    address = ImageAddress(account="1" * 12, region="x", repository="lab", tag="1")

    assert not template.matches(address)

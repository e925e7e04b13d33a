"""The tables of arguments of models and endpoints."""

from __future__ import annotations

from typing import Any

import pytest

from rlcore import hostingarguments
from rlcore.errors import ConflictingArguments, InvalidArgument, PlatformError, UnknownArgument
from rlcore.hostingarguments import ENDPOINT, MODEL, VPC_CONFIG_DEFAULT, vpc_config

# The keywords of the original's methods, both generations' together.
OF_CREATE_MODEL = {
    *("role", "vpc_config_override", "entry_point", "source_dir", "dependencies", "image"),
    *("image_uri", "name", "env", "model_kms_key", "enable_network_isolation", "predictor_cls"),
    *("model_server_workers", "container_log_level", "code_location", "git_config", "vpc_config"),
    *("image_config", "enable_cloudwatch_metrics", "sagemaker_session"),
}
OF_DEPLOY = {
    *("initial_instance_count", "instance_type", "accelerator_type", "endpoint_name", "wait"),
    *("use_compiled_model", "update_endpoint", "model_name", "kms_key", "data_capture_config"),
    *("tags", "serializer", "deserializer", "serverless_inference_config", "volume_size"),
    *("async_inference_config", "model_data_download_timeout", "explainer_config"),
    *("container_startup_health_check_timeout", "inference_recommendation_id"),
    *("routing_config", "managed_instance_scaling", "inference_ami_version", "endpoint_logging"),
}


def names(*tables: tuple[Any, ...]) -> set[str]:
    """Return every name in tables."""
    return {
        name
        for table in tables
        for argument in table
        for name in (argument.name, argument.old_name)
        if name
    }


def test_every_keyword_of_the_original_is_known() -> None:
    """Scripts of both generations find theirs."""
    assert set() == OF_CREATE_MODEL - names(MODEL)
    assert set() == OF_DEPLOY - names(MODEL, ENDPOINT)


def test_no_name_is_in_both_tables() -> None:
    """`deploy` takes both, and must know whose each is."""
    assert set() == names(MODEL) & names(ENDPOINT)


def test_a_model_by_old_names() -> None:
    """The first generation's names mean the same."""
    given = hostingarguments.of_model({"image": "i", "model_name": "n", "env": {"A": "1"}})

    assert ("i", "n", {"A": "1"}) == (given["image_uri"], given["name"], given["env"])
    assert {} == given.options


def test_what_has_no_place_travels_in_the_options() -> None:
    """Nothing that was given is dropped."""
    given = {
        "model_kms_key": "k",
        "enable_network_isolation": True,
        "model_server_workers": 2,
        "code_location": "s3://b",
        "image_config": {"RepositoryAccessMode": "Vpc"},
        "predictor_cls": dict,
    }

    assert given == hostingarguments.of_model(given).options


def test_deploy_tells_apart_what_is_whose() -> None:
    """Endpoint and model each get their own."""
    endpoint, model = hostingarguments.of_endpoint(
        {"instance_type": "local", "strict": True, "port": 8080, "model_name": "m", "role": "r"}
    )

    assert {"name": "m", "role": "r"} == model
    assert {"strict": True, "port": 8080} == endpoint.options
    assert ("local", True, None) == (
        endpoint["instance_type"],
        endpoint["wait"],
        endpoint["initial_instance_count"],
    )


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"instance_typ": 1}, UnknownArgument, "deploy has no argument .* mean 'instance_type'"),
        ({"name": "a", "model_name": "b"}, ConflictingArguments, "two names of one argument"),
        ({"wait": "yes"}, InvalidArgument, "wait must be True or False; 'yes'"),
        ({"initial_instance_count": 0}, InvalidArgument, "must be at least 1; 0 was given"),
        ({"initial_instance_count": "1"}, InvalidArgument, "must be a whole number; '1'"),
        ({"update_endpoint": True}, PlatformError, "update_endpoint is not supported"),
        ({"use_compiled_model": True}, PlatformError, "use_compiled_model is not supported"),
    ],
)
def test_deploy_refuses(given: dict[str, Any], error: type[Exception], words: str) -> None:
    """What is wrong is known before anything is read or started."""
    with pytest.raises(error, match=words):
        hostingarguments.of_endpoint(given)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"envv": {}}, UnknownArgument, "create_model has no argument 'envv'. Did you mean 'env'"),
        ({"env": {"A": 1}}, InvalidArgument, "env must be a dictionary of strings; the value of"),
        ({"model_server_workers": 0}, InvalidArgument, "at least 1"),
    ],
)
def test_a_model_refuses(given: dict[str, Any], error: type[Exception], words: str) -> None:
    """Likewise for models."""
    with pytest.raises(error, match=words):
        hostingarguments.of_model(given)


@pytest.mark.parametrize(
    ("given", "own", "expected"),
    [
        (None, (["s"], ["g"]), None),
        (VPC_CONFIG_DEFAULT, (["s"], ["g"]), {"Subnets": ["s"], "SecurityGroupIds": ["g"]}),
        (VPC_CONFIG_DEFAULT, (["s"], None), None),
        (
            {"Subnets": ("a",), "SecurityGroupIds": ["b"], "More": 1},
            (None, None),
            {"Subnets": ["a"], "SecurityGroupIds": ["b"]},
        ),
    ],
)
def test_the_network_of_a_model(given: Any, own: tuple[Any, Any], expected: Any) -> None:
    """The estimator's own by default, another's where one is given, none for None."""
    assert expected == vpc_config(given, *own)


@pytest.mark.parametrize(
    "given",
    [3, {}, {"Subnets": ["a"]}, {"Subnets": "a", "SecurityGroupIds": ["b"]},
     {"Subnets": ["a"], "SecurityGroupIds": []}],
)  # fmt: skip
def test_a_network_that_is_none(given: Any) -> None:
    """Both lists must be there, and hold something."""
    with pytest.raises(InvalidArgument, match="vpc_config"):
        vpc_config(given, None, None)

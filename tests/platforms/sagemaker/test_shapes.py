"""What the service would refuse is refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import session as botocore_session
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from rlcore.errors import InvalidArgument
from rlcore.platforms.sagemaker import shapes
from rlcore.platforms.sagemaker.requests import merged

MODEL = botocore_session.get_session().get_service_model("sagemaker")
CREATE = MODEL.operation_model("CreateTrainingJob").input_shape
WHOLE: dict[str, Any] = {
    "TrainingJobName": "job",
    "RoleArn": "arn:aws:iam::111122223333:role/MyRole",
    "AlgorithmSpecification": {"TrainingImage": "host/image:1", "TrainingInputMode": "File"},
    "HyperParameters": {"lr": "0.1"},
    "InputDataConfig": [
        {
            "ChannelName": "training",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/x"}},
        }
    ],
    "OutputDataConfig": {"S3OutputPath": "s3://b/"},
    "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 30},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    "Tags": [{"Key": "rlcore:toolkit", "Value": "ray"}],
    "Environment": {"A": "b"},
    "EnableManagedSpotTraining": False,
}


def refusal(changes: dict[str, Any]) -> str:
    """Return what is said of a request with changes."""
    with pytest.raises(InvalidArgument) as raised:
        shapes.check("CreateTrainingJob", merged(WHOLE, changes))
    return str(raised.value)


def test_what_the_service_takes() -> None:
    """Nothing is said of it."""
    shapes.check("CreateTrainingJob", WHOLE)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"RoleArn": None}, "RoleArn is missing (role=)"),
        ({"TrainingJobName": "x" * 180}, "it has 180 characters, and allowed are 1 at"),
        ({"TrainingJobName": "my_job"}, "TrainingJobName is 'my_job': it must match [a-zA-Z0-9]"),
        (
            {"AlgorithmSpecification": {"TrainingInputMode": "Fil"}},
            "allowed are Pipe, File, FastFile. Did you mean 'File'? (input_mode=)",
        ),
        ({"RetryStrateg": {}}, "RetryStrateg is no field of the service. Did you mean 'RetryS"),
        ({"ResourceConfig": {"InstanceCount": -1}}, "ResourceConfig.InstanceCount is -1: allowed"),
        ({"ResourceConfig": {"InstanceCount": True}}, "a whole number is wanted (instance_count=)"),
        ({"ResourceConfig": {"InstanceCount": "2"}}, "ResourceConfig.InstanceCount is '2'"),
        ({"EnableManagedSpotTraining": "no"}, "True or False is wanted (use_spot_instances=)"),
        ({"StoppingCondition": 5}, "StoppingCondition is 5: a structure is wanted"),
        ({"Tags": {"a": "b"}}, "Tags is {'a': 'b'}: a list is wanted (tags=)"),
        ({"Tags": [{"Key": "a" * 129, "Value": "b"}]}, "Tags[0].Key is 'aaa"),
        ({"Tags": [{"Key": "a|b", "Value": "b"}]}, "Tags[0].Key is 'a|b': it must match"),
        ({"HyperParameters": []}, "HyperParameters: a mapping is wanted (hyperparameters=)"),
        ({"HyperParameters": {"": "x" * 2501}}, "HyperParameters['']: it has 2501 characters"),
        ({"HyperParameters": {"x" * 257: "y"}}, "the name of HyperParameters["),
        ({"Environment": {"1A": "b"}}, "the name of Environment['1A']"),
        ({"InputDataConfig": [WHOLE["InputDataConfig"][0]] * 21}, "it has 21 entries"),
    ],
)  # fmt: skip
def test_what_it_would_refuse(changes: dict[str, Any], words: str) -> None:
    """The field, what was given, what is allowed, and the argument that fills it."""
    said = refusal(changes)

    assert said.startswith("CreateTrainingJob would be refused:\n  ")
    assert words in said


def test_everything_is_told_at_once() -> None:
    """Not one error after the other."""
    changes = {"TrainingJobName": "a b", "RoleArn": "x", "ResourceConfig": {"VolumeSizeInGB": -1}}

    assert ["TrainingJobName", "RoleArn", "RoleArn", "ResourceConfig.VolumeSizeInGB"] == [
        line.split()[0] for line in refusal(changes).splitlines()[1:]
    ]


@pytest.mark.parametrize("field", ["Environment", "HyperParameters"])
def test_secrets_are_not_shown(field: str) -> None:
    """Values of these fields may be secrets."""
    assert "hunter2" not in refusal({field: {"PASSWORD": "hunter2" * 400}})


def test_a_new_instance_type() -> None:
    """The service has more every month: it is no error, but may be a slip."""
    with pytest.warns(UserWarning, match=r"ml.m5.larg is no .*Did you mean 'ml.m5.large'"):
        shapes.check(
            "CreateTrainingJob", merged(WHOLE, {"ResourceConfig": {"InstanceType": "ml.m5.larg"}})
        )
    assert "allowed are ml.m4.xlarge" in refusal({"ResourceConfig": {"InstanceType": "m5.large"}})


def test_unions() -> None:
    """Of their members there is exactly one."""
    target = {"Endpoint": {"Identifier": "e"}, "RecommendationJob": {}}
    with pytest.raises(InvalidArgument, match="BenchmarkTarget is .*: exactly one of"):
        shapes.check("CreateAIBenchmarkJob", {"BenchmarkTarget": target})


def test_patterns_that_python_cannot_say() -> None:
    """They are few, and none is of a field that rlcore fills."""
    patterns = {shape["pattern"] for shape in shapes.model_shapes().values() if "pattern" in shape}
    left = {pattern for pattern in patterns if shapes.compiled(pattern) is None}

    assert len(left) <= 6
    assert len(patterns) > 200


def reachable(name: str) -> set[str]:
    """Return the names of the shapes of an operation's input."""
    todo, seen = [MODEL.operation_model(name).input_shape.name], set()
    while todo:
        found = todo.pop()
        if found in seen:
            continue
        seen.add(found)
        shape = shapes.model_shapes()[found]
        todo += [each["shape"] for each in shape.get("members", {}).values()]
        todo += [shape[part]["shape"] for part in ("member", "key", "value") if part in shape]
    return seen


@pytest.mark.parametrize(
    "operation",
    ["CreateTrainingJob", "CreateModel", "CreateEndpointConfig", "CreateEndpoint"],
)
def test_every_kind_of_shape_is_known(operation: str) -> None:
    """No field passes because nobody looks at its kind."""
    kinds = {shapes.model_shapes()[name]["type"] for name in reachable(operation)}

    assert kinds <= {"structure", "list", "map", "string", "integer", "long", "boolean", "float"}


scalars = st.none() | st.booleans() | st.integers(-2, 200) | st.text(max_size=5)
values = st.recursive(
    scalars, lambda each: st.lists(each, max_size=2) | st.dictionaries(st.text(max_size=4), each)
)


@given(st.sampled_from([*WHOLE, "VpcConfig", "CheckpointConfig"]), values)
def test_it_refuses_what_botocore_refuses(field: str, value: Any) -> None:
    """Whatever is put into a field: where botocore finds an error, so does the walk."""
    request = {**WHOLE, field: value}
    if not ParamValidator().validate(request, CREATE).has_errors():
        return
    with pytest.raises(InvalidArgument):
        shapes.check("CreateTrainingJob", request)

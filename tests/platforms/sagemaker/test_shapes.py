"""What the service would refuse is refused before anything is sent."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from botocore import session as botocore_session
from botocore.validate import ParamValidator
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from rlcore.errors import InvalidArgument
from rlcore.platforms.sagemaker import shapes
from rlcore.platforms.sagemaker.overrides import merged

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
        (
            {"InputDataConfig": [*WHOLE["InputDataConfig"], {"ChannelName": "a b"}]},
            "InputDataConfig[1].ChannelName is 'a b': it must match [A-Za-z0-9\\.\\-_]+ (inputs=)",
        ),
        (
            {"AlgorithmSpecification": {"MetricDefinitions": [{"Name": "a", "Regex": "b" * 501}]}},
            "MetricDefinitions[0].Regex is '" + "b" * 59 + "...: it has 501 characters, and"
            " allowed are 1 at least and 500 at most (metric_definitions=)",
        ),
        ({"RoleArn": "arn:aws:iam::" + "\u0663" * 12 + ":role/x"}, "it must match arn:aws"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": 2**31}}, "32 bits must hold it (max_run=)"),
        ({5: 6}, "5 is no field of the service."),
        ({"RoleArm": "x"}, "RoleArm is no field of the service. Did you mean 'RoleArn'?"),
        ({"Tags": "ab"}, "Tags is 'ab': a list is wanted"),
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
@pytest.mark.parametrize("value", [{"PASSWORD": "hunter2" * 400}, {"A": ["hunter2"]}, "hunter2"])
def test_secrets_are_not_shown(field: str, value: Any) -> None:
    """Values of these fields may be secrets."""
    assert "hunter2" not in refusal({field: value})


@pytest.mark.parametrize(
    "container", [{"Environment": {"A": ("hunter2",)}}, [{"Environment": {"A": "hunter2"}}]]
)
def test_secrets_inside_are_not_shown(container: Any) -> None:
    """Wherever these fields are, and whatever is wrong around them."""
    request = {"ModelName": "m", "ExecutionRoleArn": "x" * 30, "PrimaryContainer": container}
    with pytest.raises(InvalidArgument, match="PrimaryContainer") as raised:
        shapes.check("CreateModel", request)

    assert "hunter2" not in str(raised.value)
    assert "(role=)" in str(raised.value)


def test_a_missing_member_is_told_once() -> None:
    """None is nothing, not a value of the wrong type."""
    with pytest.raises(InvalidArgument) as raised:
        shapes.check("CreateTrainingJob", {**WHOLE, "RoleArn": None})

    assert "CreateTrainingJob would be refused:\n  RoleArn is missing (role=)." == str(raised.value)


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


# All of today's model. No field that rlcore fills has one of them.
UNCHECKED = {
    r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*",
    r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+",
    r"([\p{L}\p{Z}\p{N}_.:\/=+\-@]*)${1,128}",
    r"([\p{L}\p{Z}\p{N}_.:\/=+\-@]*)${1,256}",
    r"[\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}]*",
    r"[\p{L}\p{M}\p{Z}\p{N}\p{P}]{0,1024}",
}


def test_patterns_that_python_cannot_say() -> None:
    """They are counted, so that a new one is seen; what they are of is not checked."""
    patterns = {shape["pattern"] for shape in shapes.model_shapes().values() if "pattern" in shape}

    assert {pattern for pattern in patterns if shapes.compiled(pattern) is None} <= UNCHECKED
    assert len(patterns) > 200


@pytest.mark.parametrize("pattern", [r"[a-z&&[^x]]+", r"\p{Lu}+", r"(?>a)++(", r"[[a]", r"a{2,1}"])
def test_constructs_of_java(pattern: str) -> None:
    """What Python has not, or reads otherwise, is left to the service."""
    assert shapes.compiled(pattern) is None


def test_every_kind_of_shape_is_known() -> None:
    """No field passes because nobody looks at its kind."""
    kinds = {shape["type"] for shape in shapes.model_shapes().values()}

    assert kinds <= {
        *("structure", "list", "map", "string", "integer", "long", "float", "double", "boolean"),
        "timestamp",
    }


def test_times() -> None:
    """They are given as botocore takes them."""
    request = {"TrialComponentName": "a", "StartTime": datetime.now(timezone.utc)}
    shapes.check("CreateTrialComponent", request)
    with pytest.raises(InvalidArgument, match=r"StartTime is \[\]: a time is wanted"):
        shapes.check("CreateTrialComponent", {**request, "StartTime": []})


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


# Whole requests, made by what the model says of each member.

OPERATIONS = ("CreateTrainingJob", "CreateModel", "CreateEndpointConfig", "CreateTransformJob")
MOST = 3  # entries of a list, or members that could be missing
Places = list[tuple[dict[str, Any] | list[Any], Any, dict[str, Any]]]


def strings(shape: dict[str, Any]) -> st.SearchStrategy[str]:
    """Return a strategy of strings that a shape allows."""
    least, most = shape.get("min", 0), shape.get("max", 10_000)
    if "enum" in shape:
        return st.sampled_from(shape["enum"])
    pattern = shapes.compiled(shape.get("pattern", ""))
    if pattern is None or pattern.pattern in {"", ".*", ".+", r"[\S\s]*"}:
        letters = st.characters(min_codepoint=32, max_codepoint=126)
        return st.text(letters, min_size=max(1, least), max_size=max(1, least, min(most, 20)))
    matching = st.from_regex(pattern, fullmatch=True)
    return matching.filter(lambda text: least <= len(text) <= most and "\n" not in text)


def valid(draw: st.DrawFn, name: str, places: Places) -> Any:
    """Draw a value that a shape allows; note the place of each value inside it."""
    shape = shapes.model_shapes()[name]
    kind = shape["type"]
    if kind == "string":
        return draw(strings(shape))
    if kind == "boolean":
        return draw(st.booleans())
    if kind in {"integer", "long"}:
        least = shape.get("min", 0)
        return draw(st.integers(least, min(shape.get("max", least + 100), 2**31 - 1)))
    if kind in {"float", "double"}:
        return draw(st.floats(shape.get("min", 0), shape.get("max", 9)))
    if kind == "list":
        size = draw(st.integers(shape.get("min", 0), min(shape.get("max", MOST), MOST)))
        entries: list[Any] = [None] * size
        for index in range(size):
            entries[index] = valid(draw, shape["member"]["shape"], places)
            places.append((entries, index, shapes.model_shapes()[shape["member"]["shape"]]))
        return entries
    return mapping(draw, shape, places)


def mapping(draw: st.DrawFn, shape: dict[str, Any], places: Places) -> dict[str, Any]:
    """Draw a structure or a map."""
    if shape["type"] == "map":
        name = valid(draw, shape["key"]["shape"], [])
        wanted = {name: shape["value"]["shape"]}
    else:
        members = {name: each["shape"] for name, each in shape["members"].items()}
        free = sorted(members.keys() - set(shape.get("required", ())))
        chosen = draw(st.lists(st.sampled_from(free), max_size=MOST)) if free else []
        names = [*shape.get("required", ()), *chosen]
        if shape.get("union"):
            names = [draw(st.sampled_from(sorted(members)))]
        wanted = {name: members[name] for name in names}
    found: dict[str, Any] = {}
    for name, inside in wanted.items():
        found[name] = valid(draw, inside, places)
        places.append((found, name, shapes.model_shapes()[inside]))
    return found


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, dict[str, Any], Places]:
    """Draw an operation, a request that the service takes, and the places in it."""
    operation = draw(st.sampled_from(OPERATIONS))
    places: Places = []
    shape = MODEL.operation_model(operation).input_shape.name
    return operation, valid(draw, shape, places), places


large = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@large
@given(requests())
def test_it_takes_whatever_the_model_allows(drawn: tuple[str, dict[str, Any], Places]) -> None:
    """A valid request of any of our operations passes, here as with botocore."""
    operation, request, _ = drawn
    report = ParamValidator().validate(request, MODEL.operation_model(operation).input_shape)

    assert "" == report.generate_report()
    shapes.check(operation, request)


@large
@given(requests(), st.data())
def test_it_refuses_whatever_is_changed(
    drawn: tuple[str, dict[str, Any], Places], data: st.DataObject
) -> None:
    """One value that the model does not allow, wherever it is, and the request is refused."""
    operation, request, places = drawn
    holder, key, shape = data.draw(st.sampled_from(places))
    wrong = [object(), *({"[": 1} for _ in [0] if shape["type"] == "structure")]
    if "enum" in shape:
        wrong.append("no such value")
    if "max" in shape and shape["type"] == "string":
        wrong.append("a" * (shape["max"] + 1))
    if "max" in shape and shape["type"] == "integer":
        wrong.append(shape["max"] + 1)
    holder[key] = data.draw(st.sampled_from(wrong))

    with pytest.raises(InvalidArgument):
        shapes.check(operation, request)


@large
@given(requests(), st.data())
def test_it_misses_whatever_is_required(
    drawn: tuple[str, dict[str, Any], Places], data: st.DataObject
) -> None:
    """One member taken away that has to be there, and the request is refused."""
    operation, request, places = drawn
    held = [(holder[key], shape) for holder, key, shape in places]
    held.append((request, shapes.model_shapes()[MODEL.operation_model(operation).input_shape.name]))
    members = [(value, name) for value, shape in held for name in shape.get("required", ())]
    assume(members)
    holder, name = data.draw(st.sampled_from(members))
    del holder[name]

    with pytest.raises(InvalidArgument, match=f"{name} is missing"):
        shapes.check(operation, request)

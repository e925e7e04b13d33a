"""Policies of ours, asked."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
import small_policies
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_policies import BOOL, FLOAT, INT8, INT64, UINT8, box, discrete, echo, write_model

from rlserving import policies
from rlserving.columns import BadRequest
from rlserving.frames import Answer, Request
from rlserving.manifest import ManifestError

if TYPE_CHECKING:
    from pathlib import Path

    from rlserving.policies import Policies

JSON, NPY, CSV = "application/json", "application/x-npy", "text/csv"
OBSERVATION = [0.01, -0.2, 0.03, 0.4]


class Turn(NamedTuple):
    """What an evaluation asks, as `rlscript.Turn`."""

    observation: Any
    state: Any = None
    mask: Any = None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a model of many policies."""
    return write_model(
        tmp_path_factory.mktemp("model"),
        {"red_0": "masked", "red_1": "cart_pole"},
        cart_pole=small_policies.cart_pole(),
        masked=small_policies.masked(),
        recurrent=small_policies.recurrent(),
        gaussian=small_policies.gaussian(),
        logarithm=small_policies.logarithm(),
        dictionary=small_policies.dictionary(),
        pair=small_policies.pair(),
        started=echo(discrete(3, start=2), INT64, ()),
        counts=echo({"type": "MultiDiscrete", "nvec": [3, 4], "dtype": "int64"}, INT64, (2,)),
        shifted=echo({"type": "MultiDiscrete", "nvec": [3, 4], "start": [1, 0]}, INT64, (2,)),
        bits=echo({"type": "MultiBinary", "shape": [3], "dtype": "int8"}, INT8, (3,)),
        flags=echo({"type": "MultiBinary", "shape": [2], "dtype": "int8"}, BOOL, (2,)),
        image=echo(box(2, 2, 3, low=0, high=255, dtype="uint8"), UINT8, (2, 2, 3)),
        double=echo(box(1, dtype="float64"), FLOAT, (1,)),
        plane=echo(box(2, 2, low=-1, high=1), FLOAT, (2, 2)),
    )


@pytest.fixture(scope="module")
def many(folder: Path) -> Policies:
    """Load all of them."""
    return policies.load(str(folder))


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Policies:
    """Load a model with a single policy."""
    target = tmp_path_factory.mktemp("one")
    return policies.load(str(write_model(target, default=small_policies.cart_pole())))


def asked(value: Any, **headers: str) -> Request:
    """Return a request with a JSON body."""
    return Request(json.dumps(value).encode(), **{"content_type": JSON, "accept": JSON, **headers})


def answered(model: Policies, policy: str | None = None, **body: Any) -> Any:
    """Return the value of the answer to a JSON body."""
    named = body if policy is None else {"policy": policy, **body}
    answer = model.respond([asked(named)])[0]
    assert (200, JSON) == (answer.status, answer.content_type), answer.body
    return json.loads(answer.body)


def refused(model: Policies, body: Any, **headers: str) -> tuple[int, str]:
    """Return status and message of a refusal."""
    request = body if isinstance(body, Request) else asked(body, **headers)
    answer = model.respond([request])[0]
    assert JSON == answer.content_type
    return answer.status, json.loads(answer.body)["error"]


def npy(array: Any) -> bytes:
    """Return an array as numpy saves it."""
    file = io.BytesIO()
    np.save(file, np.asarray(array))
    return file.getvalue()


def test_one_observation_is_answered_by_one_action(one: Policies) -> None:
    """A single observation, and a batch of it, in whichever form, are answered alike."""
    action = answered(one, observation=OBSERVATION)["action"]

    assert action in (0, 1)
    assert {"actions": [action]} == answered(one, observations=[OBSERVATION])
    assert {"actions": [action] * 2} == answered(one, observation=[OBSERVATION] * 2)
    assert {"predictions": [action]} == answered(one, instances=[OBSERVATION])
    assert action == json.loads(one.respond([asked(OBSERVATION)])[0].body)
    assert [action] == json.loads(one.respond([asked([OBSERVATION])])[0].body)


@pytest.mark.parametrize(
    ("body", "content_type", "single"),
    [
        (npy(OBSERVATION), NPY, True),
        (npy([OBSERVATION, OBSERVATION]), NPY, False),
        (npy(np.asfortranarray([OBSERVATION, OBSERVATION])), NPY, False),
        (b"0.01,-0.2,0.03,0.4\n\n0.01,-0.2,0.03,0.4\r\n", "text/csv; charset=utf-8", False),
    ],
)
def test_arrays_and_tables(one: Policies, body: bytes, content_type: str, *, single: bool) -> None:
    """Bodies of numpy's and of CSV are answered in their own form, and in any that is wanted."""
    action = answered(one, observation=OBSERVATION)["action"]
    expected = action if single else [action, action]

    def ask(accept: str) -> Answer:
        return one.respond([Request(body, content_type, accept)])[0]

    assert expected == json.loads(ask(JSON).body)
    assert expected == np.load(io.BytesIO(ask(NPY).body)).tolist()
    assert np.ravel(expected).tolist() == [int(line) for line in ask(CSV).body.split()]
    kind = content_type.partition(";")[0]
    assert [kind, kind, NPY] == [
        ask(accept).content_type for accept in ("", "*/*", f"text/html, {NPY};q=0.5")
    ]


def test_an_array_keeps_its_type(many: Policies) -> None:
    """An answer as numpy's array has the type that the policy acts in."""
    body = {"policy": "gaussian", "observation": [0.1, 0.2]}
    found = np.load(io.BytesIO(many.respond([asked(body, accept=NPY)])[0].body))

    assert (np.float32, (2,)) == (found.dtype, found.shape)
    assert [[np.float32(0.1), np.float32(0.2)]] == [found.tolist()]


@pytest.mark.parametrize(
    ("policy", "observation"),
    [
        ("started", 4),
        ("counts", [2, 3]),
        ("shifted", [3, 3]),
        ("bits", [1, 0, 1]),
        ("image", [[[0, 128, 255]] * 2] * 2),
        ("plane", [[0.5, -0.5], [1.0, 0.0]]),
        ("dictionary", {"number": 2, "inner": {"pair": [0.5, 1.5]}}),
        ("pair", [2, [0.5, 1.5]]),
    ],
)
def test_every_space(many: Policies, policy: str, observation: Any) -> None:
    """Observations and actions of every kind of space pass, one and several."""
    assert {"action": observation} == answered(many, policy, observation=observation)
    assert {"actions": [observation] * 3} == answered(many, policy, observations=[observation] * 3)
    assert {"actions": [observation] * 2} == answered(many, policy, observation=[observation] * 2)


def test_columns_of_parts(many: Policies) -> None:
    """A batch of dictionaries may be one of arrays, and likewise with tuples."""
    columns = {"number": [0, 1], "inner": {"pair": [[0.5, 1.5], [2.5, 3.5]]}}

    assert {
        "actions": [
            {"number": 0, "inner": {"pair": [0.5, 1.5]}},
            {"number": 1, "inner": {"pair": [2.5, 3.5]}},
        ]
    } == answered(many, "dictionary", observation=columns)
    assert {"actions": [[0, [0.5, 1.5]], [1, [2.5, 3.5]]]} == answered(
        many, "pair", observation=[[0, 1], [[0.5, 1.5], [2.5, 3.5]]]
    )
    status, message = refused(
        many,
        {"policy": "dictionary", "observation": {**columns, "number": [0]}},
    )
    assert (400, "the parts of the observations must be of one length, not [1, 2]") == (
        status,
        message,
    )


def test_truth_values_are_written_as_numbers(many: Policies) -> None:
    """A graph that answers true and false acts with 1 and 0."""
    request = asked({"policy": "flags", "observation": [True, False]})

    assert b'{"action": [1, 0]}' == many.respond([request])[0].body


def test_masks(many: Policies) -> None:
    """What the mask forbids is never done, greedily or sampled."""
    observation = [3.0, 2.0, 1.0]
    for mask, best in ([1, 1, 1], 0), ([0, 1, 1], 1), ([False, False, True], 2):
        assert {"action": best} == answered(many, "masked", observation=observation, mask=mask)
    sampled = answered(
        many,
        "masked",
        observations=[observation] * 200,
        masks=[[1, 0, 1]] * 200,
        deterministic=False,
        seed=1,
    )
    assert {0, 2} == set(sampled["actions"])


def test_state_round_trips(many: Policies) -> None:
    """A recurrent policy goes on from the state that it answered, each row from its own."""
    first = answered(many, "recurrent", observation=[0.1, 1])
    second = answered(many, "recurrent", observation=[0.1, 1], state=first["state"])
    both = answered(
        many, "recurrent", observations=[[1, 1], [1, 1]], states=[None, second["state"]]
    )

    assert {"action": first["state"]["h"], "state": first["state"]} == first
    assert [0.2, 2.0] == pytest.approx(second["action"])
    assert [[1.0, 1.0], pytest.approx([1.2, 3.0])] == both["actions"]
    assert [{"h": action} for action in both["actions"]] == both["states"]


def test_noise(many: Policies) -> None:
    """Noise is zero, as given, or drawn: with a seed always the same, without always another."""
    observations = [[0.0, 1.0], [2.0, 3.0]]

    def ask(**options: Any) -> Any:
        return answered(many, "gaussian", observations=observations, **options)["actions"]

    assert observations == ask()
    assert [[0.5, 1.0], [2.0, 2.0]] == ask(noise=[[0.5, 0], [0, -1]])
    assert [1.5, 1.5] == answered(many, "gaussian", observation=[1, 1], noise=[0.5, 0.5])["action"]
    assert ask(deterministic=False, seed=7) == ask(deterministic=False, seed=7)
    assert ask(deterministic=False) != ask(deterministic=False)


def test_a_seed_counts_for_its_request_alone(many: Policies) -> None:
    """What is drawn with a seed does not depend on what else is in the batch."""
    body = {"policy": "gaussian", "observation": [0, 0], "deterministic": False, "seed": 3}
    alone = many.respond([asked(body)])[0]

    assert [alone] * 3 == many.respond([asked(body)] * 3)


def test_sampling_is_exact(many: Policies) -> None:
    """Gumbel noise samples each action as often as its probability says."""
    logits = np.log([0.2, 0.5, 0.3]).tolist()
    count = 20000
    found = answered(
        many,
        "masked",
        observations=[logits] * count,
        masks=[[1, 1, 1]] * count,
        deterministic=False,
        seed=0,
    )["actions"]

    assert pytest.approx([0.2, 0.5, 0.3], abs=0.015) == np.bincount(found) / count


def test_policies_by_agent(many: Policies) -> None:
    """An agent is answered by its policy."""
    assert {"action": 1} == answered(many, observation=[0, 1, 0], mask=[1, 1, 1], agent="red_0")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"observation": [0.0]}, "several policies: name one, policy being 'cart_pole', "),
        ({"observation": [0.0], "policy": "gausian"}, "no policy 'gausian'; did you mean 'gauss"),
        ({"observation": [0.0], "agent": "red"}, "no agent 'red'; did you mean 'red_1'? there are"),
        ({"observation": [0.0], "agent": []}, "policy and agent must be names; [] was given"),
        ({"observation": [0], "agent": "red_0", "policy": "pair"}, "agent 'red_0' has the policy"),
    ],
)
def test_no_such_policy(many: Policies, body: Any, message: str) -> None:
    """Several policies and none named, or one that is not there, is refused with the names."""
    status, found = refused(many, body)

    assert 400 == status
    assert message in found


@pytest.mark.parametrize(
    ("policy", "body", "message"),
    [
        ("cart_pole", {"observation": [1, 2, 3]}, "must have the shape [4]; one of shape [3] was"),
        ("cart_pole", {"observation": "abc"}, "must hold numbers in the shape [4]; ['abc'] was"),
        ("cart_pole", {"observation": None}, "must hold numbers in the shape [4]; [None] was give"),
        ("cart_pole", {"observation": [1, 2, [3], 4]}, "must hold numbers in the shape [4]"),
        ("cart_pole", {"observation": ["1", "2", "3", "4"]}, "must hold numbers in the shape [4]"),
        ("cart_pole", {"observation": []}, "must have the shape [4]; one of shape [0] was given"),
        ("cart_pole", {"observation": {}}, "must hold numbers in the shape [4]; [{}] was given"),
        ("cart_pole", {"observations": []}, "there is no observation"),
        ("cart_pole", {"observations": 3}, "observations must be a list; 3 was given"),
        ("cart_pole", {"observation": [0, 1e300, 0, 0]}, "the observation is not finite: [[0.0, i"),
        ("cart_pole", {"observation": [0, 10**400, 0, 0]}, "must hold numbers in the shape [4]"),
        ("cart_pole", {"observatoin": [0]}, "unknown key 'observatoin'; did you mean 'observation"),
        ("cart_pole", {}, 'give one of "observation", one or a batch, and "observations", a list'),
        ("cart_pole", {"observation": [0], "instances": [0]}, 'give one of "observation", one or'),
        ("cart_pole", {"observation": OBSERVATION, "seed": 2**32}, "whole number from 0 to 429496"),
        ("cart_pole", {"observation": OBSERVATION, "seed": True}, "seed must be a whole number"),
        ("cart_pole", {"observation": OBSERVATION, "deterministic": 1}, "must be true or false; 1"),
        ("cart_pole", {"observation": OBSERVATION, "noise": [[0, 0]]}, "the noise must have the s"),
        ("cart_pole", {"observations": [OBSERVATION], "noise": [0, 0]}, "noise must be a list of"),
        ("cart_pole", {"observation": OBSERVATION, "noise": [1e300, 0]}, "the noise is not finite"),
        ("masked", {"observation": [0, 0, 0]}, "needs a mask of the allowed actions, of shape [3]"),
        ("masked", {"observation": [0, 0, 0], "mask": [1, 1]}, "the mask must have the shape [3]"),
        ("masked", {"observation": [0, 0, 0], "mask": [0, 0, 0]}, "the mask allows no action"),
        ("masked", {"observation": [0, 0, 0], "mask": [0, 2, 0]}, "the mask must hold 0 and 1"),
        ("masked", {"observation": [0, 0, 0], "masks": [[1, 1, 1]]}, '"masks" goes with several'),
        ("masked", {"observations": [[0, 0, 0]], "masks": []}, "masks must be a list of 1, one fo"),
        ("cart_pole", {"observation": [0, 0, 0, 0], "mask": [1, 0]}, "the policy takes no mask"),
        ("recurrent", {"observation": [0, 0], "state": [0, 0]}, "the state must hold 'h' of shape"),
        ("recurrent", {"observation": [0, 0], "state": {"h": [0]}}, "the state 'h' must have the"),
        ("recurrent", {"observation": [0, 0], "state": {"h": [1e300, 0]}}, "the state 'h' is not"),
        ("started", {"observation": 1}, "the observation must be from 2 to 4; [1] was given"),
        ("started", {"observation": 2.5}, "must hold whole numbers in the shape []; [2.5] was giv"),
        ("counts", {"observation": [3, 0]}, "must be from 0 to [2, 3]; [[3, 0]] was given"),
        ("shifted", {"observation": [0, 0]}, "must be from [1, 0] to [3, 3]; [[0, 0]] was given"),
        ("bits", {"observation": [0, 1, 2]}, "the observation must be from 0 to 1; [[0, 1, 2]] wa"),
        ("image", {"observation": [[[0, 0, 256]] * 2] * 2}, "must hold numbers of the type uint8"),
        ("image", {"observation": [[[0, 0, 0.5]] * 2] * 2}, "must hold numbers of the type uint8"),
        ("image", {"observation": [[[0, 0, -1]] * 2] * 2}, "must hold numbers of the type uint8"),
        ("double", {"observation": [1e300]}, "the observation is not finite: [[inf]] was given"),
        ("dictionary", {"observation": {"number": 1}}, "the observation has no part 'inner'; {'nu"),
        ("dictionary", {"observation": 3}, "the observation has no part 'number'; 3 was given"),
        ("dictionary", {"observation": {"number": 1, "inner": "x"}}, "the observation has no part"),
        ("pair", {"observation": [1]}, "the observation has no part 1; [1] was given"),
        ("pair", {"observation": [9, [0, 0]]}, "the observation[0] must be from 0 to 2; [9] was"),
    ],
)  # fmt: skip
def test_bad_requests(many: Policies, policy: str, body: Any, message: str) -> None:
    """What does not fit is refused with what would."""
    status, found = refused(many, {"policy": policy, **body})

    assert 400 == status
    assert message in found


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (b"", JSON, 'the body is empty; give JSON, as in {"observation": [0.5, 1]}'),
        (b"{", JSON, "the body is no JSON: Expecting property name"),
        (b"[0, 0, 0, 0] []", JSON, "the body is no JSON: it goes on after its end, with ' []'"),
        (b'{"observation": [NaN, 0, 0, 0]}', JSON, "it holds NaN, and only finite"),
        (b'{"observation": [0, -Infinity, 0, 0]}', JSON, "it holds -Infinity, and only"),
        (b'{"observation": [0, 1e999, 0, 0]}', JSON, "the observation is not finite"),
        (b"\xff\xfe", JSON, "the body is no JSON: 'utf-8' codec can't decode"),
        (b"[" * 100000, JSON, "the body is no JSON: it is nested too deeply"),
        (b"[" * 60 + b"]" * 60, JSON, "must have the shape [4]"),
        (b"[" * 90 + b"]" * 90, JSON, "must hold numbers in the shape [4]"),
        (b"[" + b"1" * 5000 + b"]", JSON, "the body is no JSON: Exceeds the limit"),
        (b"", NPY, "the body is no array of numbers as numpy writes it: ValueError: EOF"),
        (npy(OBSERVATION)[:-1], NPY, "the body is no array of numbers as numpy writes it"),
        (npy(np.array([object()], object)), NPY, "it holds object"),
        (npy(np.array(["a"])), NPY, "it holds <U1"),
        (npy(np.zeros((0, 4))), NPY, "it is empty"),
        (b"PK\x03\x04 zipped", NPY, "the body is no array of numbers as numpy writes it"),
        (b"a,b,c,d\n", CSV, "the body is no CSV of numbers: could not convert string to float"),
        (b"1,2,3\n", CSV, "a line must have 4 cells, an observation of the shape [4]; one has 3"),
        (b"nan,0,0,0\n", CSV, "the observation is not finite"),
        (b"\n", CSV, "there is no observation"),
        (b"\xff", CSV, "the body is no CSV of numbers: 'utf-8' codec can't decode"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_bad_bodies(one: Policies, body: bytes, content_type: str, message: str) -> None:
    """A body that is not what it says is refused, and nothing in it is run or allocated."""
    status, found = refused(one, Request(body, content_type, JSON))

    assert 400 == status
    assert message in found


@pytest.mark.parametrize(
    ("content_type", "accept", "status", "message"),
    [
        (
            "application/xml",
            JSON,
            415,
            "the content type 'application/xml' is not supported; allowed",
        ),
        (JSON, "image/png", 406, "an answer of the type 'image/png' is not supported; allowed are"),
    ],
)
def test_unknown_types(
    one: Policies, content_type: str, accept: str, status: int, message: str
) -> None:
    """An unknown type of the body or of the answer is refused with those that are known."""
    found = refused(one, Request(b"[0, 0, 0, 0]", content_type, accept))

    assert status == found[0]
    assert message in found[1]


def test_what_does_not_fit_into_a_table(many: Policies) -> None:
    """An action or an observation of several parts needs JSON, and is told so."""
    body = {"policy": "pair", "observation": [1, [0, 0]]}

    assert (
        400,
        "an action of several parts cannot be written as text/csv; ask for application/json",
    ) == refused(many, body, accept=CSV)


def test_a_table_of_planes(tmp_path: Path) -> None:
    """A line of CSV is an observation of whatever shape; one of several parts is refused."""
    plane = small_policies.echo(box(2, 2), FLOAT, (2, 2))
    model = policies.load(str(write_model(tmp_path / "plane", default=plane)))
    parts = policies.load(str(write_model(tmp_path / "parts", default=small_policies.pair())))

    assert b"1.0,2.0,3.0,4.0\n" == model.respond([Request(b"1,2,3,4", CSV)])[0].body
    assert (
        400,
        "an observation of several parts does not fit into text/csv; ask with application/json",
    ) == refused(parts, Request(b"1,2", CSV))


def test_outside_the_bounds(folder: Path, many: Policies) -> None:
    """An observation outside its Box is counted, and refused by strict policies."""
    bodies = [
        {"policy": "cart_pole", "observations": [OBSERVATION, [4.9, 0, 0, 0], [0, 0, -1, 9]]},
        {"policy": "cart_pole", "observation": [4.8, 1e30, -0.41887903, -1e30]},
        {"policy": "plane", "observation": [[0, 0], [0, -1.5]]},
    ]
    strict = policies.load(str(folder), strict=True)

    assert [2, 0, 1] == [answer.outside for answer in many.respond(list(map(asked, bodies)))]
    assert [400, 200, 400] == [answer.status for answer in strict.respond(list(map(asked, bodies)))]
    message = refused(strict, bodies[0])[1]
    assert message.startswith("the observation is outside the bounds of its space, from [-4.8")
    assert message.endswith("[4.900000095367432, 0.0, 0.0, 0.0] was given")


def test_no_number_is_an_error_of_the_policy(many: Policies, capfd: Any) -> None:
    """What the policy makes no number of is answered by 500, and the log says so."""
    status, message = refused(many, {"policy": "logarithm", "observation": [-1.0]})

    assert (500, "ArithmeticError: the policy answers with what is no number") == (status, message)
    assert "ArithmeticError" in capfd.readouterr().err


def test_a_request_that_nobody_thought_of(one: Policies, capsys: Any) -> None:
    """An error that is none of the client's is told as one, and spoils no other request."""
    nothing: Any = None
    odd = Request(b"[0, 0, 0, 0]", nothing)
    answers = one.respond([odd, Request(b"[0, 0, 0, 0]", JSON)])

    assert [500, 200] == [answer.status for answer in answers]
    assert "AttributeError" in capsys.readouterr().err


def test_a_wrong_request_spoils_no_other(many: Policies) -> None:
    """In a batch, each is answered as it would be alone."""
    bodies = [
        {"policy": "cart_pole", "observation": OBSERVATION},
        {"policy": "cart_pole", "observation": [1, 2, 3]},
        {"policy": "logarithm", "observation": [1.0]},
        {"policy": "logarithm", "observation": [-1.0]},
        {"policy": "cart_pole", "observation": "abcd"},
        {"policy": "cart_pole", "observations": [OBSERVATION, OBSERVATION]},
        {"policy": "nobody", "observation": 1},
    ]
    requests = [asked(body) for body in bodies]

    found = many.respond(requests)

    assert [200, 400, 200, 500, 400, 200, 400] == [answer.status for answer in found]
    assert [many.respond([request])[0] for request in requests] == found


KEYS = st.sampled_from(
    [
        *("observation", "observations", "instances", "mask", "masks", "state", "states", "noise"),
        *("deterministic", "seed", "policy", "agent", "h", "number", "inner", "pair", "0"),
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 300)
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["cart_pole", "masked", "pair", "dictionary", "image", "recurrent"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=15,
)
BODIES = (
    st.binary(max_size=60)
    | VALUES.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(KEYS, VALUES, max_size=4).map(lambda value: json.dumps(value).encode())
    | st.binary(max_size=40).map(lambda rest: npy(np.zeros((2, 4)))[:60] + rest)
    | st.binary(max_size=40).map(lambda rest: b"\x93NUMPY\x01\x00" + rest)
    | st.lists(st.floats() | st.integers(), max_size=5).map(lambda row: repr(row)[1:-1].encode())
)
TYPES = st.sampled_from([JSON, NPY, CSV, "", "*/*", "text/*", "image/png"]) | st.text(max_size=20)


@settings(
    deadline=None,
    max_examples=300,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.builds(Request, BODIES, TYPES, TYPES), min_size=1, max_size=4))
def test_nothing_in_a_request_raises(
    many: Policies, one: Policies, requests: list[Request]
) -> None:
    """Whatever comes is answered, with a JSON error unless all is well, and alike in any batch."""
    for model in (many, one):
        found = model.respond(requests)

        assert len(requests) == len(found)
        for request, answer in zip(requests, found, strict=True):
            assert answer.status in (200, 400, 406, 415)
            if answer.status != 200:
                assert JSON == answer.content_type
                assert ["error"] == list(json.loads(answer.body))
            if b"deterministic" not in request.body:
                assert model.respond([request])[0] == answer


def test_acting_in_process(many: Policies) -> None:
    """An evaluation asks with the environment's own observations, and gets its own actions."""
    recurrent = many.act(
        [Turn(np.ones(2, np.float32), None), Turn(np.ones(2), {"h": [1, 2]})], "recurrent"
    )

    assert [[1, 1], [2, 3]] == [action.tolist() for action, _ in recurrent]
    assert [[1, 1], [2, 3]] == [state["h"].tolist() for _, state in recurrent]
    mask = np.array([0, 1, 1], np.int8)
    assert [(1, None)] == many.act([Turn(np.zeros(3), None, mask)], agent="red_0")
    [(action, _)] = many.act([Turn((2, np.zeros(2, np.float32)))], "pair")
    assert (2, [0, 0]) == (action[0], action[1].tolist())
    assert isinstance(action, tuple)
    assert [] == many.act([], "pair")


def test_acting_in_process_and_over_a_network_is_the_same(many: Policies) -> None:
    """The same observations get the same actions either way, one by one or at once."""
    random = np.random.default_rng(1)
    observations = random.normal(size=(500, 4)).astype(np.float32)

    at_once = [int(action) for action, _ in many.act(list(map(Turn, observations)), "cart_pole")]

    body = {"policy": "cart_pole", "observations": observations.tolist()}
    assert at_once == json.loads(many.respond([asked(body)])[0].body)["actions"]
    assert at_once == [
        answered(many, "cart_pole", observation=row.tolist())["action"] for row in observations
    ]
    assert {0, 1} == set(at_once)


def test_acting_wrongly_in_process(many: Policies) -> None:
    """A wrong observation, or a policy that is not there, is an error with a reason."""
    with pytest.raises(BadRequest, match="must have the shape"):
        many.act([Turn(np.ones(3))], "cart_pole")
    with pytest.raises(BadRequest, match="did you mean 'pair'"):
        many.act([Turn(1)], "pare")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": [{"name": "obs", "path": []}]}, "names the input 'obs', which the graph lacks"),
        ({"outputs": [{"name": "act"}]}, "names the output 'act', which the graph lacks; it has"),
        ({"inputs": [{"name": "observation", "path": ["x"]}]}, "has the path ['x'], which the obs"),
    ],
)
def test_a_manifest_of_another_graph(tmp_path: Path, change: Any, message: str) -> None:
    """A signature that does not fit its graph is found when it is loaded."""
    policy = small_policies.gaussian()
    policy.signature.update(change)

    with pytest.raises(ManifestError) as caught:
        policies.load(str(write_model(tmp_path, default=policy)))

    assert message in str(caught.value)

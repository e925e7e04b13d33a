"""What asks an endpoint: any request, or for actions."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from memory_hosting import HostingMemoryPlatform, MemoryHosting, Reply, Request, as_json

from rlcore import Predictor
from rlcore.endpoints import Answer, Deployment, EndpointState, ModelRequest
from rlcore.errors import EndpointNotFound, InvalidArgument, InvocationFailed, UnknownArgument
from rlcore.serializers import BytesDeserializer, CSVSerializer
from rlcore.servingpredictors import MXNetPredictor, TensorFlowPredictor
from rlscript import Turn

NAME = "my-endpoint"


def deployed(hosting: MemoryHosting) -> MemoryHosting:
    """Return the hosting with an endpoint."""
    model = ModelRequest(release=None, model_data="file:///model.tar.gz")
    hosting.deploy(Deployment(name=NAME, model=model), None)
    return hosting


def bare(reply: Reply | None = None) -> MemoryHosting:
    """Return the hosting with an endpoint of a network that has no policy."""
    return deployed(MemoryHosting(reply, policies=()))


def predictor(reply: Any = None, **options: Any) -> Predictor:
    """Return a predictor of an endpoint that answers as *reply* says."""
    return Predictor(NAME, hosting=deployed(MemoryHosting(reply, **options)))


def memory(asked: Predictor) -> MemoryHosting:
    """Return the hosting that a predictor asks."""
    assert isinstance(asked.hosting, MemoryHosting)
    return asked.hosting


def requests(asked: Predictor) -> list[Request]:
    """Return what the endpoint was sent."""
    return memory(asked).requests


def counting(sent: Request) -> Answer:
    """Answer as a recurrent policy that counts its steps, and acts by the count."""
    question = sent.json()
    if "observations" in question:
        states = question.get("states", [None] * len(question["observations"]))
        counts = [(state or {"n": 0})["n"] + 1 for state in states]
        return as_json({"actions": counts, "states": [{"n": count} for count in counts]})
    count = (question.get("state") or {"n": 0})["n"] + 1
    return as_json({"action": count, "state": {"n": count}})


def failing(status: int | None, message: str = "no") -> Reply:
    """Return a reply that is an error."""

    def reply(_: Request) -> Answer:
        raise InvocationFailed(message, status=status)

    return reply


def test_predict_speaks_json_both_ways() -> None:
    """Without a word about formats, values go and values come."""
    asked = predictor(lambda sent: as_json({"got": sent.json()}))

    assert {"got": {"inputs": [[0.5, 1.0]]}} == asked.predict({"inputs": np.array([[0.5, 1.0]])})
    sent = requests(asked)[0]
    assert ("application/json", "application/json", "") == (
        sent.content_type,
        sent.accept,
        sent.attributes,
    )


def test_predict_takes_other_formats() -> None:
    """Serializers of the caller's decide about types, and can be changed later."""
    asked = predictor()
    asked.serializer, asked.deserializer = CSVSerializer(), BytesDeserializer()

    assert b"1,2\n" == asked.predict([1, 2])
    assert ("text/csv", "*/*") == (asked.content_type, asked.accept)


def test_initial_args_win() -> None:
    """The original's way to say something about one request."""
    asked = predictor()

    asked.predict(
        b"1",
        {
            "ContentType": "a/b",
            "Accept": "application/json",
            "CustomAttributes": "c",
        },
    )

    sent = requests(asked)[0]
    assert ("a/b", "application/json", "c") == (sent.content_type, sent.accept, sent.attributes)


def test_initial_args_may_name_another_endpoint() -> None:
    """As in the original; the one that is asked is never another than the one that was named."""
    with pytest.raises(EndpointNotFound, match="another"):
        predictor().predict(1, {"EndpointName": "another"})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"ContentTyp": "a"}, "Did you mean 'ContentType'"),
        ({"TargetVariant": "b"}, "Allowed are EndpointName, ContentType"),
    ],
)
def test_initial_args_that_mean_nothing(given: Any, words: str) -> None:
    """A field that nothing would heed is refused before anything is sent."""
    asked = predictor()

    with pytest.raises(UnknownArgument, match=words):
        asked.predict(1, given)
    assert [] == requests(asked)


def test_act_asks_for_an_action() -> None:
    """Only what was given is sent."""
    asked = predictor(lambda _: as_json({"action": 1}))

    assert 1 == asked.act(np.array([0.5, 1.0], dtype=np.float32))
    assert {"observation": [0.5, 1.0], "deterministic": True} == requests(asked)[0].json()


def test_act_hands_everything_on() -> None:
    """Each argument has its key in the question."""
    given = {
        "mask": [0, 1],
        "state": {"h": [0.5]},
        "deterministic": False,
        "seed": 3,
        "policy": "red",
        "agent": "red_0",
    }
    asked = predictor(lambda _: as_json({"action": {"a": [0.5], "b": 1}}))

    action = asked.act({"x": np.zeros(2)}, **given)

    assert {"observation": {"x": [0.0, 0.0]}, **given} == requests(asked)[0].json()
    assert ["float32", 1] == [action["a"].dtype, action["b"]]


def test_act_on_a_batch() -> None:
    """Several observations give as many actions, in one array."""
    asked = predictor(lambda _: as_json({"actions": [0, 1, 0]}))

    actions = asked.act(np.zeros((3, 4)))

    assert ("int64", [0, 1, 0]) == (actions.dtype, actions.tolist())


def test_act_all_carries_states_and_masks() -> None:
    """One request for all turns; each gets its own next state."""
    asked = predictor(counting)
    turns = [Turn([0.0], None, None), Turn([1.0], {"n": 4}, [1, 0])]

    assert [(1, {"n": 1}), (5, {"n": 5})] == asked.act_all(turns, policy="default")
    assert {
        "observations": [[0.0], [1.0]],
        "masks": [None, [1, 0]],
        "states": [None, {"n": 4}],
        "policy": "default",
        "deterministic": True,
    } == requests(asked)[0].json()


def test_act_all_of_nothing() -> None:
    """No turn, no request."""
    asked = predictor(counting)

    assert [] == asked.act_all([])
    assert [] == requests(asked)


def test_act_all_splits_what_is_too_large() -> None:
    """An endpoint that takes two at a time is asked for two at a time."""

    def small(sent: Request) -> Answer:
        if len(sent.json()["observations"]) > 2:
            return failing(413)(sent)
        return counting(sent)

    answered = predictor(small).act_all([Turn([0.0], {"n": n}) for n in range(5)])

    assert [1, 2, 3, 4, 5] == [action for action, _ in answered]


@pytest.mark.parametrize(
    "answer", [{"action": 1}, {"actions": [1]}, {"actions": 1}, {"actions": [1, 1], "states": [1]}]
)
def test_act_all_wants_an_answer_to_each_turn(answer: Any) -> None:
    """Code of the caller's own that answers fewer, or in another form, is told so."""
    with pytest.raises(InvocationFailed, match="answered 2 observations with {'action"):
        predictor(lambda _: as_json(answer)).act_all([Turn([1]), Turn([2])])


def test_one_turn_that_is_too_large() -> None:
    """Splitting ends, with the endpoint's own words."""
    with pytest.raises(InvocationFailed, match="too much") as raised:
        predictor(failing(413, "too much")).act_all([Turn([0.0])] * 2)

    assert 413 == raised.value.status


def test_an_agent_carries_the_state() -> None:
    """A recurrent policy remembers until it is reset."""
    agent = predictor(counting).agent()

    assert [1, 2, 3] == [agent([0.0]) for _ in range(3)]
    agent.reset()
    assert 1 == agent([0.0])


def test_an_agent_of_many_environments() -> None:
    """A batch has a state for each."""

    def reply(sent: Request) -> Answer:
        states = sent.json().get("state", [0, 0])
        return as_json({"actions": states, "states": [state + 1 for state in states]})

    agent = predictor(reply).agent()

    assert [[0, 0], [1, 1]] == [agent([[0.0], [0.0]]).tolist() for _ in range(2)]


def test_an_agent_says_which_policy() -> None:
    """Policy, agent, chance and mask are in every question; the seed counts up."""
    asked = predictor(counting)
    agent = asked.agent(agent="red_0", deterministic=False, seed=7)

    agent([0.0], mask=[1])
    agent([0.0])

    questions = [sent.json() for sent in requests(asked)]
    assert [7, 8] == [question["seed"] for question in questions]
    assert {"agent": "red_0", "deterministic": False, "mask": [1]}.items() <= questions[0].items()


@pytest.mark.parametrize("reply", [failing(500, "NameError"), lambda _: as_json([0.5, 0.5])])
def test_act_on_a_model_without_policies(reply: Any) -> None:
    """A foreign model has `predict` only, and `act` says so."""
    with pytest.raises(InvocationFailed, match="has `predict` only"):
        predictor(reply, policies=()).act([0.0])


def test_an_answer_that_is_no_action() -> None:
    """What is no action is shown."""
    with pytest.raises(InvocationFailed, match="{'oops': 1}, which is no action"):
        predictor(lambda _: as_json({"oops": 1})).act([0.0])


@pytest.mark.parametrize(("status", "policies"), [(400, ("default",)), (503, ()), (None, ("a",))])
def test_errors_keep_the_endpoints_words(status: int | None, policies: tuple[str, ...]) -> None:
    """Status and message are the endpoint's."""
    with pytest.raises(InvocationFailed, match="the observation must") as raised:
        predictor(failing(status, "the observation must"), policies=policies).act([0.0])

    assert status == raised.value.status


def test_what_json_cannot_hold() -> None:
    """The caller's mistake is told before anything is sent."""
    with pytest.raises(InvalidArgument, match="JSON cannot hold"):
        predictor(counting).act(object())


def test_by_name_from_anywhere() -> None:
    """Name and platform are enough; a policy with a state is told to be asked by an agent."""
    platform = HostingMemoryPlatform(deployed(MemoryHosting(counting)))

    asked = Predictor(NAME, platform)

    with pytest.warns(UserWarning, match=r"keeps a state.*predictor.agent\(\)"):
        assert 1 == asked.act([0.0])
    assert "<Predictor of my-endpoint on memory>" == repr(asked)
    assert EndpointState.IN_SERVICE is asked.status().state
    assert NAME == asked.endpoint == asked.endpoint_name
    with pytest.raises(EndpointNotFound):
        Predictor("other", platform).act([0.0])


def test_deleting() -> None:
    """Endpoint and model are deleted apart, as in the original."""
    asked = predictor()

    asked.delete_model()
    asked.delete_endpoint(delete_endpoint_config=False)

    assert [NAME] == memory(asked).deleted_models
    with pytest.raises(EndpointNotFound):
        asked.status()


def test_tensorflow_serving_has_three_methods() -> None:
    """The method, the model and its version travel as custom attributes."""
    hosting = deployed(MemoryHosting())
    asked = TensorFlowPredictor(NAME, hosting=hosting, model_name="m", model_version="2")

    asked.predict({"instances": [1]})
    asked.classify({"examples": [1]})
    asked.regress({"examples": [1]})
    TensorFlowPredictor(NAME, hosting=hosting).predict({}, {"CustomAttributes": "own"})

    named = "tfs-model-name=m,tfs-model-version=2"
    assert [
        named,
        f"tfs-method=classify,{named}",
        f"tfs-method=regress,{named}",
        "own",
    ] == [sent.attributes for sent in hosting.requests]


def test_mxnet_speaks_json() -> None:
    """As the original's did."""
    asked = MXNetPredictor(NAME, hosting=deployed(MemoryHosting()))

    assert [[1, 2]] == asked.predict(np.array([[1, 2]]))
    assert json.loads(requests(asked)[0].body) == [[1, 2]]


def test_acting_by_tensorflow_serving() -> None:
    """The action with the greatest number, for one observation and for many in one request."""

    def answer(sent: Request) -> Answer:
        rows = {1.0: [0.1, 0.9], 2.0: [0.7, 0.3]}
        return as_json({"predictions": [rows[each[0]] for each in sent.json()["instances"]]})

    hosting = bare(answer)
    asked = TensorFlowPredictor(NAME, hosting=hosting, model_name="m")

    assert 1 == asked.act(np.array([1.0, 0.0]))
    assert 0 == asked.agent()([2.0, 0.0])
    turns = [Turn(observation=[each, 0.0]) for each in (1.0, 2.0)]
    assert [(1, None), (0, None)] == asked.act_all(turns)
    assert ["tfs-model-name=m"] * 3 == [sent.attributes for sent in hosting.requests]


@pytest.mark.parametrize(
    ("answer", "action"),
    [
        (1, 1),
        ({"actions": 2, "logits": [0.1, 0.2, 0.7]}, 2),
        ({"actions": [0.5], "mean": [0.5]}, [0.5]),
    ],
)
def test_acting_by_a_policy_that_names_its_actions(answer: Any, action: Any) -> None:
    """What a SavedModel of a policy answers is the action already."""
    hosting = bare(lambda _: as_json({"predictions": [answer]}))

    assert action == TensorFlowPredictor(NAME, hosting=hosting).act([0.0])


@pytest.mark.parametrize(
    "answer",
    [[0.2, 0.8], [[0.2, 0.8]], [[[0.2, 0.8]]], [[[1.5]], [[0.2, 0.8]]], [[1.5], [0.2, 0.8]]],
)
def test_acting_by_a_script_in_mxnets_container(answer: Any) -> None:
    """The policy's numbers are found alone or after a value, in a batch of one or in none."""
    asked = MXNetPredictor(NAME, hosting=bare(lambda _: as_json(answer)))

    assert 1 == asked.act([0.0, 2.0])
    assert [0.0, 2.0] == requests(asked)[0].json()
    turns = [Turn(observation=[0.0])] * 2
    assert [(1, None)] * 2 == asked.act_all(turns)
    assert 3 == len(requests(asked))


@pytest.mark.parametrize(
    "answer",
    [
        {"policy": [0.2, 0.8]},
        [0.5],
        [[[1.5]], [[0.1]], [[0.3]]],
        [[0.2, 0.8], [0.3, 0.7]],
        [["a", "b"]],
        "none",
        [],
        [True, False],
        [float("nan"), 1.0],
    ],
)
@pytest.mark.parametrize("kind", [MXNetPredictor, TensorFlowPredictor])
def test_answers_that_are_no_discrete_policy(
    kind: type[MXNetPredictor | TensorFlowPredictor], answer: Any
) -> None:
    """Means of continuous actions, and whatever else, are refused rather than taken for actions."""
    row = {"predictions": [answer]} if kind is TensorFlowPredictor else answer
    asked = kind(NAME, hosting=bare(lambda _: as_json(row)))

    with pytest.raises(InvocationFailed, match=r"two or more discrete actions.* by predict"):
        asked.act([0.0])


@pytest.mark.parametrize("answer", [[[0.2, 0.8]], {"predictions": []}, {"outputs": [1]}])
def test_other_answers_of_tensorflow_serving(answer: Any) -> None:
    """What is no prediction for each observation is told as it is."""
    asked = TensorFlowPredictor(NAME, hosting=bare(lambda _: as_json(answer)))

    with pytest.raises(InvocationFailed, match="no predictions for 1 observations"):
        asked.act([0.0])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"mask": [1, 0]}, "mask cannot"),
        ({"deterministic": False}, "deterministic=False cannot"),
        ({"policy": "p", "seed": 0}, "seed, policy cannot"),
    ],
)
def test_what_a_bare_network_cannot_be_asked(given: dict[str, Any], words: str) -> None:
    """Nothing is sent, and nothing is left out in silence."""
    asked = MXNetPredictor(NAME, hosting=bare())

    with pytest.raises(InvalidArgument, match=words):
        asked.act([0.0], **given)
    assert [] == requests(asked)


@pytest.mark.parametrize("kind", [MXNetPredictor, TensorFlowPredictor])
def test_a_policy_of_ours_is_asked_as_one(kind: type[MXNetPredictor | TensorFlowPredictor]) -> None:
    """Where hosting says that it has policies, `act` samples, masks and carries state as ever."""
    hosting = MemoryHosting(counting, stages=["Starting"])
    asked = kind(NAME, hosting=deployed(hosting))
    with pytest.raises(InvalidArgument, match="seed cannot"):  # not known before it is in service
        asked.act([0.0], seed=1)

    agent = asked.agent()

    assert [1, 2] == [agent([0.0]), agent([0.0])]
    assert {"n": 1} == requests(asked)[1].json()["state"]

"""`Predictor`: what asks an endpoint, from any process that knows its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rlcore import platforms, serializers
from rlcore.agent import Agent
from rlcore.endpoints import EndpointState
from rlcore.errors import InvocationFailed, PlatformError, UnknownArgument, did_you_mean
from rlcore.warning import warn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rlcore.endpoints import EndpointStatus
    from rlcore.platforms.base import Hosting, Platform

_FIELDS = {
    "EndpointName": "name",
    "ContentType": "content_type",
    "Accept": "accept",
    "CustomAttributes": "attributes",
}
# The service's other fields choose among variants and models, of which rlcore makes one each.
_TOO_LARGE = 413
_FROM_THE_MODEL = {400, 406, 415, 500, None}
"""Statuses of a model that does not understand; others are the server's own."""


class Predictor:
    """Asks an endpoint: `act` for an action of our own exports, `predict` for anything else.

    Args:
        endpoint_name: The endpoint's name; whichever process deployed it.
        platform: Where it is, by name or instance; this machine by default.
        serializer: Writes what `predict` is given; JSON by default.
        deserializer: Reads what `predict` returns; JSON by default.
        hosting: Where it is, instead of *platform*.
    """

    def __init__(
        self,
        endpoint_name: str,
        platform: str | Platform | None = None,
        *,
        serializer: Any = None,
        deserializer: Any = None,
        hosting: Hosting | None = None,
    ) -> None:
        """Hold an endpoint; nothing is asked of it."""
        self.endpoint_name = endpoint_name
        self.serializer = serializer or serializers.JSONSerializer()
        self.deserializer = deserializer or serializers.JSONDeserializer()
        self.hosting = platforms.resolve_hosting(platform) if hosting is None else hosting

    def __repr__(self) -> str:
        """Return the endpoint and its platform."""
        return f"<{type(self).__name__} of {self.endpoint_name} on {self.hosting.name}>"

    @property
    def endpoint(self) -> str:
        """The endpoint's name, as the first generation called it."""
        return self.endpoint_name

    @property
    def content_type(self) -> str:
        """MIME type of what `predict` sends."""
        return serializers.content_type_of(self.serializer)

    @property
    def accept(self) -> str:
        """MIME types that `predict` asks for."""
        return serializers.accept_of(self.deserializer)

    def status(self) -> EndpointStatus:
        """Return the endpoint as it is now."""
        return self.hosting.describe(self.endpoint_name)

    def predict(self, data: Any, initial_args: Mapping[str, Any] | None = None) -> Any:
        """Send *data* as the serializer writes it, and return what the deserializer reads.

        Args:
            data: What the endpoint's model takes.
            initial_args: Fields of the request that win over the predictor's own: `EndpointName`,
                `ContentType`, `Accept` and `CustomAttributes`.

        Raises:
            InvocationFailed: The endpoint answered with an error; `status` is its HTTP status.
        """
        fields = {
            "name": self.endpoint_name,
            "content_type": self.content_type,
            "accept": self.accept,
            **_fields(initial_args),
        }
        answer = self.hosting.invoke(body=serializers.serialized(self.serializer, data), **fields)
        return serializers.deserialized(self.deserializer, answer.body, answer.content_type)

    def act(  # noqa: PLR0913 - what a question may hold
        self,
        observation: Any,
        *,
        mask: Any = None,
        state: Any = None,
        deterministic: bool = True,
        seed: int | None = None,
        policy: str | None = None,
        agent: str | None = None,
    ) -> Any:
        """Return the policy's action for an observation, or its actions for a batch of them.

        A recurrent policy begins anew with each call, unless *state* is given; `agent` carries it.

        Args:
            observation: One as the environment gives it, or a batch along a first axis.
            mask: Which actions are allowed, for policies that ask.
            state: What a recurrent policy returned before.
            deterministic: Whether the likeliest action is wanted, or one drawn by chance.
            seed: Seed of the chance, for the same action again.
            policy: Name of the policy, where the model holds several.
            agent: Id of the agent whose policy is meant, instead of *policy*.

        Returns:
            The action as the environment takes it: numpy's arrays where numpy is imported.

        Raises:
            InvocationFailed: The endpoint refused it, or its model can only `predict`.
        """
        question = {
            "observation": observation,
            "mask": mask,
            "state": state,
            "deterministic": deterministic,
            "seed": seed,
            "policy": policy,
            "agent": agent,
        }
        action, kept = self.ask(question)
        if kept is not None and state is None:
            msg = (
                f"The policy of {self.endpoint_name} keeps a state, and act begins anew with each"
                " call. predictor.agent() carries the state from step to step."
            )
            warn(msg)
        return action

    def act_all(
        self,
        turns: Sequence[Any],
        *,
        policy: str | None = None,
        agent: str | None = None,
        deterministic: bool = True,
    ) -> list[tuple[Any, Any]]:
        """Return an action and the policy's next state for each turn, asked in one request.

        Args:
            turns: Each has `observation`, `state` and `mask`, as `rlscript.Turn`.
            policy: See `act`, as for the rest.
            agent: Likewise.
            deterministic: Likewise.
        """
        which = {"policy": policy, "agent": agent, "deterministic": deterministic}
        return self._act_all(turns, which) if turns else []

    def agent(
        self,
        policy: str | None = None,
        agent: str | None = None,
        *,
        deterministic: bool = True,
        seed: int | None = None,
    ) -> Agent:
        """Return a function from observation to action that carries a recurrent policy's state.

        Args:
            policy: See `act`, as for the rest.
            agent: Likewise.
            deterministic: Likewise.
            seed: Seed of the first action's chance; each further action counts it up.
        """
        return Agent(self.ask, policy, agent, deterministic=deterministic, seed=seed)

    def ask(self, question: Mapping[str, Any]) -> tuple[Any, Any]:
        """Return action and next state, or those of a batch, for a question as the endpoint has it.

        Args:
            question: `observation` and whatever else goes with it; None counts as not given.
        """
        answer = self._answer(question)
        if "action" in answer:
            return serializers.array(answer["action"]), answer.get("state")
        return serializers.array(answer["actions"]), answer.get("states")

    def delete_endpoint(self, delete_endpoint_config: bool = True) -> None:  # noqa: FBT001, FBT002
        """End the endpoint; the model's archive stays.

        Args:
            delete_endpoint_config: Whether its configuration goes too, where a service keeps one.
        """
        del delete_endpoint_config  # A platform that keeps one deletes it with its endpoint.
        self.hosting.delete(self.endpoint_name)

    def delete_model(self) -> None:
        """Delete the model that hosting keeps beside the endpoint; the archive stays."""
        self.hosting.delete_model(self.endpoint_name)

    def _act_all(self, turns: Sequence[Any], which: Mapping[str, Any]) -> list[tuple[Any, Any]]:
        question = {
            "observations": [turn.observation for turn in turns],
            "masks": _column([turn.mask for turn in turns]),
            "states": _column([turn.state for turn in turns]),
        }
        try:
            answer = self._answer({**question, **which})
        except InvocationFailed as error:
            if error.status != _TOO_LARGE or len(turns) == 1:
                raise
            half = len(turns) // 2
            return self._act_all(turns[:half], which) + self._act_all(turns[half:], which)
        actions: Any = answer.get("actions")
        states: Any = answer.get("states") or [None] * len(turns)
        if not (_fits(actions, turns) and _fits(states, turns)):
            msg = f"{self.endpoint_name} answered {len(turns)} observations with {answer!r:.200}."
            raise InvocationFailed(msg)
        return list(zip(map(serializers.array, actions), states, strict=True))

    def _answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        given = {name: value for name, value in question.items() if value is not None}
        body = serializers.JSONSerializer().serialize(given)
        json = serializers.JSON
        try:
            answer = self.hosting.invoke(self.endpoint_name, body, content_type=json, accept=json)
            read = serializers.JSONDeserializer()
            value = serializers.deserialized(read, answer.body, answer.content_type)
        except InvocationFailed as error:
            if error.status in _FROM_THE_MODEL:
                self._explain(error.status)
            raise
        if not isinstance(value, dict) or not {"action", "actions"} & set(value):
            self._explain(None)
            msg = (
                f"{self.endpoint_name} answered {value!r:.200}, which is no action. `act` is for"
                " policies that rlscript exported; ask other models by `predict`."
            )
            raise InvocationFailed(msg)
        return value

    def _explain(self, status: int | None) -> None:
        """Raise for an endpoint whose model has no policy to ask; return where it has one."""
        try:
            now = self.status()
        except PlatformError:  # who may only ask is told what the model answered
            return
        if now.state is EndpointState.IN_SERVICE and now.policies == ():
            msg = (
                f"The model of {self.endpoint_name} has no policy.json, or code of its own answers"
                " for it: it has `predict` only. `act` is for policies that rlscript exported."
            )
            raise InvocationFailed(msg, status=status)


def _fits(column: Any, turns: Sequence[Any]) -> bool:
    return isinstance(column, list) and len(column) == len(turns)


def _column(values: list[Any]) -> list[Any] | None:
    return None if all(value is None for value in values) else values


def _fields(initial_args: Mapping[str, Any] | None) -> dict[str, str]:
    fields = {}
    for name, value in (initial_args or {}).items():
        if name not in _FIELDS:
            msg = (
                f"initial_args has no field {name!r}.{did_you_mean(name, _FIELDS)} Allowed are"
                f" {', '.join(_FIELDS)}."
            )
            raise UnknownArgument(msg)
        fields[_FIELDS[name]] = str(value)
    return fields

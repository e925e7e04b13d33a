"""Predictors of models that the original's containers serve, by the names that they had there.

Their networks answer an observation with a number for each action, a probability or a value. `act`
takes the action with the greatest: it is greedy, and for discrete actions alone. Where a policy of
ours answers instead of the container, as on this machine, `act` asks it like any other.
"""

from __future__ import annotations

import abc
import math
from typing import TYPE_CHECKING, Any

from rlcore import serializers
from rlcore.endpoints import EndpointState
from rlcore.errors import InvalidArgument, InvocationFailed, PlatformError
from rlcore.predictor import Predictor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rlcore.platforms.base import Platform

_FEWEST_ACTIONS = 2
_ACTIONS = "actions"  # what SavedModels of policies call them, beside the numbers
_VALUE_AND_POLICY = 2


class _GreedyPredictor(Predictor, abc.ABC):
    """Acts by the greatest of the numbers that a network answers with."""

    _policies: tuple[str, ...] | None = None  # not known yet

    @abc.abstractmethod
    def _scores(self, observations: Sequence[Any]) -> list[Any]:
        """Return what the network answers to each observation."""

    def _answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        if self._asks_a_policy():
            return super()._answer(question)
        _check_greedy(question)
        if question.get("observations") is None:
            return {"action": self._chosen(self._scores([question["observation"]])[0])}
        return {"actions": [self._chosen(each) for each in self._scores(question["observations"])]}

    def _asks_a_policy(self) -> bool:
        """Tell whether hosting says that a policy of ours answers; asked until it is in service."""
        if self._policies is None:
            try:
                now = self.status()
            except PlatformError:  # who may only ask is told nothing
                self._policies = ()
            else:
                if now.state is not EndpointState.IN_SERVICE:
                    return False
                self._policies = now.policies or ()
        return bool(self._policies)

    def _chosen(self, answer: Any) -> Any:
        """Return the action in an answer that names it, else the one with the greatest number."""
        if isinstance(answer, dict) and _ACTIONS in answer:
            return answer[_ACTIONS]
        return answer if type(answer) is int else self._best(answer)

    def _best(self, scores: Any) -> int:
        if not _is_scores(scores):
            msg = (
                f"{self.endpoint_name} answered {scores!r:.200}. act takes a number for each of two"
                " or more discrete actions; ask other networks by predict."
            )
            raise InvocationFailed(msg)
        return int(max(range(len(scores)), key=scores.__getitem__))

    def _ask_json(self, value: Any, attributes: str = "") -> Any:
        body, json = serializers.JSONSerializer().serialize(value), serializers.JSON
        answer = self.hosting.invoke(
            self.endpoint_name, body, content_type=json, accept=json, attributes=attributes
        )
        read = serializers.JSONDeserializer()
        return serializers.deserialized(read, answer.body, answer.content_type)


class TensorFlowPredictor(_GreedyPredictor):
    """Asks TensorFlow Serving, by its three methods; `act` is greedy, for discrete actions.

    Args:
        endpoint_name: See `Predictor`, as for what is not told here.
        platform: Likewise.
        model_name: Name of the model, where the server has several.
        model_version: Its version, where it is not the newest.
        **kwargs: Likewise.
    """

    def __init__(
        self,
        endpoint_name: str,
        platform: str | Platform | None = None,
        *,
        model_name: str | None = None,
        model_version: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Hold an endpoint; nothing is asked of it."""
        super().__init__(endpoint_name, platform, **kwargs)
        named = {"tfs-model-name": model_name, "tfs-model-version": model_version}
        self._attributes = [f"{name}={value}" for name, value in named.items() if value]

    def predict(self, data: Any, initial_args: Mapping[str, Any] | None = None) -> Any:
        """Send *data*, `{"instances": [...]}` or `{"inputs": ...}`, and return the answer."""
        return self._call("predict", data, initial_args)

    def classify(self, data: Any) -> Any:
        """Send examples to the signature that classifies."""
        return self._call("classify", data, None)

    def regress(self, data: Any) -> Any:
        """Send examples to the signature that regresses."""
        return self._call("regress", data, None)

    def _scores(self, observations: Sequence[Any]) -> list[Any]:
        answer = self._ask_json({"instances": list(observations)}, ",".join(self._attributes))
        rows = answer.get("predictions") if isinstance(answer, dict) else None
        if not isinstance(rows, list) or len(rows) != len(observations):
            msg = (
                f"{self.endpoint_name} answered {answer!r:.200}, which are no predictions for"
                f" {len(observations)} observations. Ask it by predict."
            )
            raise InvocationFailed(msg)
        return rows

    def _call(self, method: str, data: Any, initial_args: Mapping[str, Any] | None) -> Any:
        given = dict(initial_args or {})
        attributes = [*self._attributes]
        if method != "predict":
            attributes.insert(0, f"tfs-method={method}")
        own = given.get("CustomAttributes")
        joined = ",".join([*([own] if own else []), *attributes])
        if joined:
            given["CustomAttributes"] = joined
        return super().predict(data, given)


class MXNetPredictor(_GreedyPredictor):
    """Asks a model in MXNet's container, in JSON both ways; `act` is greedy, for discrete actions.

    The container's script is the user's: `act` sends it one observation at a time, as the
    original's examples did, and takes an answer of the policy's numbers alone, or after a value.
    """

    def _scores(self, observations: Sequence[Any]) -> list[Any]:
        return [_policy_of(self._ask_json(each)) for each in observations]


def _check_greedy(question: Mapping[str, Any]) -> None:
    """Refuse what only policies that rlscript exported can be asked."""
    given = [
        name
        for name in ("mask", "masks", "state", "states", "seed", "policy", "agent")
        if question.get(name) is not None
    ]
    if question.get("deterministic") is False:
        given.append("deterministic=False")
    if given:
        msg = (
            f"The network behind this endpoint takes an observation alone, and act is greedy:"
            f" {', '.join(given)} cannot be heeded. Leave it out, or ask by predict."
        )
        raise InvalidArgument(msg)


def _policy_of(answer: Any) -> Any:
    """Return the policy's numbers of a network's outputs, each of them a batch of one."""
    if not isinstance(answer, list) or _is_scores(answer):
        return answer
    outputs = [_without_batch(output) for output in answer]
    if len(outputs) == 1:
        return outputs[0]
    value_first = len(outputs) == _VALUE_AND_POLICY and len(_as_list(outputs[0])) == 1
    return outputs[1] if value_first else answer


def _without_batch(output: Any) -> Any:
    while isinstance(output, list) and len(output) == 1 and isinstance(output[0], list):
        output = output[0]
    return output


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_scores(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) >= _FEWEST_ACTIONS
        and all(
            isinstance(each, (int, float)) and not isinstance(each, bool) and math.isfinite(each)
            for each in value
        )
    )

"""A policy as files of a model, with its manifest."""

import io
from typing import Any, Dict, Sequence, Tuple

import numpy as np

import rlscript
from rlscript.fitting import misfit, shapes_of
from rlscript.models import named
from rlscript_coach import graphs
from rlscript_coach.places import Place
from rlscript_coach.policies import Policy
from rlscript_coach.refusals import WarmStartRefused
from rlscript_coach.releases import backend, release
from rlscript_coach.verification import check_export

_STATISTICS = ("_count", "_sum", "_sum_squares", "_mean", "_std")


def export(
    policy: Policy, place: Place, observations: Sequence[Any]
) -> Tuple[Dict[str, Any], Dict[str, bytes]]:
    """Return a policy's manifest and files, for `rlscript.publish_model`.

    Args:
        policy: The policy.
        place: The environment that it was trained in.
        observations: What the environment shows; the export is compared with Coach on them.

    Raises:
        ExportWrong: The export answers otherwise than Coach.
        ExportRefused: A part is not translated.
    """
    graph = graphs.to_onnx(policy)
    check_export(policy, graph, observations)
    weights = _pack(weights_of(policy))
    name, weights_name = named("policy", ".onnx", graph), named("weights", ".npz", weights)
    files = {name: graph, weights_name: weights}
    dtype = graphs.input_type(policy.observation_space)
    files.update(policy.network.native(policy.filters(), dtype))
    return _manifest(policy, place, name, weights_name), files


def weights_of(policy: Policy) -> Dict[str, Any]:
    """Return the weights of all the agent's networks, and what its filters have seen."""
    found = {
        "network/{}/{}".format(name, key): value
        for name, network in networks_of(policy).items()
        for key, value in network.weights().items()
    }
    for number, each in enumerate(policy.statistics()):
        for key in _STATISTICS:
            found["filter/{}/{}".format(number, key)] = np.asarray(getattr(each, key))
    return found


def set_weights(policy: Policy, content: bytes) -> None:
    """Take the weights and the filters' statistics of a model.

    Raises:
        WarmStartRefused: They are another network's.
    """
    with np.load(io.BytesIO(content)) as file:
        given = dict(file.items())
    told = misfit(shapes_of(given), shapes_of(weights_of(policy)), "model")
    if told:
        msg = "{} Give the preset with which the model was trained"
        raise WarmStartRefused(msg.format(told))
    for name, network in networks_of(policy).items():
        prefix = "network/{}/".format(name)
        own = {key[len(prefix) :]: each for key, each in given.items() if key.startswith(prefix)}
        network.set_weights(own)
    for number, each in enumerate(policy.statistics()):
        for key in _STATISTICS:
            value = given["filter/{}/{}".format(number, key)]
            setattr(each, key, value if value.shape else value.item())


def networks_of(policy: Policy) -> Dict[str, Any]:
    """Return the agent's online networks by name, each behind its backend's wrapper."""
    kind = type(policy.network)
    networks = sorted(policy.agent.networks.items())
    return {name: kind(wrapper.online_network, 0) for name, wrapper in networks}


def _manifest(policy: Policy, place: Place, graph: str, weights: str) -> Dict[str, Any]:
    inputs, outputs = graphs.describe(policy)
    entry = {
        "graph": graph,
        "observation": rlscript.describe_space(policy.observation_space),
        "action": rlscript.describe_space(policy.action_space),
        "inputs": inputs,
        "outputs": outputs,
    }
    return {
        "format": 1,
        "toolkit": "coach." + backend(),
        "release": release(),
        "policies": {"default": entry},
        "agents": {},
        "env": {"id": place.env, "kwargs": place.kwargs, "wrappers": []},
        "weights": weights,
    }


def _pack(weights: Dict[str, Any]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **weights)
    return file.getvalue()

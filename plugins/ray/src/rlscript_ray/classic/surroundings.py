"""What RLlib does around a policy's network, read from a trainer; refused where it is unknown.

Preprocessor and filter come before the network; the choice of an action, clipping and rescaling
after it. Exact types are compared, since a subclass may do anything.
"""

from typing import Any, List, NamedTuple, Optional, Tuple

import numpy as np

from rlscript_ray.classic.releases import Parts
from rlscript_ray.refusals import ExportRefused
from rlscript_ray.signature import Leaf, Noise, Signature, State, leaves_of

_FILTERS = {"MeanStdFilter", "ConcurrentMeanStdFilter"}
# In Ray 0.6 a policy has no name for what its action is chosen from.
_BEFORE_EXPLORATION = {
    "PPOPolicyGraph": "logits",
    "A3CPolicyGraph": "model.outputs",
    "PGPolicyGraph": "model.outputs",
    "VTracePolicyGraph": "model.outputs",
    "AsyncPPOPolicyGraph": "model.outputs",
    "DQNPolicyGraph": "q_values",
}
# The distributions by their class, with PyTorch's named after it.
_LAWS = {
    "Categorical": "categorical",
    "MultiCategorical": "categoricals",
    "DiagGaussian": "gaussian",
    "Deterministic": "deterministic",
}
CHECK = "policy"
_NOISE = "ParameterNoise"


class Part(NamedTuple):
    """One array of an observation on its way into the network.

    Attributes:
        leaf: The array.
        counts: The sizes of its one-hot rows; None where it is taken as it is.
    """

    leaf: Leaf
    counts: Optional[Tuple[int, ...]]


class Filter(NamedTuple):
    """Statistics of a `MeanStdFilter`, and what it clips at."""

    mean: np.ndarray
    scale: np.ndarray
    clip: Optional[float]


class Surroundings(NamedTuple):
    """What comes before and after a policy's network.

    Attributes:
        action: The environment's space of actions.
        parts: The arrays of an observation, in the order in which RLlib joins them.
        joined: Whether they become one vector; otherwise there is one, of its own shape.
        narrow: Whether they are cast to float32 before the filter.
        filter: The filter, or None.
        inputs: TensorFlow's tensor of what an action is chosen from; None with PyTorch.
        law: How it is chosen: `categorical`, `categoricals`, `gaussian`, `values` or
            `deterministic`.
        steps: The functions of RLlib that an action goes through.
        signature: What the exported graph takes and gives.
    """

    action: Any
    parts: List[Part]
    joined: bool
    narrow: bool
    filter: Optional[Filter]
    inputs: Any
    law: str
    steps: Tuple[str, ...]
    signature: Signature


def surroundings_of(parts: Parts, environment: Any) -> Surroundings:
    """Return what comes before and after the network of a trainer's policy.

    Args:
        parts: The trainer's parts.
        environment: The environment as its author made it, without RLlib's wrappers.

    Raises:
        ExportRefused: A part is not among those that are translated exactly.
    """
    _require_own_environment(parts, environment)
    _require_no_noise(parts)
    law = _law(parts.policy, environment.action_space)
    observation, action = environment.observation_space, environment.action_space
    joined, found = _parts(parts.preprocessor, observation)
    noise = _noise(law, action)
    states = _states(parts.policy)
    leaves = [each.leaf for each in found]
    return Surroundings(
        action,
        found,
        joined,
        _narrow(parts.preprocessor, observation),
        _filter(parts.filter),
        _inputs(parts.policy),
        law,
        _steps(parts.config, action),
        Signature(observation, action, leaves, states, noise, CHECK),
    )


def _require_own_environment(parts: Parts, environment: Any) -> None:
    # In Ray 1.6 a worker that does not play has no environment.
    wrapped = parts.worker.env
    shown = getattr(parts.preprocessor, "_obs_space", None)
    if shown != environment.observation_space:
        # Images of Atari games are wrapped by default (`preprocessor_pref`).
        raise ExportRefused(wrapped, "changes what the environment shows")
    if type(wrapped).__name__ == "NormalizeActionWrapper":
        raise ExportRefused(wrapped, "changes the environment's actions")


def _require_no_noise(parts: Parts) -> None:
    exploration = getattr(parts.policy, "exploration", None)
    # Where the key is out of use its value is a number.
    asked = parts.config.get("parameter_noise") is True
    if asked or type(exploration).__name__ == _NOISE:
        raise ExportRefused(_NOISE, "changes the weights that act")


def _law(policy: Any, action: Any) -> str:
    name = type(policy).__name__
    if name in _BEFORE_EXPLORATION and not hasattr(policy, "exploration"):
        if hasattr(policy, "q_values"):
            return "values"
        return _LAWS[_distribution_of(action)]
    if not hasattr(policy, "exploration"):
        raise ExportRefused(policy, "is not a policy whose action is translated")
    if hasattr(policy, "q_values"):
        return "values"
    # Those of several actions are classes with some of their arguments.
    kind = getattr(policy.dist_class, "func", policy.dist_class).__name__
    law = _LAWS.get(kind[5:] if kind.startswith("Torch") else kind)
    if law is None:
        raise ExportRefused(kind, "is a distribution that is not translated")
    return law


def _distribution_of(space: Any) -> str:
    """Return the distribution that Ray 0.6 takes for actions of a space."""
    kinds = {"Discrete": "Categorical", "MultiDiscrete": "MultiCategorical", "Box": "DiagGaussian"}
    if type(space).__name__ not in kinds:
        raise ExportRefused(space, "is a space whose actions are not translated")
    return kinds[type(space).__name__]


def _noise(law: str, action: Any) -> Optional[Noise]:
    """Return the noise by which actions are sampled; none where values are compared."""
    if law == "categorical" and type(action).__name__ == "Discrete":
        return Noise("gumbel", (int(action.n),))
    if law == "categoricals" and type(action).__name__ == "MultiDiscrete":
        return Noise("gumbel", (int(np.sum(action.nvec)),))
    if law == "gaussian" and type(action).__name__ == "Box" and len(action.shape) == 1:
        return Noise("normal", tuple(action.shape))
    if law in {"values", "deterministic"} and type(action).__name__ in {"Discrete", "Box"}:
        return None
    raise ExportRefused(action, "is a space whose actions are not translated")


def _states(policy: Any) -> List[State]:
    initial = policy.get_initial_state()
    shapes = [tuple(np.asarray(part).shape) for part in initial]
    if any(np.asarray(part).any() for part in initial):
        raise ExportRefused(policy, "starts from a state that is not zero")
    return [
        State("state/{}".format(index), "next_state/{}".format(index), shape)
        for index, shape in enumerate(shapes)
    ]


def _inputs(policy: Any) -> Any:
    """Return the tensor that an action is chosen from, None where there are no tensors."""
    if not hasattr(policy, "_sess"):
        return None
    if hasattr(policy, "exploration"):
        return policy.q_values if hasattr(policy, "q_values") else policy._dist_inputs  # noqa: SLF001
    found = policy
    for name in _BEFORE_EXPLORATION[type(policy).__name__].split("."):
        found = getattr(found, name)
    return found


def _parts(preprocessor: Any, space: Any) -> Tuple[bool, List[Part]]:
    """Return whether an observation's arrays are joined, and the arrays in RLlib's order."""
    leaves = {leaf.path: leaf for leaf in leaves_of(space)}
    if type(preprocessor).__name__ == "NoPreprocessor":
        return False, [Part(leaves[()], None)]
    found = []  # type: List[Part]
    _walk(preprocessor, space, (), leaves, found)
    return True, found


def _walk(
    preprocessor: Any, space: Any, path: Tuple[Any, ...], leaves: Any, found: List[Part]
) -> None:
    kind = type(preprocessor).__name__
    if kind == "NoPreprocessor":
        found.append(Part(leaves[path], None))
    elif kind == "OneHotPreprocessor":
        counts = (int(space.n),) if type(space).__name__ == "Discrete" else tuple(space.nvec)
        found.append(Part(leaves[path], tuple(int(count) for count in counts)))
    elif kind in {"TupleFlatteningPreprocessor", "DictFlatteningPreprocessor"}:
        inner = space.spaces
        keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        for key, part in zip(keys, preprocessor.preprocessors):
            _walk(part, inner[key], (*path, key), leaves, found)
    else:
        raise ExportRefused(preprocessor, "is not translated")


def _narrow(preprocessor: Any, space: Any) -> bool:
    """Tell whether observations leave the preprocessor as float32, as joined ones do in 1.6."""
    if type(preprocessor).__name__ == "NoPreprocessor":
        return False
    return bool(np.asarray(preprocessor.transform(space.sample())).dtype == np.float32)


def _filter(statistics: Any) -> Optional[Filter]:
    kind = type(statistics).__name__
    if kind == "NoFilter":
        return None
    if kind not in _FILTERS:
        raise ExportRefused(statistics, "is a filter that is not translated")
    running = statistics.rs
    mean = running.mean if statistics.demean else np.zeros(running.shape)
    scale = running.std + 1e-8 if statistics.destd else np.ones(running.shape)
    return Filter(np.array(mean, np.float64), np.array(scale, np.float64), statistics.clip)


def _steps(config: Any, action: Any) -> Tuple[str, ...]:
    """Return what RLlib does with an action before the environment gets it."""
    if type(action).__name__ != "Box":
        return ()
    # Before 1.0 the key meant a wrapper, which was refused above.
    if config.get("normalize_actions"):
        return ("unsquash_action",)
    return ("clip_action",) if config.get("clip_actions") else ()

"""The part of RLlib's own graph on TensorFlow that acts, with its weights as constants."""

import importlib
from typing import Any, Dict, List, Sequence

from rlscript_ray.classic.surroundings import Surroundings
from rlscript_ray.refusals import ExportRefused

# A network that asks these is not the same function twice, or runs Python.
_UNSTEADY = ("Random", "Multinomial", "TruncatedNormal", "PyFunc", "EagerPyFunc")
NETWORK = "the network"


def tensorflow_v1() -> Any:
    """Return TensorFlow's first interface, whichever version is installed."""
    tensorflow = importlib.import_module("tensorflow")
    found = getattr(tensorflow.compat, "v1", tensorflow)
    # Its advice is to use what the first versions have not got.
    found.logging.set_verbosity(found.logging.ERROR)
    return found


def frozen(tf: Any, policy: Any, around: Surroundings) -> Any:
    """Return the part of RLlib's graph that acts, with its weights as constants."""
    session = policy._sess  # noqa: SLF001  # the same in all releases
    wanted = [around.inputs.op.name, *(each.op.name for each in state_outputs(policy))]
    found = tf.graph_util.convert_variables_to_constants(
        session, session.graph.as_graph_def(), wanted
    )
    for node in found.node:
        if node.op.startswith(_UNSTEADY):
            told = "holds the operation {}".format(node.op)
            raise ExportRefused(NETWORK, told)
    return found


def state_outputs(policy: Any) -> List[Any]:
    """Return the tensors of the state after a step."""
    return list(policy._state_outputs or ())  # noqa: SLF001


def given(tf: Any, policy: Any, network: Any, seen: Any, states: Sequence[Any]) -> Dict[str, Any]:
    """Return what the placeholders that a frozen network has stand for, by their names."""
    pairs = [
        (policy._obs_input, seen),  # noqa: SLF001
        (policy._is_training, tf.constant(False)),  # noqa: FBT003, SLF001
        (getattr(policy, "_is_exploring", None), tf.constant(False)),  # noqa: FBT003
        (policy._seq_lens, tf.ones((tf.shape(seen)[0],), tf.int32)),  # noqa: SLF001
        *zip(policy._state_inputs or (), states),  # noqa: SLF001
    ]
    names = {node.name for node in network.node}
    asked = [pair for pair in pairs if pair[0] is not None and pair[0].op.name in names]
    return {tensor.name: value for tensor, value in asked}


def require_whole(found: Sequence[Any], ours: Sequence[Any]) -> None:
    """Raise `ExportRefused` where the network asks for more than observations and states."""
    own = {each.op for each in ours}
    waiting = [each.op for each in found]
    met = set()  # type: Any
    while waiting:
        op = waiting.pop()
        if op in met:
            continue
        met.add(op)
        if op.type == "Placeholder" and op not in own:
            told = "asks for {} as well".format(op.name.partition("/")[2])
            raise ExportRefused(NETWORK, told)
        waiting.extend(each.op for each in op.inputs)
        waiting.extend(op.control_inputs)

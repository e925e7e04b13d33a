"""The trained weights of a policy, by name, out of RLlib and back into it."""

from typing import Any, Dict

from rlscript_ray.classic.releases import Parts, workers_elsewhere


def read_weights(parts: Parts) -> Dict[str, Any]:
    """Return the weights that are trained; counters and coefficients are not among them."""
    held = _held(parts.policy)
    session = getattr(parts.policy, "_sess", None)
    if session is None:
        return dict(held)
    trained = {each.op.name for each in session.graph.get_collection("trainable_variables")}
    return {name: held[name] for name in held if name in trained}


def write_weights(parts: Parts, weights: Dict[str, Any]) -> None:
    """Give a policy weights, here and in the workers elsewhere."""
    whole = dict(_held(parts.policy), **weights)
    variables = getattr(parts.policy, "_variables", None)
    if variables is not None:
        variables.set_weights(whole)
    else:
        parts.policy.set_weights(whole)
    if hasattr(parts.policy, "update_target"):
        parts.policy.update_target()
    elsewhere = workers_elsewhere(parts.trainer)
    if elsewhere:
        import ray  # noqa: PLC0415  # it runs by now

        state = ray.put(parts.worker.get_weights())
        ray.get([worker.set_weights.remote(state) for worker in elsewhere])


def _held(policy: Any) -> Dict[str, Any]:
    """Return all that RLlib keeps by name. Ray 0.6 gives one flat array for a policy's weights."""
    variables = getattr(policy, "_variables", None)
    return dict(variables.get_weights() if variables is not None else policy.get_weights())

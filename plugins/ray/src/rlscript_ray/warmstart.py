"""Whether the weights of a model can be a policy's first ones."""

from typing import Any, Dict

from rlscript_ray.refusals import WarmStartRefused

_MOST_MISFITS = 8
FILTERED = (
    "the weights in the channel 'model' were trained with MeanStdFilter's statistics, "
    "which a checkpoint carries and a model does not: give the channel 'checkpoint' instead"
)


def require_fit(given: Dict[str, Any], own: Dict[str, Any]) -> None:
    """Compare the names and shapes of a model's weights with the network's own.

    Raises:
        WarmStartRefused: They are another network's.
    """
    before = {name: tuple(weight.shape) for name, weight in given.items()}
    now = {name: tuple(weight.shape) for name, weight in own.items()}
    misfits = [
        "{} is {} in the model, {} here".format(
            name, before.get(name, "missing"), now.get(name, "missing")
        )
        for name in sorted(set(before) | set(now))
        if before.get(name) != now.get(name)
    ]
    if misfits:
        shown, left = misfits[:_MOST_MISFITS], len(misfits[_MOST_MISFITS:])
        shown += ["and {} more".format(left)] if left else []
        msg = "the weights in the channel 'model' are another network's: {}. {}"
        advice = "Give the config the network and the environment that the model was trained with"
        raise WarmStartRefused(msg.format("; ".join(shown), advice))

"""Whether the weights of a model can be a policy's first ones."""

from typing import Any, Dict

from rlscript.fitting import misfit, shapes_of
from rlscript_ray.refusals import WarmStartRefused

_ADVICE = " Give the config the network and the environment that the model was trained with"
FILTERED = (
    "the weights in the channel 'model' were trained with MeanStdFilter's statistics, "
    "which a checkpoint carries and a model does not: give the channel 'checkpoint' instead"
)


def require_fit(given: Dict[str, Any], own: Dict[str, Any]) -> None:
    """Compare the names and shapes of a model's weights with the network's own.

    Raises:
        WarmStartRefused: They are another network's.
    """
    told = misfit(shapes_of(given), shapes_of(own), "model")
    if told:
        raise WarmStartRefused(told + _ADVICE)

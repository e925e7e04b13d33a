"""Whether weights that were kept belong to the network that is here."""

from typing import Any, Dict, Optional, Tuple

Shapes = Dict[str, Tuple[int, ...]]

_MOST_MISFITS = 8


def shapes_of(weights: Dict[str, Any]) -> Shapes:
    """Return the shapes of arrays by their names."""
    return {name: tuple(int(size) for size in each.shape) for name, each in weights.items()}


def misfit(given: Shapes, own: Shapes, kept: str) -> Optional[str]:
    """Return how kept weights differ from the network's own, None where they fit.

    They fit where the same names have the same shapes. The text is a sentence to put advice behind:
    "the weights of the model are another network's: main/bias is (16,) in the model, (8,) here."
    Eight differences are told, those of the shortest names, and how many more there are.

    Args:
        given: The shapes of what was kept.
        own: Those that the network here has.
        kept: What keeps the former: `model` or `checkpoint`.
    """
    differing = [name for name in {**given, **own} if given.get(name) != own.get(name)]
    if not differing:
        return None
    told = [
        "{} is {} in the {}, {} here".format(
            name, given.get(name, "missing"), kept, own.get(name, "missing")
        )
        # Names of what an optimiser keeps for a weight begin with the weight's.
        for name in sorted(differing, key=lambda each: (len(each), each))[:_MOST_MISFITS]
    ]
    left = len(differing) - len(told)
    told += ["and {} more".format(left)] if left else []
    msg = "the weights of the {} are another network's: {}."
    return msg.format(kept, "; ".join(told))

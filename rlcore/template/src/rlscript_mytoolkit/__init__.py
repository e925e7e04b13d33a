"""The script's side of mytoolkit: train, and leave a policy that is served without it.

    import rlscript
    import rlscript_mytoolkit

    stop = rlscript.StopRule(evaluation_return=475)
    rlscript_mytoolkit.train(env="CartPole-v1", stop=stop)

Importing this needs the standard library alone: editors show it wherever it is installed.
"""

from .training import check_environment, train

__all__ = ["check_environment", "train"]

"""The environment, named once for training, evaluation and the policy's manifest."""

import difflib
import importlib
from typing import Any, Dict, Optional


class EnvironmentFailed(ValueError):
    """An environment's name leads to nothing, or to something that is no environment."""


def make_environment(env: str, env_kwargs: Optional[Dict[str, Any]] = None) -> Any:
    """Return a new environment.

    Args:
        env: `module:factory`, a callable of a module that can be imported, or a Gymnasium id; an
            id may carry the module that registers it (`ale_py:ALE/Pong-v5`).
        env_kwargs: Keyword arguments of the factory or of `gymnasium.make`.

    Raises:
        EnvironmentFailed: The module or its factory is missing, or its result is no environment.
    """
    if not is_factory(env):
        import gymnasium  # noqa: PLC0415  # only where the script's toolkit brings it

        return gymnasium.make(env, **(env_kwargs or {}))
    made = _factory(env)(**(env_kwargs or {}))
    if not (callable(getattr(made, "reset", None)) and callable(getattr(made, "step", None))):
        msg = "{!r} made {!r}, which is no environment: it has no reset and step"
        raise EnvironmentFailed(msg.format(env, made))
    return made


def is_factory(env: str) -> bool:
    """Tell `module:factory` from a Gymnasium id, which ends in a version or holds a slash."""
    module, _, factory = env.partition(":")
    return bool(module) and factory.isidentifier()


def _factory(env: str) -> Any:
    module_name, _, name = env.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ImportError as cause:
        msg = "the environment {!r} names the module {!r}, which cannot be imported: {}"
        raise EnvironmentFailed(msg.format(env, module_name, cause)) from cause
    if not callable(getattr(module, name, None)):
        callables = [other for other in dir(module) if callable(getattr(module, other))]
        nearest = difflib.get_close_matches(name, callables, n=1)
        hint = "; did you mean {}:{}?".format(module_name, nearest[0]) if nearest else ""
        msg = "the module {!r} has no callable {!r}{}"
        raise EnvironmentFailed(msg.format(module_name, name, hint))
    return getattr(module, name)

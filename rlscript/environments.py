"""The environment, named once for training, evaluation and the policy's manifest."""

import difflib
import importlib
import inspect
import sys
from typing import Any, Callable, Dict, Optional, Tuple

# gym took Gymnasium's API over in this version: a seed for `reset`, five results of `step`.
_FIRST_NEW_GYM = (0, 26)


class EnvironmentFailed(ValueError):
    """An environment's name leads to nothing, or to something that is no environment."""


def make_environment(env: str, env_kwargs: Optional[Dict[str, Any]] = None) -> Any:
    """Return a new environment with Gymnasium's API, whichever API its author wrote it for.

    Args:
        env: `module:factory`, a callable of a module that can be imported, or a Gymnasium id; an
            id may carry the module that registers it (`ale_py:ALE/Pong-v5`). Where Gymnasium is
            not installed, gym's registry is asked.
        env_kwargs: Keyword arguments of the factory or of `gymnasium.make`.

    Raises:
        EnvironmentFailed: The module or its factory is missing, the id is unknown, or the result
            is no environment.
    """
    if not is_factory(env):
        return adapted(_registered(env, env_kwargs or {}))
    made = factory(env)(**(env_kwargs or {}))
    if not (callable(getattr(made, "reset", None)) and callable(getattr(made, "step", None))):
        msg = "{!r} made {!r}, which is no environment: it has no reset and step"
        raise EnvironmentFailed(msg.format(env, made))
    return adapted(made)


def is_factory(env: str) -> bool:
    """Tell `module:factory` from a Gymnasium id, which ends in a version or holds a slash."""
    module, _, name = env.partition(":")
    return bool(module) and name.isidentifier()


def factory(env: str) -> Callable[..., Any]:
    """Return the callable that `module:factory` names.

    Raises:
        EnvironmentFailed: The module cannot be imported, or has no such callable.
    """
    module_name, _, name = env.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ImportError as cause:
        msg = "the environment {!r} names the module {!r}, which cannot be imported: {}"
        raise EnvironmentFailed(msg.format(env, module_name, cause)) from cause
    found = getattr(module, name, None)  # type: Any
    if callable(found):
        return found  # type: ignore[no-any-return]
    callables = [other for other in dir(module) if callable(getattr(module, other))]
    nearest = difflib.get_close_matches(name, callables, n=1)
    hint = "; did you mean {}:{}?".format(module_name, nearest[0]) if nearest else ""
    msg = "the module {!r} has no callable {!r}{}"
    raise EnvironmentFailed(msg.format(module_name, name, hint))


def adapted(environment: Any) -> Any:
    """Return an environment of the API before gym 0.26 behind Gymnasium's, any other as it is."""
    if not _is_old(environment):
        return environment
    try:
        from gymnasium import Env  # noqa: PLC0415  # only where the script's toolkit brings it
    except ImportError:
        return OldEnvironment(environment)
    # Toolkits for Gymnasium insist on its class.
    return type("OldEnvironment", (OldEnvironment, Env), {})(environment)


class OldEnvironment:
    """An environment of the API before gym 0.26, with Gymnasium's: what `adapted` returns.

    Attributes:
        old: The environment itself.
    """

    render_mode = "rgb_array"

    def __init__(self, environment: Any) -> None:
        self.old = environment
        self.action_space = getattr(environment, "action_space", None)
        self.observation_space = getattr(environment, "observation_space", None)
        self.metadata = getattr(environment, "metadata", {})
        self.spec = getattr(environment, "spec", None)

    def reset(self, seed: Optional[int] = None, options: Any = None) -> Tuple[Any, Dict[str, Any]]:  # noqa: ARG002
        """Seed the environment, as far as it takes a seed, and begin an episode."""
        if seed is None:
            return self.old.reset(), {}
        if takes_seed(getattr(self.old, "unwrapped", self.old)):  # gym 0.22 to 0.25
            return self.old.reset(seed=seed), {}
        if callable(getattr(self.old, "seed", None)):
            self.old.seed(seed)
        return self.old.reset(), {}

    def step(self, action: Any) -> Tuple[Any, Any, bool, bool, Dict[str, Any]]:
        """Act; an episode that a time limit cut off is truncated rather than terminated."""
        results = self.old.step(action)
        if len(results) != 4:  # noqa: PLR2004  # gym 0.25 may have been asked for five
            return results  # type: ignore[no-any-return]
        observation, reward, done, info = results
        truncated = bool(done) and bool(info.get("TimeLimit.truncated", False))
        return observation, reward, bool(done) and not truncated, truncated, info

    def render(self) -> Any:
        """Return a picture."""
        return self.old.render(mode="rgb_array")

    def close(self) -> None:
        """Close the environment, if it can be closed."""
        if callable(getattr(self.old, "close", None)):
            self.old.close()


def takes_seed(environment: Any) -> bool:
    """Tell whether `reset` can be given a seed by name."""
    try:
        parameters = inspect.signature(environment.reset).parameters.values()
    except (TypeError, ValueError):  # written in C
        return True
    return any(each.name == "seed" or each.kind is each.VAR_KEYWORD for each in parameters)


def _is_old(environment: Any) -> bool:
    libraries = [base.__module__.partition(".")[0] for base in type(environment).__mro__]
    if "gymnasium" in libraries:
        return False
    if "gym" in libraries:
        version = sys.modules["gym"].__version__  # type: str
        return tuple(int(part) for part in version.split(".")[:2]) < _FIRST_NEW_GYM
    return not takes_seed(environment)


def _registered(env: str, kwargs: Dict[str, Any]) -> Any:
    library = registry()
    try:
        return library.make(env, **kwargs)
    except library.error.Error as cause:
        msg = "the environment {!r} cannot be made: {}"
        raise EnvironmentFailed(msg.format(env, cause)) from cause


def registry() -> Any:
    """Return the library that knows ids: Gymnasium, else gym.

    Raises:
        EnvironmentFailed: Neither is installed.
    """
    for name in ("gymnasium", "gym"):
        try:
            return importlib.import_module(name)
        except ImportError:
            pass
    msg = "neither gymnasium nor gym is installed, which an environment's id is looked up in"
    raise EnvironmentFailed(msg)

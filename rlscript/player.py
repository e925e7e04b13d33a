"""A process that plays or checks an environment where it is at home: its release's own Python.

Run as `python -m rlscript.player DESCRIPTOR` in a folder that holds `rlscript` and `rlserving`; the
descriptor is a socket's. Lines of JSON go over it, since environments print. The first one read is
the task; `{"turns": ...}` asks the other side for actions, `{"played": n}` tells of progress, and
`{"result": ...}` or `{"error": ...}` comes last.
"""

import importlib
import inspect
import json
import math
import os
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from rlscript.casting import cast_action, plain
from rlscript.environments import (
    EnvironmentFailed,
    factory,
    is_factory,
    make_environment,
    registry,
)
from rlscript.evaluation import Turn, evaluate
from rlscript.film import Film
from rlscript.seeding import seed_everything

_OURS = ("rlscript", "rlserving")
_HOME = str(Path(__file__).resolve().parents[1])


class PolicyFailed(ValueError):
    """A policy cannot be loaded here, or has no answer."""


class Channel:
    """Lines of JSON over a descriptor, in both directions."""

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)  # noqa: FBT003  # its only way
        self._reader = os.fdopen(descriptor, "rb")
        self._writer = os.fdopen(os.dup(descriptor), "wb")

    def read(self) -> Dict[str, Any]:
        """Return the next line's value; leave the process where the other side has gone."""
        line = self._reader.readline()
        if not line:
            raise SystemExit(0)
        return dict(json.loads(line.decode()))

    def write(self, value: Dict[str, Any]) -> None:
        """Send a value."""
        self._writer.write(json.dumps(value).encode() + b"\n")
        self._writer.flush()


def main(descriptor: int) -> int:
    """Do the task that is read from a descriptor, and return the process's exit code."""
    channel = Channel(descriptor)
    task = channel.read()
    _enter(task["source"])
    try:
        result = TASKS[task["task"]](task, channel)
    except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever an environment raises
        channel.write({"error": told(error)})
        return 1
    channel.write({"result": result})
    return 0


def _enter(source: Optional[str]) -> None:
    """Go where the user's modules and files are, as a job does; ours stay first on the path."""
    sys.path[0] = _HOME
    if source:
        sys.path.insert(1, source)
        os.chdir(source)


def told(error: BaseException) -> Dict[str, Any]:
    """Return an error as JSON values: with its traceback, unless one of ours explains it."""
    expected = type(error).__module__.partition(".")[0] in (*_OURS, "__main__")
    frames = error.__traceback__
    while frames and frames.tb_frame.f_code.co_filename.startswith(_HOME + os.sep + "rlscript"):
        frames = frames.tb_next
    lines = traceback.format_exception(type(error), error, frames or error.__traceback__)
    return {
        "kind": type(error).__name__,
        "message": str(error),
        "traceback": None if expected else "".join(lines).rstrip(),
    }


def play(task: Dict[str, Any], channel: Channel) -> Dict[str, Any]:
    """Play episodes and return what came of them, and the seconds that they took."""
    film = Film(Path(task["gif"])) if task["gif"] else None
    stage = _Stage(task, channel, film)
    ask = _in_process(task) if task["model"] else _asked(channel)

    def answer(turns: List[Turn]) -> Any:
        # What the environment tells of its actions concerns only policies that take it.
        return ask(turns if task["masked"] else [turn._replace(mask=None) for turn in turns])

    _load_numpy()
    seed_everything(task["seed"])
    found = evaluate(
        lambda turns: stage.cast(answer(turns)),
        stage.environment,
        task["episodes"],
        task["environments"],
        task["seed"],
    )
    seconds = time.perf_counter() - stage.began
    if film:
        film.write()
    return {
        "returns": list(found.returns),
        "lengths": list(found.lengths),
        "actions": found.actions,
        "seconds": seconds,
    }


class _Stage:
    """Makes the environments of an evaluation, and knows what they have in common.

    Attributes:
        began: When the first environments were ready to act.
    """

    def __init__(self, task: Dict[str, Any], channel: Channel, film: Optional[Film]) -> None:
        self._task = task
        self._channel = channel
        self._film = film
        self._space = None  # type: Any
        self._played = 0
        self.began = 0.0

    def environment(self) -> "_Watched":
        """Return a new environment; the first one is filmed, where that is wanted."""
        film, self._film = self._film, None
        kwargs = self._task["env_kwargs"]
        if film:
            kwargs = _filmed(self._task["env"], kwargs)
        made = make_environment(self._task["env"], kwargs)
        self._space = made.action_space
        return _Watched(made, film, self._tell)

    def cast(self, answers: Sequence[Tuple[Any, Any]]) -> List[Tuple[Any, Any]]:
        """Return the answers with actions as the environment takes them."""
        self.began = self.began or time.perf_counter()
        return [(cast_action(self._space, action), state) for action, state in answers]

    def _tell(self) -> None:
        self._played += 1
        self._channel.write({"played": self._played})


class _Watched:
    """An environment whose rewards are checked, and whose first episode may be filmed."""

    def __init__(self, environment: Any, film: Optional[Film], ended: Callable[[], None]) -> None:
        self._environment = environment
        self._film = film
        self._ended = ended

    def reset(self, seed: int) -> Any:
        results = self._environment.reset(seed=seed)
        self._take()
        return results

    def step(self, action: Any) -> Any:
        results = self._environment.step(action)
        if not math.isfinite(float(results[1])):
            msg = "the environment's reward is {}; a finite number is wanted"
            raise EnvironmentFailed(msg.format(results[1]))
        self._take()
        if results[2] or results[3]:
            self._film = None
            self._ended()
        return results

    def close(self) -> None:
        self._environment.close()

    def _take(self) -> None:
        if self._film:
            self._film.take(self._environment)


def _filmed(env: str, kwargs: Dict[str, Any]) -> Dict[str, Any]:
    """Return the keyword arguments that make an environment draw pictures."""
    if is_factory(env):
        if "render_mode" not in inspect.signature(factory(env)).parameters:
            return kwargs
    elif registry().__name__ != "gymnasium":
        return kwargs  # gym before 0.26 is asked at each picture
    return dict(kwargs, render_mode="rgb_array")


def _load_numpy() -> None:
    with suppress(ImportError):
        importlib.import_module("numpy")  # so that its generator is seeded


def _in_process(task: Dict[str, Any]) -> Callable[[List[Turn]], Any]:
    try:
        import numpy as np  # noqa: PLC0415  # the policies need it

        from rlserving.manifest import read  # noqa: PLC0415
        from rlserving.policies import Policies  # noqa: PLC0415

        folder, random = Path(task["model"]), np.random.RandomState(task["seed"] % 2**32)
        policies = Policies(folder, read(folder), random=random)
    except ImportError as cause:
        msg = "the environment of the release cannot run the policy in process: {}"
        raise PolicyFailed(msg.format(cause)) from cause

    def answer(turns: List[Turn]) -> Any:
        try:
            return policies.act(turns, deterministic=task["deterministic"])
        except ArithmeticError as cause:
            raise PolicyFailed(str(cause)) from cause

    return answer


def _asked(channel: Channel) -> Callable[[List[Turn]], Any]:
    def answer(turns: List[Turn]) -> Any:
        channel.write({"turns": [[plain(part) for part in turn] for turn in turns]})
        return channel.read()["answers"]

    return answer


def check(task: Dict[str, Any], _: Channel) -> Dict[str, Any]:
    """Check the environment and return what was found."""
    from rlscript.checking import check_environment  # noqa: PLC0415  # playing needs no checks

    return check_environment(task["env"], task["env_kwargs"], task["steps"], task["packages"])


TASKS = {"play": play, "check": check}


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))

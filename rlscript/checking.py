"""Is an environment fit for training? What is found, before money is spent on it."""

import importlib
import re
import traceback
import warnings
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Sequence, Tuple

from rlscript.environments import EnvironmentFailed, OldEnvironment, make_environment
from rlscript.seeding import seed_everything
from rlscript.spaces import describe_space
from rlscript.trials import SEED, Place, random_run, trajectory

OK, NOTE, WARNING, PROBLEM = "ok", "note", "warning", "problem"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_MOST_FRAMES = 4
_OURS = str(Path(__file__).parent)


class Finding(NamedTuple):
    """One thing that was looked at: what, how it came out, and what there is to say."""

    topic: str
    verdict: str
    detail: str


# Looks at an environment that was made.
Look = Callable[[Any], List[Finding]]


def check_environment(
    env: str, env_kwargs: Dict[str, Any], steps: int = 10000, packages: Sequence[str] = ()
) -> Dict[str, Any]:
    """Look at an environment from all sides, with random actions.

    Args:
        env: A Gymnasium id or `module:factory`.
        env_kwargs: Keyword arguments of the environment.
        steps: How many steps to take.
        packages: Script-side packages of the toolkit; the function `check_environment(env)` of
            one, which raises for what the toolkit does not take, is asked too.

    Returns:
        `findings`, each with `topic`, `verdict` and `detail`, and `steps_per_second`, as JSON.
    """

    def make() -> Any:
        return make_environment(env, env_kwargs)

    findings: List[Finding] = []
    speed = None
    environment = _attempt(findings, "makes", make)
    if environment is not None:
        for topic, look in (*_LOOKS, *_own_checks(packages)):
            findings.extend(_attempt(findings, topic, look, environment) or ())
        findings.extend(_attempt(findings, "seeding", _seeding, make) or ())
        run = _attempt(findings, "episodes", lambda: _episodes(make(), steps))
        if run:
            findings.extend(run[0])
            speed = run[1]
    return {"findings": [each._asdict() for each in findings], "steps_per_second": speed}


def _attempt(findings: List[Finding], topic: str, look: Callable[..., Any], *given: Any) -> Any:
    """Return what a look gives; one that fails is a problem, and gives None."""
    try:
        return look(*given)
    except Exception as error:  # noqa: BLE001  # whatever an environment raises
        findings.append(Finding(topic, PROBLEM, _told(error)))
    return None


def _told(error: Exception) -> str:
    """Return an error with the last places that it came from, unless one of ours explains it."""
    if isinstance(error, EnvironmentFailed):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    shown = [frame for frame in frames if not frame.filename.startswith(_OURS)][-_MOST_FRAMES:]
    where = "".join(traceback.format_list(shown))
    return "{}: {}\n{}".format(type(error).__name__, error, where).rstrip()


def _interface(environment: Any) -> List[Finding]:
    if not isinstance(environment, OldEnvironment):
        return [Finding("makes", OK, type(getattr(environment, "unwrapped", environment)).__name__)]
    detail = "{} has the API before gym 0.26, and is adapted to Gymnasium's"
    inner = getattr(environment.old, "unwrapped", environment.old)
    return [Finding("makes", NOTE, detail.format(type(inner).__name__))]


def _spaces(environment: Any) -> List[Finding]:
    found = []
    for name in ("observation", "action"):
        space = getattr(environment, name + "_space", None)
        topic = name + " space"
        if space is None:
            found.append(Finding(topic, PROBLEM, "there is no {}_space".format(name)))
            continue
        try:
            description = describe_space(space)
        except ValueError as error:
            found.append(Finding(topic, PROBLEM, str(error)))
            continue
        endless = _endless(description)
        if endless and name == "action":
            detail = "{} has infinite bounds: nothing tells the policy what is sensible"
            found.append(Finding(topic, WARNING, detail.format(_one_line(space))))
        else:
            detail = "{}, of which some bounds are infinite" if endless else "{}"
            found.append(Finding(topic, OK, detail.format(_one_line(space))))
    return found


def _one_line(space: Any) -> str:
    return " ".join(str(space).split())


def _endless(description: Any) -> bool:
    """Tell whether a bound is null, anywhere in a space's description."""
    if isinstance(description, dict):
        return any(_endless(part) for part in description.values())
    if isinstance(description, list):
        return any(_endless(part) for part in description)
    return description is None


def _standard(environment: Any) -> List[Finding]:
    """Ask Gymnasium's checker, where there is one and the environment is its own."""
    topic = "Gymnasium's checker"
    if isinstance(environment, OldEnvironment):
        return [Finding(topic, NOTE, "not asked: it knows nothing of the API before gym 0.26")]
    try:
        from gymnasium.utils.env_checker import check_env  # noqa: PLC0415  # perhaps not there
    except ImportError:
        return [Finding(topic, NOTE, "not asked: Gymnasium is not installed")]
    found: List[Finding] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _attempt(found, topic, _ask_gymnasium, check_env, environment)
    told = [_COLOURS.sub("", str(each.message)).replace("WARN: ", "") for each in caught]
    found += [Finding(topic, WARNING, text) for text in sorted(set(told))]
    return found or [Finding(topic, OK, "has nothing to say")]


def _ask_gymnasium(check_env: Callable[..., None], environment: Any) -> None:
    try:
        check_env(environment.unwrapped, skip_render_check=True)
    except (AssertionError, TypeError, AttributeError) as error:
        # How it says what is wrong; where in its own code, is of no interest.
        if "/gymnasium/utils/" not in traceback.extract_tb(error.__traceback__)[-1].filename:
            raise
        raise EnvironmentFailed(str(error)) from error


def _own_checks(packages: Sequence[str]) -> Iterator[Tuple[str, Look]]:
    """Yield the checks that the toolkit's packages bring, by the packages' names."""
    for package in packages:
        ask = getattr(importlib.import_module(package), "check_environment", None)
        if ask is not None:
            yield package, _own_check(package, ask)


def _own_check(package: str, ask: Callable[[Any], None]) -> Look:
    def look(environment: Any) -> List[Finding]:
        ask(environment)
        return [Finding(package, OK, "takes it")]

    return look


def _seeding(make: Callable[[], Any]) -> List[Finding]:
    """Play the same actions from the same seed twice, and from another seed."""
    first, again = trajectory(make, SEED), trajectory(make, SEED)
    if first != again:
        return [_unseeded(make, first, again)]
    found = Finding("seeding", OK, "the same seed gives the same episodes")
    if trajectory(make, SEED + 1, steps=0) == first[:1]:
        return [found, Finding("other seeds", NOTE, "begin with the same observation")]
    return [found, Finding("other seeds", OK, "begin with other observations")]


def _unseeded(make: Callable[[], Any], first: List[Place], again: List[Place]) -> Finding:
    if _all_seeded(make) == _all_seeded(make):
        detail = (
            "the same seed gives the same episodes only while the global generators of random and "
            "numpy are seeded too: draw from self.np_random instead"
        )
        return Finding("seeding", WARNING, detail)
    where = next(one[0] for one, two in zip(first, again) if one != two)
    detail = "the same seed and actions give other episodes, first at {}"
    return Finding("seeding", PROBLEM, detail.format(where))


_LOOKS = (
    ("makes", _interface),
    ("spaces", _spaces),
    ("Gymnasium's checker", _standard),
)


_GOOD = (("observations", "are elements of their space"), ("rewards", "are finite numbers"))


def _all_seeded(make: Callable[[], Any]) -> List[Place]:
    seed_everything(SEED)
    return trajectory(make, SEED)


def _episodes(environment: Any, steps: int) -> Tuple[List[Finding], float]:
    """Take random steps, and return what was found and the steps a second."""
    run = random_run(environment, steps)
    environment.close()
    limit = getattr(getattr(environment, "spec", None), "max_episode_steps", None)
    found = [
        Finding(topic, PROBLEM if topic in run.troubles else OK, run.troubles.get(topic, good))
        for topic, good in _GOOD
    ]
    if run.lengths:
        detail = "{:,} ended in {:,} random steps, after {:,} to {:,}".format(
            len(run.lengths), steps, min(run.lengths), max(run.lengths)
        )
        found.append(Finding("episodes", OK, detail))
    elif limit and limit > steps:
        detail = "none ended in {:,} steps; their limit is {:,} steps".format(steps, limit)
        found.append(Finding("episodes", NOTE, detail))
    else:
        detail = "none ended in {:,} random steps: set a limit (max_episode_steps)".format(steps)
        found.append(Finding("episodes", PROBLEM, detail))
    return found, steps / run.seconds

"""Episodes against a model, through each way to its policy, all with the same seeds."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from rlcore import policy, storage
from rlcore.errors import InvalidArgument, InvalidModel
from rlcore.evaluation.player import ask, occasionally
from rlcore.evaluation.report import Episodes, EvaluationReport, named
from rlcore.evaluation.workshop import Log, Workshop, to_stderr, workshop
from rlcore.registry import default_registry
from rlscript.archives import ArchiveError, extract
from rlscript.evaluation import FIRST_SEED
from rlserving.manifest import MANIFEST, ManifestError, read

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from rlcore.evaluation.player import Actor
    from rlcore.spec import ToolkitRelease
    from rlserving.manifest import Manifest

IN_PROCESS, TRAINING = "in process", "training"
"""Names of sources beside those of the caller's actors."""


def evaluate_model(  # noqa: PLR0913 - all but the first are named at the call
    model_data: str | os.PathLike[str],
    *,
    release: ToolkitRelease | None = None,
    source: str | os.PathLike[str] | None = None,
    env: str | None = None,
    env_kwargs: Mapping[str, Any] | None = None,
    episodes: int = 100,
    seed: int | None = None,
    actors: Mapping[str, Actor] | None = None,
    in_process: bool = True,
    deterministic: bool = True,
    gif: str | os.PathLike[str] | None = None,
    environments: int = 100,
    python: Path | None = None,
    log: Log = to_stderr,
) -> EvaluationReport:
    """Play episodes against a model's policy, and compare the ways to it by seed.

    Args:
        model_data: Address or path of `model.tar.gz`.
        release: In whose training environment to play; the one that trained it by default.
        source: Folder or archive of the user's modules, where the environment is one of them.
        env: A Gymnasium id or `module:factory`; by default the one that it was trained in.
        env_kwargs: Its keyword arguments; likewise, where it is that one.
        episodes: How many.
        seed: Seed of the first episode, by default that of the evaluation during training.
        actors: Sources by name, e.g. an endpoint's `Predictor.act_all`.
        in_process: Whether the policy also acts in the environment's own process.
        deterministic: Whether it takes the likeliest action there; actors decide for themselves.
        gif: Where to write the first episode of the first source.
        environments: How many environments exist at once at most.
        python: An interpreter to play in instead of the release's environment.
        log: Takes each line of progress; they go to stderr by default.

    Raises:
        EvaluationFailed: The environment or the policy failed; the message has the traceback.
        InvalidModel: The archive is damaged or has no policy that can be asked.
        InvalidArgument: An argument is not allowed.
    """
    numbers = {"episodes": episodes, "environments": environments}
    if not actors and not in_process:
        msg = "Nobody is to play: give actors, or in_process=True."
        raise InvalidArgument(msg)
    with tempfile.TemporaryDirectory(prefix="rlcore-") as folder:
        manifest = _unpack(policy.address(model_data), Path(folder))
        task = {**_scene(manifest, env, env_kwargs, seed), **_checked(numbers)}
        masked = any(each.inputs_of("mask") for each in manifest.policies.values())
        task = {**task, "task": "play", "deterministic": deterministic, "masked": masked}
        film = _writable(Path(gif)) if gif else None
        if release is None and python is None:
            release = default_registry().toolkit(manifest.toolkit).release(manifest.release)
        with workshop(release, source, python=python, log=log) as place:
            evaluation = _Evaluation(place, task, log, str(film) if film else None)
            found = [evaluation.play(name, actor) for name, actor in (actors or {}).items()]
            found += [evaluation.play(IN_PROCESS, model=folder)] if in_process else []
    return _report(task, manifest, found, film if found else None)


@attrs.define
class _Evaluation:
    """What the sources of one evaluation have in common.

    Attributes:
        place: Where the environment is played.
        task: What a player is told, whichever the source.
        log: Takes each line of progress.
    """

    place: Workshop
    task: dict[str, Any]
    log: Log
    _gif: str | None

    def play(self, name: str, actor: Actor | None = None, model: str | None = None) -> Episodes:
        """Play the episodes through one source; the first that is played is filmed."""
        total = self.task["episodes"]
        gif, self._gif = self._gif, None
        found = ask(
            self.place,
            {**self.task, "model": model, "gif": gif},
            actor=actor,
            progress=occasionally(lambda n: self.log(f"{name}: {n} of {total} episodes")),
        )
        return Episodes(
            source=name,
            first_seed=self.task["seed"],
            returns=found["returns"],
            lengths=found["lengths"],
            seconds=found["seconds"],
            actions=found["actions"],
        )


def _unpack(uri: str, folder: Path) -> Manifest:
    with tempfile.TemporaryDirectory(prefix="rlcore-") as elsewhere:
        try:
            extract(storage.fetched(uri, Path(elsewhere)), folder)
        except ArchiveError as error:
            raise InvalidModel(str(error)) from error
        except OSError as error:
            msg = f"The model {uri} cannot be unpacked: {error}"
            raise InvalidModel(msg) from error
    if not (folder / MANIFEST).exists():
        msg = (
            f"The model {uri} has no {MANIFEST}, so nothing says how its policy is asked. Only what"
            " rlscript exported can be evaluated; an endpoint of it has `predict`."
        )
        raise InvalidModel(msg)
    try:
        manifest = read(folder)
    except ManifestError as error:
        msg = f"The model {uri} is damaged: {error}"
        raise InvalidModel(msg) from error
    if manifest.agents or len(manifest.policies) > 1:
        names = ", ".join(sorted(manifest.policies))
        msg = (
            f"The model {uri} holds policies of several agents ({names}). Episodes are played in"
            " environments of one agent, with Gymnasium's API; write the loop of several yourself,"
            " with predictor.act(observation, agent=...)."
        )
        raise InvalidModel(msg)
    return manifest


def _scene(
    manifest: Manifest, env: str | None, env_kwargs: Mapping[str, Any] | None, seed: int | None
) -> dict[str, Any]:
    """Return `env`, `env_kwargs` and `seed`: as given, else as during training."""
    trained_in = manifest.env.get("id")
    if env is None and trained_in is None:
        msg = "The model does not say which environment it was trained in. Name it: env=..."
        raise InvalidArgument(msg)
    chosen = env or trained_in
    if env_kwargs is None:
        env_kwargs = (manifest.env.get("kwargs") or {}) if chosen == trained_in else {}
    if seed is None:
        seed = (manifest.evaluation or {}).get("first_seed", FIRST_SEED)
    _check_number("seed", seed, 0)
    return {"env": chosen, "env_kwargs": plain_kwargs(env_kwargs), "seed": seed}


def plain_kwargs(env_kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return keyword arguments as another process gets them; they must be JSON values."""
    try:
        kwargs: dict[str, Any] = json.loads(json.dumps(dict(env_kwargs)))
    except (TypeError, ValueError) as error:
        msg = f"env_kwargs must be JSON values, since they go to another process: {error}"
        raise InvalidArgument(msg) from error
    return kwargs


def _checked(numbers: dict[str, int]) -> dict[str, int]:
    for name, number in numbers.items():
        _check_number(name, number, 1)
    return numbers


def _check_number(name: str, given: Any, least: int) -> None:
    if not isinstance(given, int) or isinstance(given, bool) or given < least:
        msg = f"{name} must be a whole number from {least}; {given!r} was given."
        raise InvalidArgument(msg)


def _writable(gif: Path) -> Path:
    path = gif.expanduser().absolute()
    if not path.parent.is_dir():
        msg = f"The GIF {gif} cannot be written: there is no folder {path.parent}."
        raise InvalidArgument(msg)
    return path


def _report(
    task: Mapping[str, Any], manifest: Manifest, found: list[Episodes], gif: Path | None
) -> EvaluationReport:
    trained = _during_training(manifest, task)
    note = "The evaluation during training was another, and is not compared: {}, greedy."
    apart = trained is not None and not trained.comparable
    env = named(manifest.env.get("id"), manifest.env.get("kwargs") or {})
    return EvaluationReport(
        env=task["env"],
        env_kwargs=task["env_kwargs"],
        first_seed=task["seed"],
        deterministic=task["deterministic"],
        sources=(*found, *([trained] if trained else [])),
        gif=gif,
        notes=(note.format(env),) if apart else (),
    )


def _during_training(manifest: Manifest, task: Mapping[str, Any]) -> Episodes | None:
    """Return the evaluation of this policy during training, where there was one."""
    kept = manifest.evaluation or {}
    if not kept.get("returns") or len(kept["returns"]) != len(kept.get("lengths", ())):
        return None
    here = (task["env"], task["env_kwargs"], task["deterministic"])
    there = (manifest.env.get("id"), manifest.env.get("kwargs") or {}, kept.get("greedy", True))
    return Episodes(
        source=TRAINING,
        first_seed=kept.get("first_seed", FIRST_SEED),
        returns=kept["returns"],
        lengths=kept["lengths"],
        comparable=here == there,
        actions=kept.get("actions"),
    )

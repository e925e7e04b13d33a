"""Where the classic releases of Ray keep the same things. Ray is imported when it is asked for."""

import importlib
import importlib.util
import json
from pathlib import Path
from typing import Any, Dict, List, NamedTuple

from rlscript.fitting import Shapes, misfit
from rlscript.settings import HyperparameterError
from rlscript_ray.classic.suggestions import unknown
from rlscript_ray.refusals import ExportRefused

_NOTE = "rllib.json"
_ADVICE = "Give the config and the environment that it was trained with, or no checkpoint"
# How Ray, TensorFlow and PyTorch tell weights, filters or an optimiser of another network.
_MISFITS = (AssertionError, AttributeError, KeyError, RuntimeError, TypeError, ValueError)
# Of whose policies the parts are known; the others keep them elsewhere.
_KNOWN = ("0.6.", "0.8.5", "1.6.")
# What exports and checks a policy, as the releases' own environments have it: by release and
# framework, the requirement of each package that is imported.
_OF_2020 = {"onnx": "onnx==1.8.0", "onnxruntime": "onnxruntime==1.10.0 flatbuffers==1.12"}
_OF_2021 = {"onnx": "onnx==1.10.1", "onnxruntime": "onnxruntime==1.10.0 flatbuffers==1.12"}
_EXPORTING = {
    ("1.6.", "tensorflow"): dict(_OF_2021, tf2onnx="tf2onnx==1.9.2"),
    ("1.6.", "torch"): dict(_OF_2021, onnxruntime="onnxruntime==1.10.0 flatbuffers==2.0"),
    ("", "tensorflow"): dict(_OF_2020, tf2onnx="tf2onnx==1.8.5"),
    ("", "torch"): _OF_2020,
}


class ReleaseUnknown(NotImplementedError):
    """This release of Ray is none of those whose policies are read."""


class CheckpointRefused(ValueError):
    """A checkpoint is another release's, trainer's, framework's or network's."""


class Parts(NamedTuple):
    """What of a trainer acts in this process.

    Attributes:
        trainer: The trainer.
        worker: Its local worker, whose policy is the trained one.
        policy: The policy.
        preprocessor: What turns observations into the network's.
        filter: What normalises them.
        config: The trainer's whole config.
    """

    trainer: Any
    worker: Any
    policy: Any
    preprocessor: Any
    filter: Any
    config: Dict[str, Any]


def require_known() -> None:
    """Check that this release of Ray is one whose policies are read.

    Raises:
        ReleaseUnknown: It is another one.
    """
    version = str(importlib.import_module("ray").__version__)
    if not version.startswith(_KNOWN):
        msg = "rlscript_ray.classic is for Ray 0.6, 0.8.5 and 1.6, and this is Ray {}: {}"
        advice = "take one of those releases, or train with Ray's own interface"
        raise ReleaseUnknown(msg.format(version, advice))


def exporting(version: str, framework_name: str) -> Dict[str, str]:
    """Return the requirements of each package that exports policies of a release, by its name."""
    wanted = [key for key in _EXPORTING if version.startswith(key[0]) and key[1] == framework_name]
    return dict(_EXPORTING[wanted[0]])


def require_converters() -> None:
    """Check that policies can be exported here: Ray's own images lack what that takes.

    Raises:
        ExportRefused: A package is missing.
    """
    needed = exporting(str(importlib.import_module("ray").__version__), framework())
    for package in needed:
        if importlib.util.find_spec(package) is None:
            reason = (
                "is missing, which exports it: put these into requirements.txt, a line each, for "
                "pip 19.3 or later: {}"
            )
            raise ExportRefused(package, reason.format(" ".join(needed.values())))


def parts_of(trainer: Any) -> Parts:
    """Return the parts of a trainer of one policy.

    Raises:
        ExportRefused: It keeps its policy elsewhere, as evolution strategies do.
    """
    # Ray 0.6 calls it an evaluator.
    worker = getattr(trainer, "local_evaluator", None)
    if worker is None and hasattr(trainer, "workers"):
        worker = trainer.workers.local_worker()
    if worker is None or not hasattr(worker, "policy_map"):
        raise ExportRefused(trainer, "keeps its policy in no worker of RLlib's")
    (name,) = worker.policy_map.keys()
    return Parts(
        trainer,
        worker,
        worker.policy_map[name],
        worker.preprocessors[name],
        worker.filters[name],
        trainer.config,
    )


def workers_elsewhere(trainer: Any) -> List[Any]:
    """Return the handles of the workers in other processes."""
    if hasattr(trainer, "workers"):
        return list(trainer.workers.remote_workers())
    return list(getattr(trainer.optimizer, "remote_evaluators", ()))


def trainer_class(run: Any) -> Any:
    """Return the class of a trainer that is given by its name or as a class.

    Raises:
        HyperparameterError: The name is none that this release of Ray knows.
    """
    if not isinstance(run, str):
        return run
    registry = importlib.import_module("ray.rllib.agents.registry")
    known = [*registry.ALGORITHMS, *registry.CONTRIBUTED_ALGORITHMS]
    if run not in known:
        what = "trainer {!r} (rl.training.run, or the first argument of `train`)".format(run)
        raise HyperparameterError(unknown(what, run, known))
    find = getattr(registry, "get_trainer_class", None) or registry.get_agent_class
    return find(run)


def default_config(trainer: Any) -> Dict[str, Any]:
    """Return the config that a class of trainers has by default."""
    found = trainer.__dict__.get("_default_config") or getattr(trainer, "_default_config", None)
    if not isinstance(found, dict):
        msg = "{} is no trainer of RLlib: it has no default config"
        raise TypeError(msg.format(trainer))
    return found


def framework() -> str:
    """Return the framework of this environment, `tensorflow` or `torch`; TensorFlow if both are."""
    for name in ("tensorflow", "torch"):
        if importlib.util.find_spec(name):
            return name
    msg = "neither TensorFlow nor PyTorch is installed beside Ray"
    raise ImportError(msg)


def with_framework(config: Dict[str, Any], default: Dict[str, Any]) -> Dict[str, Any]:
    """Return a config that names the framework of this environment, unless it names one."""
    torch = framework() == "torch"
    if "framework" in default:
        return dict({"framework": "torch" if torch else "tf"}, **config)
    if torch and "use_pytorch" in default:
        return dict({"use_pytorch": True}, **config)
    return config


def write_checkpoint(trainer: Any, folder: Path, shapes: Shapes) -> None:
    """Write Ray's own checkpoint into a folder, and what it is of.

    Args:
        trainer: The trainer.
        folder: Where to; it exists.
        shapes: Those of the policy's weights, and of what else must fit when it is restored.
    """
    written = Path(trainer.save(str(folder.resolve() / "rllib")))
    note = dict(_origin(trainer), path=str(written.relative_to(folder.resolve())), shapes=shapes)
    (folder / _NOTE).write_text(json.dumps(note))


def read_checkpoint(trainer: Any, folder: Path, shapes: Shapes) -> None:
    """Restore a trainer from what `write_checkpoint` wrote.

    Args:
        trainer: The trainer.
        folder: The checkpoint.
        shapes: As for `write_checkpoint`, of the trainer that is here.

    Raises:
        CheckpointRefused: It is of another release, trainer, framework or network, of which nothing
            was restored; or Ray cannot restore it.
    """
    path = folder / _NOTE
    if not path.is_file():
        msg = "the checkpoint {} is none of classic RLlib: it has no {}"
        raise CheckpointRefused(msg.format(folder.name, _NOTE))
    note = json.loads(path.read_text())
    own = _origin(trainer)
    different = [name for name in sorted(own) if note.get(name) != own[name]]
    if different:
        msg = "the checkpoint {} is of {}, and this job runs {}: {}"
        told = [
            ", ".join("{} {}".format(name, each.get(name)) for name in different)
            for each in (note, own)
        ]
        advice = "train with what wrote it, or start without the checkpoint"
        raise CheckpointRefused(msg.format(folder.name, told[0], told[1], advice))
    # Those of rlcore's first versions have none.
    kept = {name: tuple(shape) for name, shape in note.get("shapes", shapes).items()}
    different_shapes = misfit(kept, shapes, "checkpoint")
    if different_shapes:
        msg = "{} {}"
        raise CheckpointRefused(msg.format(different_shapes, _ADVICE))
    try:
        trainer.restore(str(folder.resolve() / note["path"]))
    except _MISFITS as cause:
        msg = "the checkpoint {} does not fit what this job trains, says Ray ({}: {}). {}"
        raise CheckpointRefused(
            msg.format(folder.name, type(cause).__name__, cause, _ADVICE)
        ) from cause


def counters(trainer: Any) -> Dict[str, Any]:
    """Return what a trainer that was restored has counted, by the names of Ray's results."""
    held = {
        "training_iteration": "_iteration",
        "episodes_total": "_episodes_total",
        "time_total_s": "_time_total",
    }
    return {name: getattr(trainer, attribute) for name, attribute in held.items()}


def _origin(trainer: Any) -> Dict[str, str]:
    ray = importlib.import_module("ray")
    return {
        "Ray": str(ray.__version__),
        "framework": framework(),
        "trainer": str(getattr(trainer, "_agent_name", None) or trainer._name),  # noqa: SLF001
    }

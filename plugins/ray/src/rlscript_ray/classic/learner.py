"""Classic RLlib behind the interface that the shared training loop drives."""

import importlib
import io
import math
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

import rlscript
from rlscript.fitting import Shapes, shapes_of
from rlscript.models import inference_code, named, read_manifest
from rlscript_ray.classic import releases
from rlscript_ray.classic.reference import Reference, columns, rows
from rlscript_ray.classic.stopping import StopRule
from rlscript_ray.classic.surroundings import Surroundings, surroundings_of
from rlscript_ray.classic.verification import check_export
from rlscript_ray.classic.weights import read_weights, write_weights
from rlscript_ray.refusals import WarmStartRefused
from rlscript_ray.warmstart import FILTERED, require_fit

SAVED_MODEL = "export/Servo/1/saved_model.pb"
_MEASURES = {
    "episode_return_min": "episode_reward_min",
    "episode_return_max": "episode_reward_max",
    "episode_len_mean": "episode_len_mean",
}
# Of Ray's results, lists with an item for each episode, and copies of the rest.
_LONG = ("hist_stats", "sampler_results", "config")
_OBSERVATIONS = 200


class ClassicLearner(rlscript.Learner):
    """A trainer of RLlib's.

    Its policy is exported once at the beginning, so that what cannot be exported is told before
    hours of training rather than after them.
    """

    def __init__(self, trainer: Any, task: Any, rule: StopRule) -> None:
        self._trainer = trainer
        self._task = task
        self._rule = rule
        self._parts = releases.parts_of(trainer)
        self._environment = task.make()
        self._observations = _random_observations(task.make())
        self.export()

    def advance(self) -> rlscript.Progress:
        """Run one training iteration of RLlib, and print its result as Ray prints it."""
        result = self._trainer.train()
        self._rule.results = result
        _print(result)
        metrics = {name: _measured(result.get(key)) for name, key in _MEASURES.items()}
        return rlscript.Progress(
            int(result["timesteps_total"]),
            _measured(result.get("episode_reward_mean")),
            dict(metrics, training_iteration=result["training_iteration"]),
        )

    def act(self, turns: List[rlscript.Turn]) -> Sequence[Tuple[Any, Any]]:
        """Return RLlib's own greedy actions, to which the export's are equal."""
        reference, around = self._reference()
        names = [each.name for each in around.signature.states]
        initial = reference.initial(1) if names else []
        states = columns([turn.state for turn in turns], names, [part[0] for part in initial])
        found = reference.step([turn.observation for turn in turns], states)
        return list(zip(found.actions, rows(found.states, names, len(turns))))

    def tell(self, step: int, found: rlscript.Evaluation) -> None:
        """Print an evaluation in Ray's form, for a run that does nothing else."""
        returns = {
            "episode_len_mean": math.fsum(found.lengths) / len(found.lengths),
            "episode_reward_max": max(found.returns),
            "episode_reward_mean": found.return_mean,
            "episode_reward_min": min(found.returns),
        }
        _print(dict(returns, episodes_total=len(found.returns), timesteps_total=step))
        rlscript.report(step, evaluation_return_mean=found.return_mean)

    def save(self, folder: Path) -> None:
        """Write RLlib's own checkpoint: weights, optimiser, filters, counters."""
        releases.write_checkpoint(self._trainer, folder, self._shapes())

    def restore(self, folder: Path) -> None:
        """Go on from such a checkpoint.

        Raises:
            CheckpointRefused: It is another release's, trainer's, framework's or network's.
        """
        releases.read_checkpoint(self._trainer, folder, self._shapes())
        self._rule.results = releases.counters(self._trainer)

    def warm_start(self, folder: Path) -> None:
        """Take the weights of an exported model.

        Raises:
            WarmStartRefused: A filter's statistics belong to the weights, and are not among them;
                or the weights are another network's.
        """
        if self._reference()[1].filter:
            raise WarmStartRefused(FILTERED)
        manifest = read_manifest(folder)
        if "weights" not in manifest:
            msg = "the model in the channel 'model' holds no weights: {} made it, not classic RLlib"
            raise WarmStartRefused(msg.format(manifest.get("toolkit")))
        with np.load(str(folder / manifest["weights"])) as file:
            weights = dict(file)
        require_fit(weights, read_weights(self._parts))
        write_weights(self._parts, weights)

    def export(self) -> Tuple[Dict[str, Any], Dict[str, bytes]]:
        """Return the policy as ONNX, checked against RLlib's own answers, with its manifest.

        With TensorFlow, and unless the policy keeps a state, it is there as SavedModel as well.
        """
        reference, around = self._reference()
        graph = _graph(self._parts, around)
        onnx = graph.to_onnx()
        check_export(reference, around, onnx, graph.run, self._observations)
        weights = _packed(read_weights(self._parts))
        files = {
            named("weights", ".npz", weights): weights,
            named("policy", ".onnx", onnx): onnx,
        }
        weights_name, graph_name = files
        if around.inputs is None:
            # Images for PyTorch run it; TensorFlow Serving would take it for handlers of its own.
            files.update(inference_code())
        elif not around.signature.states:
            files[SAVED_MODEL] = graph.to_saved_model()
        manifest = {
            "format": 1,
            "toolkit": "ray." + releases.framework().replace("torch", "pytorch"),
            "release": importlib.import_module("ray").__version__,
            "policies": {"default": around.signature.describe(graph_name)},
            "agents": {},
            "env": {"id": self._task.env, "kwargs": self._task.env_kwargs, "wrappers": []},
            "weights": weights_name,
        }
        return manifest, files

    def _shapes(self) -> Shapes:
        """Return the shapes of the weights, and of the filter's statistics where there are such."""
        shapes = shapes_of(read_weights(self._parts))
        running = getattr(self._parts.filter, "rs", None)
        if running is not None:
            shapes[type(self._parts.filter).__name__] = tuple(running.shape)
        return shapes

    def _reference(self) -> Tuple[Reference, Surroundings]:
        """Return how RLlib acts with its present weights and filter."""
        around = surroundings_of(self._parts, self._environment)
        return Reference(self._parts, around), around


def _graph(parts: releases.Parts, around: Surroundings) -> Any:
    if around.inputs is None:
        from rlscript_ray.classic.torch_graph import TorchGraph  # noqa: PLC0415

        return TorchGraph(parts, around)
    from rlscript_ray.classic.tensorflow_graph import TensorFlowGraph  # noqa: PLC0415

    return TensorFlowGraph(parts, around)


def _random_observations(environment: Any) -> List[Any]:
    """Return observations to check an export on: what is seen under random actions."""
    seen = []  # type: List[Any]
    while len(seen) < _OBSERVATIONS:
        observation, _ = environment.reset(seed=len(seen))
        done = False
        while not done and len(seen) < _OBSERVATIONS:
            seen.append(observation)
            action = environment.action_space.sample()
            observation, _, terminated, truncated, _ = environment.step(action)
            done = terminated or truncated
    environment.close()
    return seen


def _print(result: Dict[str, Any]) -> None:
    shown = {name: part for name, part in result.items() if name not in _LONG}
    print(importlib.import_module("ray.tune.logger").pretty_print(shown), flush=True)


def _packed(weights: Dict[str, Any]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **weights)
    return file.getvalue()


def _measured(value: Any) -> Optional[float]:
    """Return RLlib's value, or None where no episode has ended yet."""
    return None if value is None or math.isnan(value) else float(value)

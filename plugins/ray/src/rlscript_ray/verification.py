"""An export is right when it answers as RLlib itself does, and is not published otherwise."""

import os
from typing import Any, Sequence, Tuple

import numpy as np
import torch
from gymnasium import spaces
from ray.rllib.algorithms.algorithm import Algorithm
from ray.rllib.connectors import env_to_module
from ray.rllib.connectors.common.flatten_observations import FlattenObservations
from ray.rllib.utils.numpy import flatten_inputs_to_1d_tensor
from ray.rllib.utils.spaces.space_utils import clip_action, unsquash_action

from rlscript_ray.refusals import ExportWrong
from rlscript_ray.translation import current_module, filter_of, pipelines_of

# Two logits nearer than this may order either way in another implementation of the same sums.
_TIE = 1e-5
_MOST_TIES = 0.001
_TOLERANCE = 1e-5


def check_export(algorithm: Algorithm, graph: bytes, observations: Sequence[Any]) -> None:
    """Compare a graph's greedy actions with RLlib's own, in one batch and one by one.

    Discrete actions must be equal wherever the two best logits differ by more than 1e-5 (at most
    one in a thousand may differ below that), continuous ones within 1e-5 max(1, |action|).

    Raises:
        ExportWrong: They differ.
    """
    batch = np.stack([np.asarray(observation) for observation in observations])
    expected, inputs = reference_actions(algorithm, batch)
    discrete = isinstance(pipelines_of(algorithm).actions.input_action_space, spaces.Discrete)
    differ = _discrete_differ if discrete else _continuous_differ
    for size in (len(batch), 1):
        parts = [batch[start : start + size] for start in range(0, len(batch), size)]
        actual = _run(graph, parts)
        wrong = differ(expected, actual, inputs)
        if wrong.any():
            at = int(np.argmax(wrong))
            msg = "the exported policy differs from RLlib's on {} of {}: {} instead of {} for {}"
            values = int(wrong.sum()), len(batch), actual[at], expected[at], batch[at]
            raise ExportWrong(msg.format(*values))


def reference_actions(algorithm: Algorithm, batch: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Return RLlib's greedy actions for the environment, and their distributions' inputs.

    By RLlib's own code alone: nothing of the translation is used here.
    """
    pipelines = pipelines_of(algorithm)
    for piece in pipelines.observations.connectors:
        batch = np.stack([_connect(piece, observation) for observation in batch])
    module = current_module(algorithm)
    inputs = module.forward_inference({"obs": torch.as_tensor(batch).float()})["action_dist_inputs"]
    law = module.get_inference_action_dist_cls().from_logits(inputs)
    chosen = law.to_deterministic().sample().numpy()
    space = pipelines.actions.input_action_space
    return _for_environment(algorithm.config, space, chosen), inputs.detach().numpy()


def _connect(piece: Any, observation: np.ndarray) -> np.ndarray:
    if type(piece) is env_to_module.MeanStdFilter:
        return np.asarray(filter_of(piece)(observation, update=False))
    if type(piece) is FlattenObservations:
        space = piece.input_observation_space
        return np.asarray(flatten_inputs_to_1d_tensor(observation, space, batch_axis=False))
    return observation


def _for_environment(config: Any, space: spaces.Space, actions: np.ndarray) -> np.ndarray:
    if config.normalize_actions:
        return np.stack([unsquash_action(action, space) for action in actions])
    if config.clip_actions:
        return np.stack([clip_action(action, space) for action in actions])
    return actions


def _run(graph: bytes, batches: Sequence[np.ndarray]) -> np.ndarray:
    # Official builds of ONNX Runtime report home unless they find this when they are loaded.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    size = session.get_inputs()[1].shape[1]
    feeds = [
        {"observation": batch, "noise": np.zeros((len(batch), size), np.float32)}
        for batch in batches
    ]
    return np.concatenate([session.run(["action"], feed)[0] for feed in feeds])


def _discrete_differ(expected: np.ndarray, actual: np.ndarray, logits: np.ndarray) -> np.ndarray:
    best = np.sort(logits, axis=-1)[:, -2:]
    tie = best[:, -1] - best[:, 0] <= _TIE
    differ = np.asarray(expected != actual)
    return differ if np.mean(differ & tie) > _MOST_TIES else differ & ~tie


def _continuous_differ(expected: np.ndarray, actual: np.ndarray, _: np.ndarray) -> np.ndarray:
    allowed = _TOLERANCE * np.maximum(1.0, np.abs(expected))
    # Written so that a value that is no number differs too.
    return np.asarray(~(np.abs(expected - actual) <= allowed).all(axis=-1))

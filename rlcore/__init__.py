"""Train a reinforcement-learning script with its toolkit, on any platform, and deploy the policy.

The names below are the public ones. Each is imported when it is first used, so that
`import rlcore` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rlcore.agent import Agent as Agent
    from rlcore.endpoints import Container as Container
    from rlcore.endpoints import EndpointState as EndpointState
    from rlcore.endpoints import EndpointStatus as EndpointStatus
    from rlcore.endpoints import ModelRequest as ModelRequest
    from rlcore.errors import ExportWarning as ExportWarning
    from rlcore.estimator import RLEstimator as RLEstimator
    from rlcore.hookspecs import hookimpl as hookimpl
    from rlcore.metrics import LearningCurve as LearningCurve
    from rlcore.model import FrameworkModel as FrameworkModel
    from rlcore.model import Model as Model
    from rlcore.names import RLFramework as RLFramework
    from rlcore.names import RLToolkit as RLToolkit
    from rlcore.platforms.base import Hosting as Hosting
    from rlcore.predictor import Predictor as Predictor
    from rlcore.registry import ToolkitRegistry as ToolkitRegistry
    from rlcore.releases import ReleaseTable as ReleaseTable
    from rlcore.servingmodels import ExportedModel as ExportedModel
    from rlcore.servingmodels import TensorFlowServingModel as TensorFlowServingModel
    from rlcore.servingpredictors import MXNetPredictor as MXNetPredictor
    from rlcore.servingpredictors import TensorFlowPredictor as TensorFlowPredictor
    from rlcore.spec import Channel as Channel
    from rlcore.spec import Environment as Environment
    from rlcore.spec import JobState as JobState
    from rlcore.spec import JobStatus as JobStatus
    from rlcore.spec import MetricDefinition as MetricDefinition
    from rlcore.spec import Plan as Plan
    from rlcore.spec import ToolkitRelease as ToolkitRelease
    from rlcore.spec import Unavailable as Unavailable
    from rlcore.training import TrainingJob as TrainingJob
    from rlcore.transformer import Transformer as Transformer

__version__ = "0.1.0"

_HOMES = {
    "Agent": "agent",
    "Channel": "spec",
    "Container": "endpoints",
    "EndpointState": "endpoints",
    "EndpointStatus": "endpoints",
    "Environment": "spec",
    "ExportWarning": "errors",
    "ExportedModel": "servingmodels",
    "FrameworkModel": "model",
    "Hosting": "platforms.base",
    "JobState": "spec",
    "JobStatus": "spec",
    "LearningCurve": "metrics",
    "MetricDefinition": "spec",
    "MXNetPredictor": "servingpredictors",
    "Model": "model",
    "ModelRequest": "endpoints",
    "Plan": "spec",
    "Predictor": "predictor",
    "RLEstimator": "estimator",
    "RLFramework": "names",
    "RLToolkit": "names",
    "ReleaseTable": "releases",
    "TensorFlowPredictor": "servingpredictors",
    "TensorFlowServingModel": "servingmodels",
    "ToolkitRegistry": "registry",
    "ToolkitRelease": "spec",
    "TrainingJob": "training",
    "Transformer": "transformer",
    "Unavailable": "spec",
    "hookimpl": "hookspecs",
}

__all__ = [  # noqa: PLE0604 - the table above is the only list
    *_HOMES,
    "__version__",
]


def __getattr__(name: str) -> object:
    """Import a public name from its home."""
    if name not in _HOMES:
        msg = f"module 'rlcore' has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(importlib.import_module(f"rlcore.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return sorted({*globals(), *__all__})

"""Environments played and checked at home, in their release's own Python.

An environment runs in a process of its own (`rlscript.player`), so that neither Gymnasium nor a
toolkit is imported here.
"""

from rlcore.evaluation.checks import CheckReport, Finding, check_environment
from rlcore.evaluation.engine import evaluate_model
from rlcore.evaluation.player import Actor
from rlcore.evaluation.report import Episodes, EvaluationReport, Pair

__all__ = [
    "Actor",
    "CheckReport",
    "Episodes",
    "EvaluationReport",
    "Finding",
    "Pair",
    "check_environment",
    "evaluate_model",
]

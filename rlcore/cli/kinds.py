"""What kind of value each argument of the estimator takes, where its default does not tell."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rlcore.arguments import Argument


FIT = ("inputs", "job_name", "experiment_config")
"""Arguments of `fit`, which a job file may hold beside those of the estimator."""


class Kind(enum.Enum):
    """How a value is written on the command line and in a job file."""

    TEXT = "text"
    INTEGER = "integer"
    FLAG = "flag"
    LIST = "list"
    MAPPING = "mapping"
    STRUCTURED = "structured"


_FLAGS = {
    "disable_profiler", "enable_sagemaker_metrics", "enable_remote_debug", "enable_infra_check",
    "enable_session_tag_chaining",
}  # fmt: skip
_INTEGERS = {"keep_alive_period_in_seconds", "max_wait", "max_retry_attempts"}
_LISTS = {
    "dependencies", "subnets", "security_group_ids", "container_entry_point",
    "container_arguments",
}  # fmt: skip
_MAPPINGS = {"hyperparameters", "tags", "environment"}
_STRUCTURED = {
    "metric_definitions", "git_config", "instance_groups", "instance_placement_config",
    "request_overrides", "rules", "debugger_hook_config", "tensorboard_output_config",
    "profiler_config", "sagemaker_session",
}  # fmt: skip
KINDS = {
    **dict.fromkeys(_FLAGS, Kind.FLAG),
    **dict.fromkeys(_INTEGERS, Kind.INTEGER),
    **dict.fromkeys(_LISTS, Kind.LIST),
    **dict.fromkeys(_MAPPINGS, Kind.MAPPING),
    **dict.fromkeys(_STRUCTURED, Kind.STRUCTURED),
}


def kind(argument: Argument) -> Kind:
    """Return the kind of an argument; what nothing is known of is text."""
    if isinstance(argument.default, bool):
        return Kind.FLAG
    if isinstance(argument.default, int):
        return Kind.INTEGER
    return KINDS.get(argument.name, Kind.TEXT)

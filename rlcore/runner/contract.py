"""What the container contract derives from the files of `ROOT/input/config`: pure functions.

The names, forms and order are those of sagemaker-training-toolkit 5.1.0, with `/opt/ml` replaced by
the root given. Python 3.6 and the standard library alone.
"""

import json
import os
import posixpath
import re
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

# Hyperparameters that the toolkit reads itself; any other `sagemaker_*` is a framework parameter.
_OF_THE_TOOLKIT = {
    "sagemaker_container_log_level",
    "sagemaker_job_name",
    "sagemaker_program",
    "sagemaker_region",
    "sagemaker_s3_output",
    "sagemaker_submit_directory",
}
_RESERVED = {"_tuning_objective_metric", "default_user_module_name"}
_OUT_OF_MEMORY = 137
_REASON_LINES, _REASON_LENGTH = 30, 2000  # of the output, in the failure file
_TRACEBACK = "Traceback (most recent call last)"


class Configuration(NamedTuple):
    """The three files of `input/config`, decoded.

    Attributes:
        hyperparameters: The user's, with their types.
        toolkit: The `sagemaker_*` ones that the toolkit reads.
        framework: Every other `sagemaker_*`.
        resources: `resourceconfig.json`.
        inputs: `inputdataconfig.json`.
    """

    hyperparameters: Dict[str, Any]
    toolkit: Dict[str, Any]
    framework: Dict[str, Any]
    resources: Dict[str, Any]
    inputs: Dict[str, Any]


def _decoded(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def configuration(
    hyperparameters: Mapping[str, str], resources: Dict[str, Any], inputs: Dict[str, Any]
) -> Configuration:
    """Decode the hyperparameters, JSON or raw, and sort them by who reads them."""
    decoded = {key: _decoded(value) for key, value in hyperparameters.items()}
    ours = {key for key in decoded if key.startswith("sagemaker_")}
    return Configuration(
        hyperparameters={
            key: value for key, value in decoded.items() if key not in ours and key not in _RESERVED
        },
        toolkit={key: decoded[key] for key in ours & _OF_THE_TOOLKIT},
        framework={key: decoded[key] for key in ours - _OF_THE_TOOLKIT},
        resources=resources,
        inputs=inputs,
    )


def _argument(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return ",".join("{}={}".format(key, value[key]) for key in sorted(value))
    return str(value)


def arguments(hyperparameters: Mapping[str, Any]) -> List[str]:
    """Return the script's command line: sorted keys, Python's own text of the values."""
    words = []
    for key in sorted(hyperparameters):
        words += ["-" + key if len(key) == 1 else "--" + key, _argument(hyperparameters[key])]
    return words


def entry_point(config: Configuration) -> str:
    """Return the script's path inside the code folder."""
    return str(config.toolkit["sagemaker_program"])


def _folders(root: str) -> Dict[str, Any]:
    return {
        "input_dir": posixpath.join(root, "input"),
        "input_config_dir": posixpath.join(root, "input", "config"),
        "model_dir": posixpath.join(root, "model"),
        "output_dir": posixpath.join(root, "output"),
        "output_data_dir": posixpath.join(root, "output", "data"),
        "output_intermediate_dir": posixpath.join(root, "output", "intermediate"),
    }


def _hosts(resources: Mapping[str, Any]) -> Dict[str, Any]:
    groups = resources.get("instance_groups", [])
    current = resources.get("current_group_name", "homogeneousCluster")
    by_name = {group["instance_group_name"]: group for group in groups}
    hosts = resources["hosts"]
    return {
        "current_host": resources["current_host"],
        "current_instance_group": current,
        "current_instance_group_hosts": by_name.get(current, {}).get("hosts", []),
        "current_instance_type": resources.get("current_instance_type", "local"),
        "distribution_hosts": [],
        "distribution_instance_groups": [],
        "hosts": hosts,
        "instance_groups": [group["instance_group_name"] for group in groups],
        "instance_groups_dict": by_name,
        "is_hetero": len(groups) > 1,
        "is_master": resources["current_host"] == min(hosts),
        "master_hostname": min(hosts),
        "network_interface_name": resources.get("network_interface_name", "eth0"),
        "resource_config": resources,
        "topology": resources.get("topology", []),
    }


def training_environment(
    root: str, config: Configuration, num_cpus: int, num_gpus: int
) -> Dict[str, Any]:
    """Return the content of `SM_TRAINING_ENV`, from which every variable follows."""
    program = entry_point(config)
    values = {
        "additional_framework_parameters": config.framework,
        "channel_input_dirs": {
            name: posixpath.join(root, "input", "data", name) for name in config.inputs
        },
        "framework_module": None,
        "hyperparameters": config.hyperparameters,
        "input_data_config": config.inputs,
        "is_modelparallel_enabled": None,
        "is_smddpmprun_installed": False,
        "is_smddprun_installed": False,
        "job_name": config.toolkit.get("sagemaker_job_name"),
        "log_level": config.toolkit.get("sagemaker_container_log_level", 20),
        "module_dir": config.toolkit.get("sagemaker_submit_directory"),
        "module_name": re.sub(r"\.py$", "", program),
        "num_cpus": num_cpus,
        "num_gpus": num_gpus,
        "num_neurons": 0,
        "user_entry_point": program,
    }
    values.update(_folders(root))
    values.update(_hosts(config.resources))
    return values


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


# Variable to key of the training environment, where they are not the same word.
_RENAMED = {
    "SM_FRAMEWORK_PARAMS": "additional_framework_parameters",
    "SM_HPS": "hyperparameters",
}
_PLAIN = (
    "current_host",
    "current_instance_group",
    "current_instance_group_hosts",
    "current_instance_type",
    "distribution_instance_groups",
    "framework_module",
    "hosts",
    "input_config_dir",
    "input_data_config",
    "input_dir",
    "instance_groups",
    "instance_groups_dict",
    "is_hetero",
    "log_level",
    "model_dir",
    "module_dir",
    "module_name",
    "network_interface_name",
    "num_cpus",
    "num_gpus",
    "num_neurons",
    "output_data_dir",
    "output_dir",
    "output_intermediate_dir",
    "resource_config",
    "user_entry_point",
)


def variables(training: Mapping[str, Any]) -> Dict[str, str]:
    """Return every `SM_*` variable for a training environment."""
    values = {"SM_" + key.upper(): training[key] for key in _PLAIN}
    values.update({name: training[key] for name, key in _RENAMED.items()})
    values["SM_CHANNELS"] = sorted(training["channel_input_dirs"])
    values["SM_TRAINING_ENV"] = training
    values["SM_USER_ARGS"] = arguments(training["hyperparameters"])
    if training["topology"]:
        values["SM_TOPOLOGY"] = training["topology"]
    for name, path in training["channel_input_dirs"].items():
        values["SM_CHANNEL_" + name.upper()] = path
    for name, value in training["hyperparameters"].items():
        if "=" not in name:  # the one character that no variable's name can hold
            values["SM_HP_" + name.upper()] = value
    return {name: _text(value) for name, value in values.items()}


def command(
    python: str, program: str, words: List[str], *, is_package: bool
) -> Tuple[List[str], bool]:
    """Return the script's command, and whether it is a program of its own, not Python's.

    As in the toolkit: `*.sh` is a program, in a folder with `setup.py` the entry point is a module
    of that package, `*.py` is a script, anything else a program. The package is run from the code
    folder and not installed, since the release's environment is shared.
    """
    if is_package and not program.endswith(".sh"):
        module = re.sub(r"\.py$", "", program).replace("/", ".")
        return [python, "-m", module, *words], False
    if program.endswith(".py"):
        return [python, program, *words], False
    return ["./" + program, *words], True


def last_lines(output: bytes) -> str:
    """Return the last traceback in the output's tail, or else its last lines."""
    text = output.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").strip()
    lines = text.split("\n")
    starts = [number for number, line in enumerate(lines) if line.startswith(_TRACEBACK)]
    if starts:
        lines = lines[starts[-1] :]
    return "\n".join(lines[-_REASON_LINES:])[-_REASON_LENGTH:]


def failure_text(exit_code: int, output: bytes, words: List[str]) -> str:
    """Return the content of `output/failure` for a script that ended with *exit_code*."""
    parts = [
        "ExecuteUserScriptError:",
        "ExitCode {}".format(exit_code),
        'ErrorMessage "{}"'.format(last_lines(output)),
    ]
    if exit_code == _OUT_OF_MEMORY:
        parts.append('ExtraInfo "OutOfMemory: Process killed by SIGKILL (signal 9)"')
    return "\n".join([*parts, 'Command "{}"'.format(" ".join(words))])


def exit_code(status: int) -> int:
    """Turn a status of `waitpid` into an exit code, as shells do: 128 and the signal's number."""
    if os.WIFSIGNALED(status):
        return 128 + os.WTERMSIG(status)
    return os.WEXITSTATUS(status)


def checkpoint_folder(root: str, wanted: Optional[str]) -> str:
    """Return where checkpoints are for a wanted path; one under `/opt/ml` is meant under *root*."""
    if not wanted:
        return posixpath.join(root, "checkpoints")
    if wanted == "/opt/ml" or wanted.startswith("/opt/ml/"):
        return posixpath.normpath(posixpath.join(root, posixpath.relpath(wanted, "/opt/ml")))
    return wanted

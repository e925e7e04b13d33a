"""The job's host as the script sees it: folders, variables, `/opt/ml`, a display.

Python 3.6, standard library alone.
"""

import contextlib
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
from typing import Any, Dict, List, NamedTuple, Optional

import archive  # type: ignore[import-not-found]
import contract  # type: ignore[import-not-found]
import display  # type: ignore[import-not-found]
import namespaces  # type: ignore[import-not-found]
import script  # type: ignore[import-not-found]

_OURS = {
    "RLCORE_CHECKPOINT_PATH",
    "RLCORE_DISPLAY",
    "RLCORE_INSPECTION",
    "RLCORE_LIVENESS",
    "RLCORE_SOURCE",
}
_FOLDERS = ("code", "model", "output/data", "output/intermediate", "input/data")
_EXECUTABLE = (b"#!", b"\x7fELF")


class Unsuitable(Exception):
    """The script cannot run here; the message is all that a person needs."""


class Machine(NamedTuple):
    """What of the machine is asked before its names change.

    Attributes:
        gpus: How many it has.
        display: Variables of a display that was started for the job.
    """

    gpus: int
    display: Dict[str, str]


def _liveness() -> Optional[int]:
    given = os.environ.get("RLCORE_LIVENESS")
    return int(given) if given else None


def tell_stage(name: str) -> None:
    """Tell whoever watches over the job its stage, if they want to hear of it."""
    descriptor = _liveness()
    if descriptor is not None:
        with contextlib.suppress(OSError):  # they only watch, or have died
            os.write(descriptor, name.encode())


def _read(root: pathlib.Path, name: str) -> Dict[str, Any]:
    path = root / "input/config" / name
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def _gpus() -> int:
    program = shutil.which("nvidia-smi")
    if program is None:
        return 0
    found = subprocess.run([program, "--list-gpus"], stdout=subprocess.PIPE, check=False)
    return sum(line.startswith(b"GPU ") for line in found.stdout.splitlines())


def _load_gpus(count: int) -> None:
    """Let the driver make its devices: in a user namespace its helper has no right to."""
    program = shutil.which("nvidia-modprobe")
    if count and program and not pathlib.Path("/dev/nvidia-uvm").exists():
        subprocess.run([program, "-c", "0", "-u"], check=False)


def _display(root: pathlib.Path) -> Dict[str, str]:
    """Start a display where one is wanted; where that fails and none is there, say so once."""
    if "RLCORE_DISPLAY" not in os.environ:
        return {}
    try:
        return dict(display.start(root))
    except display.NoDisplay as error:
        # The client's own is second best: it may end with a session that the job outlives.
        if not os.environ.get("DISPLAY"):
            text = "rlcore: warning: no display: {}. Nothing can be rendered; leave GIFs off."
            print(text.format(error), flush=True)
        return {}


def _look_around(root: pathlib.Path) -> Machine:
    gpus = _gpus()
    _load_gpus(gpus)
    return Machine(gpus, _display(root))


def _checkpoints(given: pathlib.Path, root: pathlib.Path) -> str:
    """Make the folder of checkpoints and return it, below *root* where it is below *given*."""
    wanted = os.environ.get("RLCORE_CHECKPOINT_PATH")
    folder = pathlib.Path(contract.checkpoint_folder(str(root), wanted))
    if given in folder.parents:
        folder = root / folder.relative_to(given)
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)


def _environment(root: pathlib.Path, training: Dict[str, Any], checkpoints: str) -> Dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if name not in _OURS}
    environment.update(contract.variables(training))
    job = training["job_name"] or ""
    modules = [str(root / "code"), os.environ.get("PYTHONPATH", "")]
    programs = [str(pathlib.Path(sys.executable).parent), os.environ.get("PATH", "")]
    environment.update(
        CURRENT_HOST=training["current_host"],
        PATH=os.pathsep.join(filter(None, programs)),
        PYTHONPATH=os.pathsep.join(filter(None, modules)),
        PYTHONUNBUFFERED="1",
        RLCORE_CHECKPOINT_DIR=checkpoints,
        RLCORE_JOB_NAME=job,
        SAGEMAKER_JOB_NAME=job,
        TRAINING_JOB_NAME=job,
    )
    return environment


def _runnable(code: pathlib.Path, words: List[str]) -> List[str]:
    """Set the bit that an archive may have lost; a text without `#!` is read by the shell."""
    program = code / words[0]
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    with program.open("rb") as file:
        return words if file.read(4).startswith(_EXECUTABLE) else ["/bin/sh", *words]


def _prepare(root: pathlib.Path) -> pathlib.Path:
    """Make the folders, unpack the source and return the folder that it is in."""
    for name in _FOLDERS:
        (root / name).mkdir(parents=True, exist_ok=True)
    code = root / "code"
    source = os.environ.get("RLCORE_SOURCE")
    if source and not any(code.iterdir()):
        archive.extract(source, code)
    return code


def _configuration(root: pathlib.Path) -> Any:
    return contract.configuration(
        _read(root, "hyperparameters.json"),
        _read(root, "resourceconfig.json"),
        _read(root, "inputdataconfig.json"),
    )


class Host:
    """The job's host, from the inside.

    Attributes:
        root: The contract tree, as the script sees it.
    """

    def __init__(self, given: pathlib.Path) -> None:
        """Become that host, and unpack the source."""
        machine = _look_around(given)
        self._config = _configuration(given)
        reason = namespaces.enter(given, self._config.resources["current_host"])
        self.root = given if reason else pathlib.Path(namespaces.TREE)
        self._code = _prepare(self.root)
        if reason:
            self._check_paths(reason)
        cpus = len(os.sched_getaffinity(0))
        self._training = contract.training_environment(
            str(self.root), self._config, cpus, machine.gpus
        )
        checkpoints = _checkpoints(given, self.root)
        self._variables = _environment(self.root, self._training, checkpoints)
        self._variables.update(machine.display)

    def _check_paths(self, reason: str) -> None:
        import hardcoded  # type: ignore[import-not-found] # noqa: PLC0415 - most need it not

        found = hardcoded.places(self._code, contract.entry_point(self._config))
        if found:
            raise Unsuitable(hardcoded.refusal(found, reason))

    def start(self) -> script.Script:
        """Start the training script."""
        words, is_program = contract.command(
            sys.executable,
            self._training["user_entry_point"],
            contract.arguments(self._config.hyperparameters),
            is_package=(self._code / "setup.py").exists(),
        )
        if is_program:
            words = _runnable(self._code, words)
        return self._process(words, is_program=is_program)

    def inspect(self, module: str) -> script.Script:
        """Start what looks at the script's work, whose output nobody else reads."""
        return self._process([sys.executable, "-m", module])

    def _process(self, words: List[str], *, is_program: bool = False) -> script.Script:
        return script.Script(
            words,
            self._variables,
            str(self._code),
            is_program=is_program,
            liveness=_liveness(),
        )

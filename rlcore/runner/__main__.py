"""Run a job's training script for one host, by the container contract.

`PYTHON path/to/rlcore/runner ROOT`. Read from the environment, and not passed on: `RLCORE_SOURCE`,
the source archive; `RLCORE_LIVENESS`, a descriptor that closes when whoever watches over the job
dies; `RLCORE_CHECKPOINT_PATH`, where the script is to see its checkpoints. The script's exit code
is left in `ROOT/.runner.json`; our own is 0, or 1 when the script failed. Python 3.6, standard
library alone.
"""

import json
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import sys
import traceback
from typing import Any, Dict, List, Optional

# The folder itself is on the path, as for every program that is a folder.
import archive  # type: ignore[import-not-found]
import contract  # type: ignore[import-not-found]
import script  # type: ignore[import-not-found]

_OURS = ("RLCORE_SOURCE", "RLCORE_LIVENESS", "RLCORE_CHECKPOINT_PATH")
_FOLDERS = ("code", "model", "output/data", "output/intermediate", "input/data")
_EXECUTABLE = (b"#!", b"\x7fELF")


def _read(root: pathlib.Path, name: str) -> Dict[str, Any]:
    path = root / "input/config" / name
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def _gpus() -> int:
    program = shutil.which("nvidia-smi")
    if program is None:
        return 0
    found = subprocess.run([program, "--list-gpus"], stdout=subprocess.PIPE, check=False)
    return sum(line.startswith(b"GPU ") for line in found.stdout.splitlines())


def _checkpoints(root: pathlib.Path) -> str:
    """Make the folder of checkpoints and return it."""
    folder = contract.checkpoint_folder(str(root), os.environ.get("RLCORE_CHECKPOINT_PATH"))
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    return str(folder)


def _environment(root: pathlib.Path, training: Dict[str, Any]) -> Dict[str, str]:
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
        RLCORE_CHECKPOINT_DIR=_checkpoints(root),
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


def _start(root: pathlib.Path, code: pathlib.Path) -> script.Script:
    """Start the training script."""
    config = contract.configuration(
        _read(root, "hyperparameters.json"),
        _read(root, "resourceconfig.json"),
        _read(root, "inputdataconfig.json"),
    )
    cpus = len(os.sched_getaffinity(0))
    training = contract.training_environment(str(root), config, cpus, _gpus())
    words, is_program = contract.command(
        sys.executable,
        training["user_entry_point"],
        contract.arguments(config.hyperparameters),
        is_package=(code / "setup.py").exists(),
    )
    if is_program:
        words = _runnable(code, words)
    liveness = os.environ.get("RLCORE_LIVENESS")
    return script.Script(
        words,
        _environment(root, training),
        str(code),
        is_program=is_program,
        liveness=int(liveness) if liveness else None,
    )


class Stopping:
    """Passes SIGTERM on to the script, also one that came before the script was there."""

    def __init__(self) -> None:
        self._asked = False
        self._script: Optional[script.Script] = None

    def __call__(self, _number: int, _frame: Any) -> None:
        """Handle the signal."""
        self._asked = True
        self._pass_on()

    def attach(self, running: script.Script) -> None:
        """Name the script."""
        self._script = running
        self._pass_on()

    def _pass_on(self) -> None:
        if self._asked and self._script is not None:
            self._script.terminate()


def _run(root: pathlib.Path, stopping: Stopping) -> int:
    """Run the script, leave `output/success` or `output/failure`, and return its exit code."""
    running = _start(root, _prepare(root))
    stopping.attach(running)
    exit_code = int(contract.exit_code(running.run()))
    (root / ".runner.json").write_text(json.dumps({"exit_code": exit_code}))
    if exit_code == 0:
        (root / "output/success").touch()
    else:
        _fail(root, contract.failure_text(exit_code, running.tail, running.words))
    return exit_code


def _fail(root: pathlib.Path, text: str) -> None:
    """Write the failure file, unless the script left its own."""
    failure = root / "output/failure"
    failure.parent.mkdir(parents=True, exist_ok=True)
    if not failure.exists():
        failure.write_text(text, "utf-8")


def main(folder: str) -> int:
    """Run the job under *folder*; return the exit code of this process."""
    root = pathlib.Path(folder).resolve()
    stopping = Stopping()
    signal.signal(signal.SIGTERM, stopping)
    script.become_subreaper()
    try:
        return 1 if _run(root, stopping) else 0
    except Exception as error:  # noqa: BLE001 - the failure file has to tell whatever it is
        trace = traceback.format_exc()
        sys.stderr.write(trace)
        _fail(root, "Framework Error: \n{}\n{}".format(trace, error))
        return getattr(error, "errno", None) or 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

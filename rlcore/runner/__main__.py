"""Run a job's training script for one host, by the container contract.

`PYTHON path/to/rlcore/runner ROOT`. Read from the environment, and not passed on: `RLCORE_SOURCE`,
the source archive; `RLCORE_LIVENESS`, a descriptor that closes when whoever watches over the job
dies, and that takes the name of a stage where it can be written to; `RLCORE_CHECKPOINT_PATH`, where
the script is to see its checkpoints; `RLCORE_DISPLAY`, set where a script may want to render;
`RLCORE_INSPECTION`, a module that looks at what the script left.

The script sees ROOT as `/opt/ml` where the kernel allows it. What became of it is left in
`ROOT/.runner.json`: its exit code, whether it ended before anybody asked it to, the root as it saw
it, and what the inspection found. Our own exit code is 0, or 1 when the script failed. Python 3.6,
standard library alone.
"""

import json
import os
import pathlib
import signal
import sys
import traceback
from typing import Any, Dict, Optional

# The folder itself is on the path, as for every program that is a folder.
import contract  # type: ignore[import-not-found]
import host  # type: ignore[import-not-found]
import inspection  # type: ignore[import-not-found]
import script  # type: ignore[import-not-found]


class Stopping:
    """Passes SIGTERM on to the script, also one that came before the script was there."""

    def __init__(self) -> None:
        self.asked = False
        self._script: Optional[script.Script] = None

    def __call__(self, _number: int, _frame: Any) -> None:
        """Handle the signal."""
        self.asked = True
        self._pass_on()

    def attach(self, running: script.Script) -> None:
        """Name the script."""
        self._script = running
        self._pass_on()

    def _pass_on(self) -> None:
        if self.asked and self._script is not None:
            self._script.terminate()


def _run(root: pathlib.Path, stopping: Stopping) -> int:
    """Run the script, leave `output/success` or `output/failure`, and return its exit code."""
    here = host.Host(root)
    running = here.start()
    stopping.attach(running)
    exit_code = int(contract.exit_code(running.run()))
    told = {"exit_code": exit_code, "root": str(here.root), "asked": stopping.asked}
    _leave(here.root, told)
    if exit_code == 0:
        (here.root / "output/success").touch()
    else:
        _fail(here.root, contract.failure_text(exit_code, running.tail, running.words))
    module = os.environ.get("RLCORE_INSPECTION")
    if module and exit_code == 0:
        told.update(_inspect(here, module, stopping))
        _leave(here.root, told)
    return exit_code


def _leave(root: pathlib.Path, told: Dict[str, Any]) -> None:
    """Leave what became of the script; on a full disk, what was left before stays."""
    new = root / ".runner.new"
    new.write_text(json.dumps(told))
    new.replace(root / ".runner.json")


def _inspect(here: host.Host, module: str, stopping: Stopping) -> Dict[str, str]:
    """Let a module look at what the script left; return what it warns of, or why it could not."""
    host.tell_stage(inspection.STAGE)
    running = here.inspect(module)
    if not stopping.asked:  # what a script left that was stopped is looked at as well
        stopping.attach(running)
    exit_code = int(contract.exit_code(running.run(inspection.LIMIT, is_quiet=True)))
    return dict(inspection.found(exit_code, running.tail))


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
    except host.Unsuitable as error:
        sys.stderr.write("{}\n".format(error))
        _fail(root, str(error))
        return 1
    except Exception as error:  # noqa: BLE001 - the failure file has to tell whatever it is
        trace = traceback.format_exc()
        sys.stderr.write(trace)
        _fail(root, "Framework Error: \n{}\n{}".format(trace, error))
        return getattr(error, "errno", None) or 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

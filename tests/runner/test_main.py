"""The runner as a program, with real scripts."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tarfile
import tempfile
import textwrap
import time
import unittest

try:
    from rlcore.runner import contract
except ImportError:  # on a Python that has no rlcore the runner stands alone
    from runner import contract

RUNNER = str(pathlib.Path(contract.__file__).parent)
ORPHAN = """
    import os, time
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            print(os.getpid(), flush=True)
            time.sleep(600)
        os._exit(0)
    time.sleep({seconds})
"""


def alive(pid):
    """Whether a process runs; one that only waits to be collected does not."""
    stat = pathlib.Path("/proc/{}/stat".format(pid))
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


class Runner(unittest.TestCase):
    """One run of a script below a root of its own."""

    def setUp(self):
        """Make the root."""
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = pathlib.Path(temporary.name).resolve()

    def start(self, script, program="train.py", **options):
        """Start the runner for a script."""
        config = self.root / "input/config"
        config.mkdir(parents=True)
        hyperparameters = {"sagemaker_program": json.dumps(program), "lr": "0.5"}
        (config / "hyperparameters.json").write_text(json.dumps(hyperparameters))
        (config / "resourceconfig.json").write_text('{"current_host": "a", "hosts": ["a"]}')
        source = self.root / "given" / program
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(textwrap.dedent(script))
        with tarfile.open(str(self.root / "source.tar.gz"), "w:gz") as packed:
            packed.add(str(self.root / "given"), ".")
        environment = dict(os.environ, RLCORE_SOURCE=str(self.root / "source.tar.gz"))
        environment.update(options.pop("env", {}))
        return subprocess.Popen(
            [sys.executable, RUNNER, str(self.root)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
            **options,
        )

    def run_script(self, script, program="train.py"):
        """Run a script to its end; return the runner's exit code and the output."""
        process = self.start(script, program)
        output = process.communicate()[0]
        return process.returncode, output

    def text(self, name):
        """Return the content of a file below the root."""
        return (self.root / name).read_text()

    def test_success(self):
        """The script runs in the code folder, with its arguments, and success is marked."""
        code, output = self.run_script("import os, sys; print(os.getcwd(), sys.argv[1:])")

        self.assertEqual(0, code, output)
        self.assertEqual("{} {}\n".format(self.root / "code", ["--lr", "0.5"]), output)
        self.assertEqual("", self.text("output/success"))
        self.assertEqual({"exit_code": 0}, json.loads(self.text(".runner.json")))

    def test_failure(self):
        """The toolkit's exit code is 1, the script's own is kept beside it."""
        code, _ = self.run_script("import sys; sys.exit(7)")

        self.assertEqual(1, code)
        self.assertIn("ExecuteUserScriptError:\nExitCode 7\n", self.text("output/failure"))
        self.assertEqual({"exit_code": 7}, json.loads(self.text(".runner.json")))

    def test_a_failure_file_of_the_scripts_own_stays(self):
        """What the script itself says of its failure is what is told."""
        self.run_script("open('../output/failure', 'w').write('mine'); raise SystemExit(1)")

        self.assertEqual("mine", self.text("output/failure"))

    def test_what_the_runner_cannot_do_is_told(self):
        """An error of ours is a framework error, as the toolkit calls it."""
        (self.root / "code").mkdir()
        (self.root / "code" / "something").touch()  # so that the source is not unpacked

        code, output = self.run_script("", "missing.sh")

        self.assertNotEqual(0, code)
        self.assertIn("Framework Error: \n", self.text("output/failure"), output)

    def test_a_shell_script(self):
        """A shell script finds the Python of the environment first."""
        code, output = self.run_script("command -v python; echo $2", "train.sh")

        self.assertEqual(0, code)
        self.assertEqual("0.5", output.split()[-1])

    def test_a_package(self):
        """Beside a `setup.py` the entry point is a module."""
        (self.root / "given").mkdir()
        (self.root / "given/setup.py").touch()

        code, output = self.run_script("print(__name__, __spec__.name)")

        self.assertEqual((0, "__main__ train\n"), (code, output))

    def test_sigterm_is_passed_on(self):
        """The script may end by itself; its own exit code is what counts."""
        process = self.start(
            """
            import signal, sys, time
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))
            print("ready", flush=True)
            time.sleep(600)
            """
        )
        process.stdout.readline()

        process.terminate()
        process.communicate()

        self.assertEqual({"exit_code": 5}, json.loads(self.text(".runner.json")))

    def test_orphans_are_ended(self):
        """A daemon in a session of its own does not outlive the script."""
        code, output = self.run_script(ORPHAN.format(seconds=0.2))

        self.assertEqual(0, code)
        self.assertFalse(alive(int(output)))

    def test_the_end_of_whoever_watches(self):
        """When the descriptor of liveness closes, everything ends at once."""
        watched, held = os.pipe()
        process = self.start(
            ORPHAN.format(seconds=600),
            pass_fds=[watched],
            env={"RLCORE_LIVENESS": str(watched)},
        )
        os.close(watched)
        daemon = int(process.stdout.readline())
        started = time.time()

        os.close(held)
        process.communicate()

        self.assertFalse(alive(daemon))
        self.assertLess(time.time() - started, 5)
        self.assertEqual({"exit_code": 128 + signal.SIGKILL}, json.loads(self.text(".runner.json")))


if __name__ == "__main__":
    unittest.main()

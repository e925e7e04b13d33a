"""The runner as a program, with real scripts, where the kernel gives namespaces and where not."""

import json
import os
import pathlib
import shutil
import signal
import socket
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
# Starts a program as somebody who is no administrator; `refuse` as the first word forbids even user
# namespaces, which is a setting that every user namespace has for those below it.
AS_NOBODY = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
user, group = os.getuid(), os.getgid()
if sys.argv[1] == "refuse" and libc.unshare(0x10000000) == 0:  # CLONE_NEWUSER
    for path, text in (
        ("/proc/self/setgroups", "deny"),
        ("/proc/self/uid_map", "{0} {0} 1".format(user)),
        ("/proc/self/gid_map", "{0} {0} 1".format(group)),
        ("/proc/sys/user/max_user_namespaces", "0"),
    ):
        with open(path, "w") as file:
            file.write(text)
libc.prctl(24, 21, 0, 0, 0)  # PR_CAPBSET_DROP, CAP_SYS_ADMIN
os.execv(sys.argv[2], sys.argv[2:])
"""
ALLOWED = [[], [sys.executable, "-c", AS_NOBODY, "allow"]]
REFUSED = [sys.executable, "-c", AS_NOBODY, "refuse"]
# Forbids one system call to a program, as filters of containers do.
WITHOUT = """
import ctypes, os, struct, sys
libc = ctypes.CDLL(None)
steps = struct.pack(
    "HBBI" * 4,
    *(0x20, 0, 0, 0),  # the call's number
    *(0x15, 0, 1, int(sys.argv[1])),
    *(0x06, 0, 0, 0x00050001),  # EPERM
    *(0x06, 0, 0, 0x7FFF0000),
)
held = ctypes.create_string_buffer(steps)
filters = struct.pack("HP", 4, ctypes.addressof(held))
assert libc.prctl(38, 1, 0, 0, 0) == libc.prctl(22, 2, filters) == 0
os.execv(sys.argv[2], sys.argv[2:])
"""
SETNS = {"x86_64": "308", "aarch64": "268"}
# Starts a program in a folder that shows all of the machine but one name; that is its root.
OTHER_ROOT = """
folder=$1 without=$2
shift 2
mount -t tmpfs none "$folder"
touch "$folder/inside"
for each in /*; do
    if [ -L "$each" ]; then cp -d "$each" "$folder$each"
    elif [ -d "$each" ] && [ "$each" != "$without" ]; then
        mkdir "$folder$each"
        mount --rbind "$each" "$folder$each"
    fi
done
exec chroot "$folder" "$@"
"""
PROBE = """
import pathlib, sys
sys.path.insert(0, sys.argv[1])
import namespaces
print(namespaces.enter(pathlib.Path(sys.argv[2]).resolve(), "a"))
"""
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


# The protocol of `-displayfd`: the display's number and a line feed, once the server listens.
SERVER = """
    import os, sys, time
    number = int(sys.argv[sys.argv.index("-displayfd") + 1])
    with open({!r}, "w") as file:
        file.write(str(os.getpid()))
    os.write(number, b"7")
    os.write(number, b"7\\n")
    time.sleep(600)
"""

# Asks an X server in, with the job's key or without, and returns the first byte of its answer.
CLIENT = """
    import os, socket, struct
    def answer(has_key):
        with open(os.environ["XAUTHORITY"], "rb") as file:
            entry = file.read()
        name, key = (entry[-36:-18], entry[-16:]) if has_key else (b"", b"")
        head = struct.pack("<BxHHHH2x", ord("l"), 11, 0, len(name), len(key))
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect("/tmp/.X11-unix/X" + os.environ["DISPLAY"][1:])
            connection.sendall(head + name + b"\\0" * (-len(name) % 4) + key)
            return connection.recv(8)[0]
"""


def alive(pid):
    """Whether a process runs; one that only waits to be collected does not."""
    stat = pathlib.Path("/proc/{}/stat".format(pid))
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


class Runs(unittest.TestCase):
    """Runs of scripts, each below a root of its own."""

    def setUp(self):
        """Make the root."""
        self.renew()

    def renew(self):
        """Make another root."""
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = pathlib.Path(temporary.name).resolve()

    def need_namespaces(self, wrapper=()):
        """Skip a test where this kernel gives none to whom *wrapper* makes of us."""
        program = shutil.which("unshare")
        ways = (["--mount"], ["--user", "--map-root-user", "--mount"])
        words = [[*wrapper, program, *way, "true"] for way in ways if program]
        if all(subprocess.call(each, stderr=subprocess.DEVNULL) for each in words):
            self.skipTest("no namespaces here, or no unshare")

    def start(self, script, program="train.py", wrapper=(), files=(), **options):
        """Start the runner for a script, with the texts of *files* beside it."""
        config = self.root / "input/config"
        config.mkdir(parents=True)
        hyperparameters = {"sagemaker_program": json.dumps(program), "lr": "0.5"}
        (config / "hyperparameters.json").write_text(json.dumps(hyperparameters))
        (config / "resourceconfig.json").write_text('{"current_host": "a", "hosts": ["a"]}')
        for name, text in {**dict(files), program: script}.items():
            source = self.root / "given" / name
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_text(textwrap.dedent(text))
        with tarfile.open(str(self.root / "source.tar.gz"), "w:gz") as packed:
            packed.add(str(self.root / "given"), ".")
        environment = dict(os.environ, RLCORE_SOURCE=str(self.root / "source.tar.gz"))
        environment.update(options.pop("env", {}))
        return subprocess.Popen(
            [*wrapper, sys.executable, RUNNER, str(self.root)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
            **options,
        )

    def run_script(self, script, program="train.py", **options):
        """Run a script to its end; return the runner's exit code and the output."""
        process = self.start(script, program, **options)
        output = process.communicate()[0]
        return process.returncode, output

    def text(self, name):
        """Return the content of a file below the root."""
        return (self.root / name).read_text()

    def left(self, key="exit_code"):
        """Return what the runner has left about the script."""
        return json.loads(self.text(".runner.json")).get(key)


class Runner(Runs):
    """What a script gets, and what becomes of it."""

    def test_success(self):
        """The script runs in the code folder, with its arguments, and success is marked."""
        code, output = self.run_script("import os, sys; print(os.getcwd(), sys.argv[1:])")

        self.assertEqual(0, code, output)
        self.assertEqual("{}/code {}\n".format(self.left("root"), ["--lr", "0.5"]), output)
        self.assertEqual("", self.text("output/success"))
        self.assertEqual((0, False), (self.left(), self.left("asked")))

    def test_failure(self):
        """The toolkit's exit code is 1, the script's own is kept beside it."""
        code, _ = self.run_script("import sys; sys.exit(7)")

        self.assertEqual(1, code)
        self.assertIn("ExecuteUserScriptError:\nExitCode 7\n", self.text("output/failure"))
        self.assertEqual(7, self.left())

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

        self.assertEqual((5, True), (self.left(), self.left("asked")))

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
        self.assertEqual(128 + signal.SIGKILL, self.left())


class Namespaces(Runs):
    """A real `/opt/ml` and the host's name, for an administrator and for anybody else."""

    def test_opt_ml(self):
        """Hard-coded paths are the job's own, and one file system with those of the variables."""
        script = """
            import json, os
            with open("/opt/ml/input/config/hyperparameters.json") as file:
                print(json.load(file)["lr"])
            os.makedirs("/opt/ml/output/data/checkpoint")
            with open("/opt/ml/output/data/checkpoint/1", "w") as file:
                file.write("weights")
            os.rename("/opt/ml/output/data/checkpoint/1", os.environ["SM_MODEL_DIR"] + "/1")
            os.rename("/opt/ml/model/1", os.environ["RLCORE_CHECKPOINT_DIR"] + "/2")
            os.rename("/opt/ml/mine/2", "/opt/ml/mine/3")
            print(os.getuid(), os.getgid())
        """
        for wrapper in ALLOWED:
            with self.subTest(wrapper=wrapper[3:]):
                self.need_namespaces(wrapper)
                self.renew()
                mine = {"RLCORE_CHECKPOINT_PATH": str(self.root / "mine")}

                code, output = self.run_script(script, wrapper=wrapper, env=mine)

                self.assertEqual(0, code, output)
                self.assertEqual(["0.5", str(os.getuid()), str(os.getgid())], output.split())
                self.assertEqual("weights", self.text("mine/3"))
                owner = (self.root / "mine/3").stat()
                self.assertEqual((os.getuid(), os.getgid()), (owner.st_uid, owner.st_gid))

    def test_the_host_has_its_name(self):
        """It is found at once, and so is what the machine knew before."""
        script = """
            import os, socket
            print(socket.gethostname(), socket.gethostbyname("a"))
            print(socket.gethostbyname("localhost"), os.path.exists("/opt/ml/.hosts"))
        """
        for wrapper in ALLOWED:
            with self.subTest(wrapper=wrapper[3:]):
                self.need_namespaces(wrapper)
                self.renew()

                code, output = self.run_script(script, wrapper=wrapper)

                self.assertEqual((0, "a 127.0.0.1\n127.0.0.1 False\n"), (code, output))

    def test_the_machine_stays_as_it_is(self):
        """Meanwhile nobody else sees anything of it; the job sees all that was in `/opt`."""
        self.need_namespaces()
        before = self.machine()
        process = self.start(
            """
            import os, sys, time
            print(sorted(os.listdir("/opt")), flush=True)
            time.sleep(600)
            """
        )
        seen = process.stdout.readline()
        during = self.machine()
        process.terminate()
        process.communicate()

        self.assertEqual("{}\n".format(sorted({*before["opt"], "ml"})), seen)
        self.assertEqual(before, during)
        self.assertEqual(before, self.machine())

    def below_another_root(self, program, without=""):
        """Run a program in a `chroot`; return its output."""
        self.need_namespaces()
        folder = self.root / "elsewhere"
        folder.mkdir()
        user = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
        words = ["unshare", *user, "--mount", "sh", "-ec", OTHER_ROOT, "sh", str(folder), without]
        probe = [sys.executable, "-c", program, RUNNER, str(self.root)]
        return subprocess.check_output([*words, *probe], universal_newlines=True)

    def test_a_root_folder_of_ones_own(self):
        """A job that was started in a `chroot` stays there."""
        seen = "print(pathlib.Path('/opt/ml/elsewhere').is_dir(), pathlib.Path('/inside').exists())"

        self.assertEqual("None\nTrue True\n", self.below_another_root(PROBE + seen))

    def test_a_machine_without_the_folder(self):
        """It is told as it is: no setting of the kernel would help."""
        output = self.below_another_root(PROBE, without="/opt")

        self.assertEqual("this machine has no folder /opt\n", output)

    def test_whoever_the_script_becomes_finds_names(self):
        """The file of hosts is readable whatever the job's mask is."""
        self.need_namespaces()
        script = "import os; print(oct(os.stat('/etc/hosts').st_mode & 0o777))"

        output = self.run_script(script, preexec_fn=lambda: os.umask(0o077))[1]

        self.assertEqual("0o644\n", output)

    def machine(self):
        """Return what a job might have changed."""
        return {
            "opt": [path.name for path in pathlib.Path("/opt").iterdir()],
            "name": socket.gethostname(),
            "hosts": pathlib.Path("/etc/hosts").read_bytes(),
            "mounts": pathlib.Path("/proc/self/mounts").read_bytes(),
        }

    def test_a_tree_that_is_there_already(self):
        """In a container nothing has to be done; a tree below another's would be hidden by it."""
        self.need_namespaces()
        script = """
            import subprocess, sys
            probe = [sys.executable, "-c", {!r}, {!r}]
            subprocess.check_call([*{!r}, *probe, "/opt/ml"])
            subprocess.check_call([*probe, "/opt/ml/model"])
        """

        output = self.run_script(script.format(PROBE, RUNNER, REFUSED))[1]

        self.assertEqual("None\nthe job's own files are below /opt/ml\n", output)

    def test_whoever_looks_from_outside(self):
        """Whoever looks after the job finds its processes by what is in their environment."""
        for wrapper in ALLOWED:
            with self.subTest(wrapper=wrapper[3:]):
                self.need_namespaces(wrapper)
                self.renew()
                process = self.start(
                    "import os, time; print(os.getpid(), flush=True); time.sleep(600)",
                    wrapper=wrapper,
                    env={"RLCORE_JOB_ID": "mine"},
                )
                pid = process.stdout.readline().strip()
                found = pathlib.Path("/proc", pid, "environ").read_bytes()
                process.terminate()
                process.communicate()

                self.assertIn(b"RLCORE_JOB_ID=mine", found.split(b"\0"))


class Refused(Runs):
    """The same where the kernel gives no namespaces."""

    def test_the_variables(self):
        """A script that asks them finds its folders where they really are."""
        script = """
            import os
            model = os.environ.get("SM_MODEL_DIR", "/opt/ml/model")
            with open(model + "/weights", "w") as file:
                file.write(os.getcwd())
        """
        code, output = self.run_script(script, wrapper=REFUSED)

        self.assertEqual(0, code, output)
        self.assertEqual(str(self.root / "code"), self.text("model/weights"))

    def test_a_filter_of_system_calls(self):
        """Where namespaces can be made but not joined, the script runs without as well."""
        number = SETNS.get(os.uname().machine)
        if number is None:
            self.skipTest("the number of this machine's system call is not known here")
        forbidding = [sys.executable, "-c", WITHOUT, number]

        code, output = self.run_script("import os; print(os.getcwd())", wrapper=forbidding)

        self.assertEqual((0, "{}/code\n".format(self.root)), (code, output))

    def test_a_hard_coded_path(self):
        """The job fails before the script has begun, and says which line, why and what to do."""
        code, output = self.run_script(
            "print('begun')\nopen('/opt/ml/model/weights', 'w')", wrapper=REFUSED
        )

        self.assertEqual(1, code)
        told = self.text("output/failure")
        self.assertEqual(told + "\n", output)
        self.assertTrue(told.startswith("The script names /opt/ml (train.py:2), and"), told)
        self.assertIn("here: the kernel refuses user namespaces (too many).\n", told)
        self.assertIn("SM_MODEL_DIR", told)
        self.assertIn("sysctl -w user.max_user_namespaces=10000", told)
        self.assertFalse((self.root / ".runner.json").exists())


class Display(Runs):
    """A display of the job's own, where one is wanted and there is none."""

    def setUp(self):
        """Make a folder of programs."""
        super().setUp()
        self.programs = self.root / "programs"
        self.programs.mkdir()

    def see(self, **variables):
        """Run a script that tells its display; return the output."""
        return self.run_script(
            """
            import os
            print(os.environ["DISPLAY"], os.path.isfile(os.environ.get("XAUTHORITY", "")))
            """,
            env=self.wanted(**variables),
        )[1]

    def wanted(self, **variables):
        """Return what asks for a display on a machine without one."""
        wanted = {"RLCORE_DISPLAY": "1", "DISPLAY": "", "PATH": str(self.programs)}
        return {**wanted, **variables}

    def server(self, text):
        """Put a program named `Xvfb` among the programs."""
        program = self.programs / "Xvfb"
        program.write_text("#!{}\n{}".format(sys.executable, textwrap.dedent(text)))
        program.chmod(0o755)

    def test_a_server(self):
        """The script finds the display that it tells, with a key, and it ends with the job."""
        self.server(SERVER.format(str(self.root / "pid")))

        self.assertEqual(":77 True\n", self.see(XAUTHORITY=""))
        self.assertFalse(alive(int(self.text("pid"))))

    def test_a_server_of_a_script_that_cannot_run(self):
        """It ends when the runner does, whatever that ended of."""
        self.server(SERVER.format(str(self.root / "pid")))

        code, _ = self.run_script("'/opt/ml' + ''", wrapper=REFUSED, env=self.wanted())

        self.assertEqual(1, code)
        deadline = time.monotonic() + 10
        while alive(int(self.text("pid"))) and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertFalse(alive(int(self.text("pid"))))

    def test_no_server(self):
        """One line says what is missing, and the script runs."""
        warning, seen = self.see(XAUTHORITY="").splitlines()

        self.assertTrue(warning.startswith("rlcore: warning: no display: Xvfb is not installed"))
        self.assertEqual(" False", seen)

    def test_a_server_that_does_not_start(self):
        """One line says so, and the script runs."""
        self.server("raise SystemExit(1)")

        self.assertIn("no display: {}/Xvfb does not start".format(self.programs), self.see())

    def test_a_display_that_is_there(self):
        """The user's own display is used where there is no other."""
        self.assertEqual(":5 False\n", self.see(DISPLAY=":5", XAUTHORITY=""))

    def test_a_display_that_may_go(self):
        """One of the job's own is preferred, which no session of the user's takes along."""
        self.server(SERVER.format(str(self.root / "pid")))

        self.assertEqual(":77 True\n", self.see(DISPLAY=":5", XAUTHORITY=""))

    @unittest.skipUnless(shutil.which("Xvfb"), "Xvfb is not installed")
    def test_a_real_server(self):
        """Who has the job's key gets in, nobody else, and nobody when the job is over."""
        script = CLIENT + "    print(os.environ['DISPLAY'][1:], answer(True), answer(False))"
        wanted = {"RLCORE_DISPLAY": "1", "DISPLAY": ":5"}

        output = self.run_script(script, env=wanted)[1]

        number, *answers = output.split()
        self.assertEqual(["1", "0"], answers, output)  # success, failure
        self.assertFalse(pathlib.Path("/tmp/.X11-unix/X" + number).exists())  # noqa: S108 - X's

    def test_a_display_that_nobody_wants(self):
        """Most jobs render nothing, and hear nothing of it."""
        code, output = self.run_script(
            "print('hello')", env={"DISPLAY": "", "PATH": "/nonexistent"}
        )

        self.assertEqual((0, "hello\n"), (code, output))


class Inspection(Runs):
    """What looks at the model of a script that has succeeded."""

    def inspected(self, module, script="print('trained')"):
        """Run a script and the text of a module that inspects it; return the output."""
        return self.run_script(
            script, files={"looks.py": module}, env={"RLCORE_INSPECTION": "looks", "MINE": "yes"}
        )

    def test_a_difference(self):
        """Its message is kept, whatever else is printed; nothing of that is in the log."""
        code, output = self.inspected(
            """
            import json, os
            print("noise")
            message = "0 of 13 tensors are equal\\nin " + os.getcwd() + os.environ["MINE"]
            print(json.dumps({"check": "export", "compared": 13, "equal": 0, "message": message}))
            print("more noise")
            """
        )

        self.assertEqual((0, "trained\n"), (code, output))
        expected = "0 of 13 tensors are equal in {}/codeyes".format(self.left("root"))
        self.assertEqual((expected, None), (self.left("warning"), self.left("unchecked")))

    def test_no_difference(self):
        """There is nothing to say."""
        self.inspected("""print('{"check": "export", "compared": 1, "equal": 1, "message": ""}')""")

        self.assertEqual((None, None), (self.left("warning"), self.left("unchecked")))

    def test_an_inspection_that_breaks(self):
        """The script has succeeded all the same; one line says that nobody has looked."""
        code, _ = self.inspected("raise KeyError('layer')")

        self.assertEqual((0, 0), (code, self.left()))
        self.assertEqual(
            "The model could not be checked: the inspection ended with 1: KeyError: 'layer'",
            self.left("unchecked"),
        )

    def test_a_disk_without_room_for_what_was_found(self):
        """What the script itself had come to is known all the same."""
        self.inspected(
            """
            import os, resource
            resource.prlimit(os.getppid(), resource.RLIMIT_FSIZE, (0, 0))
            print('{"check": "export", "message": "no"}')
            """
        )

        self.assertEqual((0, False, None), (self.left(), self.left("asked"), self.left("warning")))

    def test_a_script_that_was_stopped(self):
        """What it saved in the end is looked at as well."""
        process = self.start(
            """
            import signal, sys, time
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            print("ready", flush=True)
            time.sleep(600)
            """,
            files={"looks.py": """print('{"check": "export", "message": "no"}')"""},
            env={"RLCORE_INSPECTION": "looks"},
        )
        process.stdout.readline()

        process.terminate()
        process.communicate()

        self.assertEqual((True, "no"), (self.left("asked"), self.left("warning")))

    def test_a_script_that_failed(self):
        """There is nothing to look at."""
        self.inspected("open('../output/looked', 'w')", "raise SystemExit(1)")

        self.assertFalse((self.root / "output/looked").exists())

    def test_an_inspection_that_takes_too_long(self):
        """It is killed, with all that it started."""
        program = """
            import os, sys
            sys.path.insert(0, sys.argv[1])
            import script
            script.become_subreaper()
            words = [sys.executable, "-c", sys.argv[2]]
            running = script.Script(words, dict(os.environ), os.getcwd(), liveness=None)
            print(running.run(2.0, is_quiet=True), running.tail.decode())
        """
        stubborn = "import signal; signal.signal(15, signal.SIG_IGN)\n"
        words = [sys.executable, "-c", textwrap.dedent(program), RUNNER]

        output = subprocess.check_output(
            [*words, stubborn + textwrap.dedent(ORPHAN).format(seconds=60)]
        )

        status, daemon = output.split()
        self.assertEqual(signal.SIGKILL, int(status))
        self.assertFalse(alive(int(daemon)))

    def test_what_an_inspection_leaves_running(self):
        """Its processes end with it, like the script's."""
        self.inspected(
            """
            import os, subprocess, sys
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            with open("../output/child", "w") as file:
                file.write(str(child.pid))
            """
        )

        self.assertFalse(alive(int(self.text("output/child"))))


if __name__ == "__main__":
    unittest.main()

"""The model folder."""

import contextlib
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import rlscript
from rlscript import models
from rlscript.models import named, read_model


class ModelFolder(unittest.TestCase):
    """Every test has an empty model folder."""

    def setUp(self):
        """Make the folder."""
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def publish(self, content):
        """Publish a policy of one file."""
        name = named("policy", ".onnx", content)
        rlscript.publish_model(self.folder, {"graph": name}, {name: content})
        return name

    def names(self):
        """Return the names in the folder."""
        return sorted(path.name for path in self.folder.iterdir())

    def test_replaces(self):
        """The new policy takes the old one's place; what is not ours stays."""
        (self.folder / "notes.txt").write_text("mine")
        self.publish(b"old")
        name = self.publish(b"new")

        self.assertEqual(sorted(["notes.txt", "policy.json", name]), self.names())
        self.assertEqual({name: b"new"}, read_model(self.folder))

    def test_digests(self):
        """The manifest carries each file's digest."""
        name = self.publish(b"content")
        manifest = json.loads((self.folder / "policy.json").read_text())

        self.assertEqual({name: hashlib.sha256(b"content").hexdigest()}, manifest["files"])
        self.assertEqual(name, manifest["graph"])

    def test_killed_at_any_time(self):
        """Wherever publishing is cut off, the manifest's files are there and whole."""
        for cut in range(3):
            self.publish(b"old")
            cut_off = mock.patch.object(models, "_write", failing_after(cut))
            with cut_off, contextlib.suppress(KeyboardInterrupt):
                self.publish(b"new")
            for name, content in read_model(self.folder).items():
                manifest = json.loads((self.folder / "policy.json").read_text())
                self.assertEqual(manifest["files"][name], hashlib.sha256(content).hexdigest())


class Code(ModelFolder):
    """Code keeps its names, unlike weights."""

    def release(self, version):
        """Return a model's files with the code of some version."""
        weights = b"weights " + version
        code = {"code/rlserving/a.py": b"a" + version, "code/inference.py": b"i" + version}
        return dict({named("policy", ".onnx", weights): weights}, **code)

    def publish_release(self, version):
        """Publish a policy with the code of some version."""
        rlscript.publish_model(self.folder, {}, self.release(version))

    def check(self):
        """The manifest's files are there and whole, and the code, if any, is of one version."""
        manifest = json.loads((self.folder / "policy.json").read_text())
        found = read_model(self.folder)
        digests = {name: hashlib.sha256(found[name]).hexdigest() for name in found}
        self.assertEqual(manifest["files"], digests)
        self.assertIn(b"weights", b"".join(found.values()))
        if (self.folder / "code" / "inference.py").exists():
            inside = [
                (self.folder / name).read_bytes()[1:] for name in sorted(self.release(b""))[:2]
            ]
            self.assertEqual(inside[0], inside[1])

    def test_replaced(self):
        """Another version takes the place of the one that is there."""
        self.publish_release(b"1")
        self.publish_release(b"2")

        self.assertEqual(self.release(b"2"), read_model(self.folder))
        self.check()

    def test_killed_at_any_time(self):
        """Wherever publishing is cut off there is a whole model, its code of one version."""
        for cut in range(6):
            self.publish_release(b"1")
            cut_off = mock.patch.object(models, "_write", failing_after(cut))
            with cut_off, contextlib.suppress(KeyboardInterrupt):
                self.publish_release(b"2")
            with self.subTest(cut):
                self.check()

    def test_killed_while_removing(self):
        """Likewise where old code is being removed; the next version is whole."""
        for cut in range(3):
            self.publish_release(b"1")
            cut_off = mock.patch.object(Path, "unlink", failing_after(cut, Path.unlink))
            with cut_off, contextlib.suppress(KeyboardInterrupt):
                self.publish_release(b"2")
            self.check()

    def test_own_code(self):
        """Inference code that the user wrote stays, and is not called ours."""
        (self.folder / "code").mkdir()
        (self.folder / "code" / "inference.py").write_bytes(b"mine")
        self.publish_release(b"1")

        self.assertEqual(b"mine", (self.folder / "code" / "inference.py").read_bytes())
        self.assertNotIn("code/inference.py", read_model(self.folder))

    def test_own_requirements(self):
        """Requirements that the user wrote stay, and ours are not put beside code of theirs."""
        for name in ("requirements.txt", "inference.py"):
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                code = Path(folder) / "code"
                code.mkdir()
                (code / name).write_bytes(b"mine")
                files = dict(self.release(b"1"), **{"code/requirements.txt": b"ours"})
                for _ in range(2):
                    rlscript.publish_model(Path(folder), {}, files)

                self.assertEqual(b"mine", (code / name).read_bytes())
                self.assertNotIn("code/requirements.txt", read_model(Path(folder)))
                expected = name == "requirements.txt"
                self.assertEqual(expected, (code / "requirements.txt").exists())

    def test_inference_code(self):
        """The code is the package that is beside the script, its entry, and what both need."""
        package = self.folder / "rlserving"
        package.mkdir()
        for name in ("__init__", "inference", "policies"):
            (package / (name + ".py")).write_text("# " + name)
        program = (
            "from rlscript import inference_code;"
            "code = inference_code(); print(sorted(code));"
            "print(code['code/inference.py'].decode(), code['code/requirements.txt'].decode())"
        )
        names = ["code/inference.py", "code/requirements.txt"]
        names += [
            "code/rlserving/{}.py".format(name) for name in ("__init__", "inference", "policies")
        ]

        told, _ = self.run_beside(program)
        expected = [str(names), "# inference onnxruntime>=1.17,<2"]
        self.assertEqual(expected, told.splitlines()[:2])

    def test_no_inference_code(self):
        """Where the package is missing, the error says what to do."""
        told, failed = self.run_beside("import rlscript; rlscript.inference_code()")

        self.assertEqual("", told)
        self.assertIn("put both into the folder of the script", failed)

    def run_beside(self, program):
        """Run a program with the folder's packages and a copy of ours, without those installed."""
        shutil.copytree(str(Path(rlscript.__file__).parent), str(self.folder / "rlscript"))
        program = "import sys; sys.path.insert(0, {!r});".format(str(self.folder)) + program
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", program],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
        )
        return process.communicate()


def failing_after(count, action=models._write):  # noqa: SLF001  # the only place to cut it off
    """Return an action, writing unless it is named, that is cut off after so many times."""
    left = [count]

    def cut_off(*arguments):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        action(*arguments)

    return cut_off


if __name__ == "__main__":
    unittest.main()

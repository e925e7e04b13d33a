"""The model folder."""

import contextlib
import hashlib
import json
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


def failing_after(count):
    """Return a writer that is cut off after so many writes."""
    write, left = models._write, [count]  # noqa: SLF001  # the only place where it can be cut off

    def cut_off(path, content):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        write(path, content)

    return cut_off


if __name__ == "__main__":
    unittest.main()

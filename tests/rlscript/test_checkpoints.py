"""Checkpoints on disk."""

import tempfile
import unittest
from pathlib import Path

from rlscript.checkpoints import Checkpoints


class Folder(unittest.TestCase):
    """Every test has an empty folder."""

    def setUp(self):
        """Make the folder."""
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.checkpoints = Checkpoints(self.folder / "checkpoints")

    def write(self, step, metric=None, content="weights"):
        """Write one checkpoint."""
        with self.checkpoints.writing(step, metric) as folder:
            (folder / "weights").write_text(content)

    def test_empty(self):
        """A folder that is not there holds nothing."""
        self.assertIsNone(self.checkpoints.last())
        self.assertIsNone(self.checkpoints.best())

    def test_best_and_last_are_kept(self):
        """Of many, the best, the latest of equals, and the last stay."""
        for step, metric in (
            (10, -5.0),
            (20, 3.0),
            (30, 3.0),
            (1000000000, 1.0),
            (2000000000, None),
        ):
            self.write(step, metric)

        self.assertEqual([30, 2000000000], [found.step for found in self.checkpoints.all()])
        self.assertEqual(30, self.checkpoints.best().step)
        self.assertEqual(2000000000, self.checkpoints.last().step)

    def test_failure_leaves_nothing(self):
        """A checkpoint whose writing fails does not count, and the one before stays."""
        self.write(10, 1.0)
        with self.assertRaises(KeyError), self.checkpoints.writing(20, 2.0) as folder:
            (folder / "weights").write_text("half")
            raise KeyError

        self.assertEqual(
            ["checkpoint-000000010"], [path.name for path in self.checkpoints.folder.iterdir()]
        )

    def test_killed_while_writing(self):
        """What a kill left behind is not read, and is replaced by the next attempt."""
        half = self.checkpoints.folder / ".checkpoint-000000010"
        half.mkdir(parents=True)
        (half / "weights").write_text("half")

        self.assertEqual([], self.checkpoints.all())
        self.write(10, 1.0, "whole")
        self.assertEqual("whole", (self.checkpoints.last().folder / "weights").read_text())

    def test_without_manifest(self):
        """A folder that a copy has not completed is no checkpoint."""
        self.write(10, 1.0)
        self.write(20)
        (self.checkpoints.last().folder / "checkpoint.json").unlink()
        self.assertEqual(10, self.checkpoints.last().step)

    def test_same_step(self):
        """A checkpoint of the same step is replaced."""
        self.write(10, 1.0, "old")
        self.write(10, 2.0, "new")

        self.assertEqual([2.0], [found.metric for found in self.checkpoints.all()])
        self.assertEqual("new", (self.checkpoints.last().folder / "weights").read_text())

    def test_forget_metric(self):
        """A checkpoint without its metric stays while it is the last, and is never the best."""
        self.write(10, 9.0)
        self.write(20, 1.0)
        self.checkpoints.forget_metric(self.checkpoints.best())
        self.assertEqual([(20, 1.0)], [found[1:] for found in self.checkpoints.ranked()])
        self.checkpoints.forget_metric(self.checkpoints.best())
        self.assertIsNone(self.checkpoints.best())

        self.write(30, -5.0)
        self.assertEqual([(30, -5.0)], [found[1:] for found in self.checkpoints.all()])

    def test_adopt(self):
        """Another job's checkpoints become this one's."""
        self.write(10, 5.0)
        self.write(20, 1.0)
        adopted = Checkpoints(self.folder / "other")
        adopted.adopt(self.checkpoints.folder)

        self.assertEqual(
            [(10, 5.0), (20, 1.0)], [(found.step, found.metric) for found in adopted.all()]
        )
        self.assertEqual("weights", (adopted.last().folder / "weights").read_text())


if __name__ == "__main__":
    unittest.main()

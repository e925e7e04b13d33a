"""Where a run starts."""

import contextlib
import io
import os
import tarfile
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import rlscript
from rlscript.archives import ArchiveError
from rlscript.starting import near_misses


class Start(unittest.TestCase):
    """Every test has a job's folders and no channel."""

    def setUp(self):
        """Make the folders."""
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.own = rlscript.Checkpoints(self.folder / "own")
        self.others = rlscript.Checkpoints(self.folder / "others")
        self.channel = self.folder / "channel"
        self.channel.mkdir()
        patch = mock.patch.dict(os.environ, {"RLCORE_CHECKPOINT_DIR": str(self.own.folder)})
        patch.start()
        self.addCleanup(patch.stop)

    def write(self, checkpoints, step, metric=1.0):
        """Write a checkpoint."""
        with checkpoints.writing(step, metric) as folder:
            (folder / "weights").write_text(str(step))

    def pack(self, folder, name="model.tar.gz"):
        """Pack a folder's content into the channel."""
        with tarfile.open(str(self.channel / name), "w:gz") as packed:
            packed.add(str(folder), arcname=".")

    def give(self, name, folder):
        """Give the job a channel."""
        os.environ["SM_CHANNEL_" + name.upper()] = str(folder)

    @contextlib.contextmanager
    def started(self):
        """Give the starting point, and keep what was told in `told`."""
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), rlscript.starting_point() as place:
            self.told = printed.getvalue()
            yield place

    def test_fresh(self):
        """Without anything, nothing."""
        with self.started() as place:
            self.assertEqual((None, None), place)
            self.assertEqual("rlcore: starts from scratch\n", self.told)

    def test_own_checkpoint_first(self):
        """A job that starts again goes on with its own last checkpoint, channels or not."""
        self.write(self.own, 10)
        self.write(self.others, 99)
        self.give("checkpoint", self.others.folder)
        with self.started() as place:
            self.assertEqual(10, place.checkpoint.step)
            self.assertIn("from the checkpoint at step 10 (the job's own)\n", self.told)

    def test_checkpoint_channel(self):
        """Another job's best and last checkpoint become this one's own."""
        self.write(self.others, 50, 9.0)
        self.write(self.others, 99, 1.0)
        self.give("checkpoint", self.others.folder)
        with self.started() as place:
            self.assertEqual(99, place.checkpoint.step)
            self.assertEqual("99", (place.checkpoint.folder / "weights").read_text())
            self.assertIn("from the checkpoint at step 99 (channel checkpoint)\n", self.told)
        self.assertEqual(50, self.own.best().step)

    def test_packed_checkpoints(self):
        """The channel may hold them as an archive, at any depth."""
        self.write(self.others, 99)
        self.pack(self.folder)
        self.give("checkpoint", self.channel)
        with self.started() as place:
            self.assertEqual(99, place.checkpoint.step)

    def test_model(self):
        """A model is found as a folder and in an archive, whose copy goes afterwards."""
        rlscript.publish_model(self.folder / "model", {}, {"weights-1": b"w"})
        self.give("model", self.folder / "model")
        with self.started() as place:
            self.assertEqual(self.folder / "model", place.model)
            self.assertIn("weights of the model in the channel model, counters at", self.told)
        self.pack(self.folder / "model")
        self.give("model", self.channel)
        with self.started() as place:
            self.assertEqual(b"w", place.model.joinpath("weights-1").read_bytes())
        self.assertFalse(place.model.exists())

    def test_nothing_there(self):
        """A channel without a model is told with what it holds."""
        (self.channel / "weights.h5").write_text("")
        self.give("model", self.channel)
        told = "policy.json.* it holds weights.h5"
        refused = self.assertRaisesRegex(rlscript.NothingToStartFrom, told)
        with refused, self.started():
            pass

    def test_inside_of_checkpoint(self):
        """A channel that is one checkpoint without its name is not taken for a fresh start."""
        self.write(self.others, 99)
        self.others.last().folder.rename(self.folder / "unnamed")
        self.give("checkpoint", self.folder / "unnamed")
        refused = self.assertRaisesRegex(rlscript.NothingToStartFrom, "inside of a checkpoint")
        with refused, self.started():
            pass

    def test_a_start_is_required(self):
        """Either channel will do, and so will a checkpoint of the job's own; else the message."""
        with self.assertRaisesRegex(rlscript.NothingToStartFrom, "^give one$"):
            rlscript.require_starting_point("give one")
        for name in ("checkpoint", "model"):
            self.give(name, self.channel)
            rlscript.require_starting_point("give one")
            del os.environ["SM_CHANNEL_" + name.upper()]
        self.write(self.own, 10)
        rlscript.require_starting_point("give one")

    def test_near_misses(self):
        """A channel whose name is nearly right is told, unless the right one is there as well."""
        self.give("checkpoints", self.channel)
        with self.started():
            self.assertIn("rlcore: warning: ", self.told)
            self.assertIn("channel 'checkpoints'; did you mean 'checkpoint'?\n", self.told)
        for names, count in (
            (["models"], 1),
            (["chekpoint", "modell"], 2),
            (["model", "models"], 0),
            (["code", "training", "data"], 0),
        ):
            self.assertEqual(count, len(near_misses(names)), names)

    def test_hostile_archive(self):
        """An archive that links out of itself is refused."""
        (self.folder / "bad").mkdir()
        (self.folder / "bad" / "policy.json").symlink_to("/etc/passwd")
        self.pack(self.folder / "bad")
        self.give("model", self.channel)
        with self.assertRaises(ArchiveError), self.started():
            pass


if __name__ == "__main__":
    unittest.main()

"""Folders of a job and of a bare run."""

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import rlscript
from rlscript.paths import channels, in_job


class Folders(unittest.TestCase):
    """Every test works in an empty folder with an empty environment."""

    def setUp(self):
        """Enter the folder."""
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name).resolve()
        before = Path.cwd()
        os.chdir(scratch.name)
        self.addCleanup(os.chdir, str(before))
        patch = mock.patch.dict(os.environ, clear=True)
        patch.start()
        self.addCleanup(patch.stop)

    def test_job(self):
        """In a job the variables say where."""
        os.environ["SM_MODEL_DIR"] = str(self.folder / "model")
        os.environ["RLCORE_CHECKPOINT_DIR"] = str(self.folder / "checkpoints")
        os.environ["RLCORE_JOB_NAME"] = "cartpole-1"

        self.assertTrue(in_job())
        self.assertEqual(self.folder / "model", rlscript.model_dir())
        self.assertEqual(self.folder / "checkpoints", rlscript.checkpoint_dir())
        self.assertEqual("cartpole-1", rlscript.job_name())
        self.assertTrue((self.folder / "model").is_dir())

    def test_bare(self):
        """A bare run has one folder below the working directory."""
        root = self.folder / "rlcore-output" / rlscript.job_name()

        self.assertFalse(in_job())
        self.assertEqual(root / "model", rlscript.model_dir())
        self.assertEqual(root / "checkpoints", rlscript.checkpoint_dir())
        self.assertEqual(root / "output" / "data", rlscript.output_data_dir())
        self.assertEqual(root / "output" / "intermediate", rlscript.intermediate_dir())

    def test_channels(self):
        """A channel is a folder, and None where there is none."""
        os.environ["SM_CHANNEL_CHECKPOINT"] = "/data/checkpoint"

        self.assertEqual(Path("/data/checkpoint"), rlscript.channel("checkpoint"))
        self.assertIsNone(rlscript.channel("model"))
        self.assertEqual(["checkpoint"], channels())


if __name__ == "__main__":
    unittest.main()

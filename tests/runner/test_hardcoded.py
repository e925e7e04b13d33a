"""Scripts that name `/opt/ml`, and scripts that only seem to."""

import pathlib
import tempfile
import unittest

try:
    from rlcore.runner import hardcoded
except ImportError:  # on a Python that has no rlcore the runner stands alone
    from runner import hardcoded


class Hardcoded(unittest.TestCase):
    """Files of a source archive."""

    def setUp(self):
        """Make the folder."""
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.code = pathlib.Path(temporary.name)

    def write(self, **texts):
        """Write files, whose names have `__` for a full stop."""
        for name, text in texts.items():
            (self.code / name.replace("__", ".")).write_text(text)

    def test_what_names_it(self):
        """Each line is found, whatever the literal is part of."""
        table = {
            "x = '/opt/ml/model'": 1,
            "import os\nos.chdir('/opt/ml')": 2,
            "def f(a='/opt/ml/input'): pass": 1,
            "x = f'{1}/opt/ml'": 1,
            "system('cp weights /opt/ml/model/')": 1,
            "x = environ.get('HERE', '/opt/ml/model')": 1,
            "x = 'file:///opt/ml/model' if y else z": 1,
            "x = os.environ.get('SM_MODEL_DIR') and '/opt/ml/model'": 1,
            "x = os.environ.get('HERE') or '/opt/ml/model'": 1,
            "print 'of Python 2'\nx = '/opt/ml'": 2,
        }
        for text, line in table.items():
            with self.subTest(text):
                self.write(train__py=text)

                self.assertEqual(
                    ["train.py:{}".format(line)], hardcoded.places(self.code, "train.py")
                )

    def test_what_does_not(self):
        """Neither words for a person count nor what a variable comes before."""
        table = [
            "# /opt/ml/model",
            "'''Like /opt/ml/model.'''",
            "def f():\n    '''Like /opt/ml/model.'''",
            "x = '/opt/mlx', '/opt/ml-old', 's3://bucket/opt/ml', './opt/ml'",
            "x = os.environ.get('SM_MODEL_DIR', '/opt/ml/model')",
            "x = os.getenv('SM_MODEL_DIR', os.path.join('/opt/ml', 'model'))",
            "x = os.getenv('SM_MODEL_DIR', default='/opt/ml/model')",
            "x = os.environ.get('SM_MODEL_DIR') or os.path.join('/opt/ml', 'model')",
            "print 'of Python 2'\n# /opt/ml",
        ]
        for text in table:
            with self.subTest(text):
                self.write(train__py=text)

                self.assertEqual([], hardcoded.places(self.code, "train.py"))

    def test_which_files(self):
        """Every Python and shell script is read, the entry point too; ours ask the variables."""
        (self.code / "rlscript").mkdir()
        (self.code / "rlscript/paths.py").write_text("CONTAINER = '/opt/ml'")
        self.write(
            train="cd /opt/ml",
            helper__py="x = '/opt/ml'",
            run__sh="# /opt/ml\nx=${SM_MODEL_DIR:-/opt/ml/model}\nls /opt/ml",
            notes__txt="/opt/ml",
        )

        found = hardcoded.places(self.code, "train")

        self.assertEqual(["helper.py:1", "run.sh:3", "train:1"], found)

    def test_what_a_person_is_told(self):
        """The first few places, the reason and both ways out; the kernel only where it refuses."""
        found = ["a:1", "b:2", "c:3", "d:4", "e:5"]
        told = hardcoded.refusal(found, "the kernel refuses it")

        self.assertIn("(a:1, b:2, c:3 and 2 more)", told)
        self.assertIn("here: the kernel refuses it.\n", told)
        self.assertIn("SM_MODEL_DIR", told)
        self.assertIn(" instead, or let the kernel allow it: ", told)
        self.assertTrue(hardcoded.refusal(found, "because").endswith(" variables instead."))


if __name__ == "__main__":
    unittest.main()

"""One seed for all."""

import os
import random
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import rlscript
from rlscript.seeding import Stream, seeded

try:
    import numpy as np
except ImportError:  # most of the interpreters that the tests run on
    np = None  # type: ignore[assignment]


class Seed(unittest.TestCase):
    """The standard library's generator; a toolkit's are tested where it is."""

    def test_repeats(self):
        """The same seed gives the same numbers, another one others."""
        drawn = []
        for seed in (7, 7, 8):
            rlscript.seed_everything(seed)
            drawn.append(random.random())  # noqa: S311

        self.assertEqual(drawn[0], drawn[1])
        self.assertNotEqual(drawn[0], drawn[2])

    def test_pytorch(self):
        """Its generator is seeded where the script has imported it, and it is not imported else."""
        script = """if True:
            import sys, rlscript
            rlscript.seed_everything(1)
            print("torch" in sys.modules)
            import torch
            rlscript.seed_everything(7)
            """
        with tempfile.TemporaryDirectory() as folder:
            # Stands in for the real one, which most of the interpreters lack.
            Path(folder, "torch.py").write_text("def manual_seed(seed): print(seed)")
            place = str(Path(rlscript.__file__).parents[1])
            output = subprocess.check_output(
                [sys.executable, "-c", script],
                env=dict(os.environ, PYTHONPATH=os.pathsep.join((folder, place))),
                universal_newlines=True,
            )

        self.assertEqual(["False", "7"], output.split())

    def test_for_a_while(self):
        """Within the block draws repeat; after it, they are those that would have come."""
        draws = [random.random]
        if np is not None:
            draws.append(np.random.random_sample)
        for draw in draws:
            rlscript.seed_everything(3)
            expected = draw(), draw()
            rlscript.seed_everything(3)
            first = draw()
            repeated = set()
            for _ in range(2):
                with seeded(2**40 + 1):
                    repeated.add(draw())
            self.assertEqual(expected, (first, draw()))
            self.assertEqual(1, len(repeated))

    def test_streams(self):
        """Streams that alternate draw as each would alone, if they drew in time."""
        draws = [random.random]
        if np is not None:
            draws.append(np.random.random_sample)
        for draw in draws:
            alone = Stream(5)
            expected = [alone.call(draw) for _ in range(30)]
            one, other = Stream(5), Stream(6)
            found = [(one.call(draw), other.call(draw)) for _ in range(30)]
            self.assertEqual(expected, [each for each, _ in found])
            self.assertNotEqual(expected[0], found[0][1])

    def test_trusted(self):
        """What draws nothing for a while is left alone, and the generators with it."""
        stream = Stream(5)
        for _ in range(20):
            self.assertEqual(
                (1, 2), stream.call(lambda *given, **named: (*given, *named.values()), 1, x=2)
            )
        random.seed(4)
        expected = random.random()  # noqa: S311
        random.seed(4)
        self.assertEqual(expected, stream.call(random.random))


if __name__ == "__main__":
    unittest.main()

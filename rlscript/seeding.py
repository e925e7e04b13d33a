"""One seed for every source of random numbers that the process has loaded or can load cheaply."""

import random
import sys


def seed_everything(seed: int) -> None:
    """Seed Python's generator, and numpy's and PyTorch's where the script has imported them.

    Environments are seeded at their reset, by the toolkit and by `evaluate`.
    """
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % 2**32)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)

"""Pictures of an episode, where Pillow is."""

import tempfile
import unittest
from pathlib import Path

from rlscript.film import Film, FilmFailed

try:
    import numpy as np
    from PIL import Image
except ImportError:  # most of the interpreters that the tests run on
    Image = None  # type: ignore[assignment]


class NoSuchDisplayException(Exception):
    """What pyglet raises, which old releases of gym draw with."""


class Environment:
    """Renders what it is given, or raises it."""

    def __init__(self, rendered):
        """Take it."""
        self.rendered = rendered

    def render(self):
        """Return it."""
        if isinstance(self.rendered, Exception):
            raise self.rendered
        return self.rendered


@unittest.skipIf(Image is None, "Pillow is not installed")
class Pictures(unittest.TestCase):
    """A film of two pictures, and of none."""

    def test_written(self):
        """An animated GIF with a picture for each step."""
        with tempfile.TemporaryDirectory() as folder:
            film = Film(Path(folder) / "film.gif")
            self.assertTrue(film.is_empty)
            for shade in (0, 255):
                film.take(Environment(np.full((4, 6, 3), shade, np.uint8)))
            self.assertFalse(film.is_empty)
            film.write()
            with Image.open(str(film.path)) as found:
                self.assertEqual((2, (6, 4)), (getattr(found, "n_frames", 1), found.size))

    def test_refused(self):
        """The advice is for what went wrong."""
        for rendered, expected in (
            (
                NoSuchDisplayException('Cannot connect to "None"'),
                '"None". It draws in a window.*xvfb-run',
            ),
            (
                ImportError("HINT: make sure you have OpenGL installed"),
                "needs a display: set DISPLAY",
            ),
            (ImportError("No module named 'pygame'"), "'pygame'. What it needs for that goes into"),
            ("text", "draws no pictures: render.. gave str"),
        ):
            film = Film(Path("unwritten.gif"))
            with self.subTest(rendered), self.assertRaisesRegex(FilmFailed, expected):
                film.take(Environment(rendered))


if __name__ == "__main__":
    unittest.main()

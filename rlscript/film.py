"""An episode as an animated GIF."""

import math
from pathlib import Path
from typing import Any, List

_WIDTH, _HEIGHT = 400, 400
_MOST_FRAMES = 1000
_USUAL_RATE = 30  # frames a second
_FASTEST = 50  # what viewers of GIFs show as it is
# In errors of environments that find no display.
_OF_WINDOWS = ("display", "opengl", "xvfb")


class FilmFailed(ValueError):
    """An environment cannot be filmed; the message says what is missing."""


class Film:
    """Pictures of an episode; of a very long one as many as fit.

    Attributes:
        path: Where the GIF goes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._image = _pillow()
        self._frames: List[Any] = []
        self._every = 0
        self._taken = 0
        self._rate = 0.0

    @property
    def is_empty(self) -> bool:
        """Whether it has no picture yet."""
        return not self._frames

    def take(self, environment: Any) -> None:
        """Take a picture of an environment that was reset or stepped just now.

        Raises:
            FilmFailed: It renders none.
        """
        if not self._every:
            self._rate = _rate(environment)
            self._every = math.ceil(self._rate / _FASTEST)
        self._taken += 1
        if (self._taken - 1) % self._every:
            return
        self._frames.append(self._picture(environment))
        if len(self._frames) > _MOST_FRAMES:
            self._frames = self._frames[::2]
            self._every *= 2

    def write(self) -> None:
        """Write the file."""
        first, rest = self._frames[0], self._frames[1:]
        duration = round(1000 * self._every / self._rate)
        first.save(
            str(self.path), "GIF", save_all=True, append_images=rest, duration=duration, loop=0
        )

    def _picture(self, environment: Any) -> Any:
        try:
            rendered = environment.render()
        except Exception as cause:
            msg = "the environment cannot draw itself: {}. {}"
            raise FilmFailed(msg.format(str(cause).rstrip("."), _advice(cause))) from cause
        if getattr(rendered, "ndim", 0) != 3:  # noqa: PLR2004  # height, width, colours
            msg = (
                "the environment draws no pictures: render() gave {}. Gymnasium's way is "
                'render_mode="rgb_array", which a factory gets if it has an argument of that name'
            )
            raise FilmFailed(msg.format(type(rendered).__name__))
        picture = self._image.fromarray(rendered)
        picture.thumbnail((_WIDTH, _HEIGHT))
        return picture.convert("RGB").quantize()


def _advice(cause: Exception) -> str:
    told = "{} {}".format(type(cause).__name__, cause).lower()
    if any(word in told for word in _OF_WINDOWS):
        return (
            "It draws in a window, as environments for old releases of gym do, and so needs a "
            "display: set DISPLAY, or put `xvfb-run -a` before your command (Debian and Ubuntu "
            "have it in the package xvfb)"
        )
    return "What it needs for that goes into requirements.txt beside your modules"


def _pillow() -> Any:
    try:
        from PIL import Image  # noqa: PLC0415  # only where a film is wanted
    except ImportError as cause:
        msg = (
            "a GIF needs Pillow, which the release's environment has not: put the line `pillow` "
            "into requirements.txt beside your modules"
        )
        raise FilmFailed(msg) from cause
    return Image


def _rate(environment: Any) -> float:
    metadata = getattr(environment, "metadata", None) or {}
    rate = metadata.get("render_fps") or metadata.get("video.frames_per_second")
    return float(rate or _USUAL_RATE)

"""Evaluations as animated GIFs, of which each shows the first episode."""

import contextlib
from typing import Any, Callable, Iterator, List, Optional

import rlscript
from rlscript.film import Film, FilmFailed

_FOLDER = "gifs"


@contextlib.contextmanager
def filmed(make: Callable[[], Any], step: Optional[int]) -> Iterator[Callable[[], Any]]:
    """Give what makes the environments of an evaluation; the first one is filmed.

    Args:
        make: Returns a new environment.
        step: At which step of training this is, for the name of the file in the folder of
            intermediate output; None where no film is wanted.
    """
    if step is None:
        yield make
        return
    folder = rlscript.intermediate_dir() / _FOLDER
    folder.mkdir(exist_ok=True)
    film = Film(folder / "step-{:09d}.gif".format(step))
    waiting: List[Film] = [film]

    def stage() -> Any:
        return _Filmed(make(), waiting.pop()) if waiting else make()

    yield stage
    if not film.is_empty:
        film.write()


class _Filmed:
    """An environment of which the first episode is filmed."""

    def __init__(self, environment: Any, film: Film) -> None:
        self._environment = environment
        self._film: Optional[Film] = film

    def reset(self, seed: Optional[int] = None) -> Any:
        found = self._environment.reset(seed=seed)
        self._take()
        return found

    def step(self, action: Any) -> Any:
        found = self._environment.step(action)
        self._take()
        if found[2] or found[3]:
            self._film = None
        return found

    def close(self) -> None:
        self._environment.close()

    def _take(self) -> None:
        if self._film:
            try:
                self._film.take(self._environment)
            except FilmFailed as error:
                # No reason to lose a training.
                rlscript.announce("warning: no GIF: {}".format(error))
                self._film = None

"""Run a program that sees a folder as `/opt/ml`: `PYTHON path/to/inside.py FOLDER PROGRAM ...`.

Where the kernel does not allow that, the program runs without. Python 3.6, standard library alone.
"""

import os
import pathlib
import socket
import sys

import namespaces  # type: ignore[import-not-found]


def main(folder: str, *words: str) -> None:
    """Become the program *words*."""
    here = os.getcwd()  # noqa: PTH109 - goes back to `chdir`
    namespaces.enter(pathlib.Path(folder), socket.gethostname())
    os.chdir(here)
    os.execv(words[0], words)  # noqa: S606 - the words are our own


if __name__ == "__main__":
    main(*sys.argv[1:])

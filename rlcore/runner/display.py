"""A private display for scripts that render. Python 3.6, standard library alone.

Toolkits of the time before off-screen rendering draw their GIFs through a window.
"""

import ctypes
import os
import pathlib
import select
import shutil
import signal
import struct
import subprocess
from typing import Dict

_PR_SET_PDEATHSIG = 1
_PATIENCE = 10.0  # seconds until the server must have told its display's number
_SCREEN = "1280x1024x24"
_ANY_HOST = 65535  # "FamilyWild" of X11's Xau library
_PROTOCOL = b"MIT-MAGIC-COOKIE-1"


class NoDisplay(Exception):
    """There is no display, and none can be had; the message says why."""


def start(folder: pathlib.Path) -> Dict[str, str]:
    """Start `Xvfb` as a child of ours, and return the variables by which scripts find it.

    It ends with us, or by what ends our other descendants. Nobody without the key in *folder* gets
    in.

    Raises:
        NoDisplay: It is not installed, or does not start.
    """
    program = shutil.which("Xvfb")
    if program is None:
        msg = "Xvfb is not installed (Debian and Ubuntu have it in the package xvfb)"
        raise NoDisplay(msg)
    key = folder / ".Xauthority"
    _write_key(key)
    told, telling = os.pipe()
    words = [program, "-displayfd", str(telling), "-screen", "0", _SCREEN, "-noreset"]
    subprocess.Popen(
        [*words, "-nolisten", "tcp", "-auth", str(key)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[telling],
        preexec_fn=_end_with_parent,  # noqa: PLW1509 - we have no threads
        start_new_session=True,
    )
    os.close(telling)
    return {"DISPLAY": ":{}".format(_number(told, program)), "XAUTHORITY": str(key)}


def _end_with_parent() -> None:
    """Have this process ended when the one that started it ends, in whatever way."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _write_key(path: pathlib.Path) -> None:
    """Write a key file of one entry: family, host, display, protocol and key, lengths before."""
    fields = (b"", b"", _PROTOCOL, os.urandom(16))
    entry = struct.pack(">H", _ANY_HOST)
    for field in fields:
        entry += struct.pack(">H", len(field)) + field
    path.touch(mode=0o600)
    path.write_bytes(entry)


def _number(told: int, program: str) -> int:
    """Read the display's number, which comes once the server listens."""
    text = b""
    while not text.endswith(b"\n"):
        ready = select.select([told], [], [], _PATIENCE)[0]
        data = os.read(told, 64) if ready else b""
        if not data:
            msg = "{} does not start".format(program)
            raise NoDisplay(msg)
        text += data
    os.close(told)
    return int(text)

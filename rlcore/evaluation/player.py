"""The other side of `rlscript.player`: starts it, answers its questions, tells why it failed."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from rlcore.errors import EvaluationFailed
from rlscript.evaluation import Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from rlcore.evaluation.workshop import Workshop

Actor: TypeAlias = "Callable[[list[Turn]], Sequence[tuple[Any, Any]]]"

_BLOCK = 1 << 16
_PATIENCE = 0.5  # seconds until a silent player is looked at
_FAREWELL = 5.0  # seconds that one has which hung up
_LAST_LINES = 15
_PAIR = 2


def ask(
    place: Workshop,
    task: Mapping[str, Any],
    *,
    actor: Actor | None = None,
    progress: Callable[[int], object] = lambda _: None,
) -> dict[str, Any]:
    """Let a player do a task and return its result; the player is gone afterwards.

    Args:
        place: Where it runs.
        task: What it does, see `rlscript.player`.
        actor: Answers turns with actions and next states.
        progress: Is told how many episodes have ended.

    Raises:
        EvaluationFailed: The environment or the policy failed; the message has the traceback, and
            what was printed last.
    """
    task = {**task, "source": str(place.source) if place.source else None}
    with (place.folder / "output").open("w+b") as output, _started(place, output) as player:
        player.send(task)
        while True:
            message = player.receive()
            if message is None:
                raise EvaluationFailed(_ended(player.wait()) + _said(output))
            if "turns" in message:
                player.send({"answers": _answers(actor, message["turns"])})
            elif "played" in message:
                progress(message["played"])
            elif "error" in message:
                raise EvaluationFailed(_told(task, message["error"], output))
            else:
                result: dict[str, Any] = message["result"]
                return result


class _Player:
    """A player as a process, and the socket to it."""

    def __init__(self, process: subprocess.Popen[bytes], wire: socket.socket) -> None:
        self._process = process
        self._wire = wire
        self._waiting = b""

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message; that a dead player does not read it is seen at the next `receive`."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self._wire.sendall(json.dumps(message, default=_plain).encode() + b"\n")

    def receive(self) -> dict[str, Any] | None:
        """Wait for a message, however long it takes; return None when the player has ended."""
        while b"\n" not in self._waiting:
            data = self._read()
            if not data:
                return None
            self._waiting += data
        line, _, self._waiting = self._waiting.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message

    def wait(self) -> int:
        """Return the exit code of a player that has ended, or has hung up and is ended."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(_FAREWELL)
        self._process.kill()
        return self._process.wait()

    def _read(self) -> bytes:
        # What the environment has started may hold the socket open when the player is dead.
        while not select.select([self._wire], [], [], _PATIENCE)[0]:
            if self._process.poll() is not None:
                return b""
        try:
            return self._wire.recv(_BLOCK)
        except ConnectionResetError:
            return b""


@contextmanager
def _started(place: Workshop, output: IO[bytes]) -> Iterator[_Player]:
    """Run a player for the length of the block; whatever it has started ends with it."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = _spawned(place, output, theirs.fileno())
        try:
            yield _Player(process, ours)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _spawned(place: Workshop, output: IO[bytes], descriptor: int) -> subprocess.Popen[bytes]:
    try:
        # Variables of our own Python are no concern of another one.
        return subprocess.Popen(
            [str(place.python), "-E", "-s", "-m", "rlscript.player", str(descriptor)],
            cwd=place.code,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[descriptor],
            start_new_session=True,
        )
    except OSError as error:
        msg = f"The Python {place.python} cannot be run: {error.strerror}."
        raise EvaluationFailed(msg) from error


def occasionally(
    tell: Callable[[int], object], every: float = 10.0, clock: Callable[[], float] = time.monotonic
) -> Callable[[int], None]:
    """Return a function that hands on what it is told, at intervals of seconds at least."""
    last = clock()

    def told(count: int) -> None:
        nonlocal last
        if clock() - last >= every:
            last = clock()
            tell(count)

    return told


def _answers(actor: Actor | None, turns: Sequence[Sequence[Any]]) -> list[list[Any]]:
    if actor is None:
        msg = "The player asked for actions, but nobody is there to answer."
        raise EvaluationFailed(msg)
    answers: list[Any] = list(actor([Turn(*each) for each in turns]))
    if len(answers) != len(turns):
        msg = f"The policy answered {len(turns)} observations with {len(answers)} actions."
        raise EvaluationFailed(msg)
    if not all(isinstance(each, (tuple, list)) and len(each) == _PAIR for each in answers):
        msg = f"Each answer must be a pair of action and next state; {answers!r:.200} was given."
        raise EvaluationFailed(msg)
    return [list(each) for each in answers]


def _plain(value: Any) -> Any:
    """Return arrays, and whatever else knows itself as a list, as JSON values."""
    if hasattr(value, "tolist"):
        return value.tolist()
    msg = f"{value!r} is no JSON value."
    raise TypeError(msg)


def _told(task: Mapping[str, Any], error: Mapping[str, Any], output: IO[bytes]) -> str:
    if error["traceback"] is None:
        message = str(error["message"]).rstrip(".")
        return f"{message[:1].upper()}{message[1:]}{'' if message.endswith('?') else '.'}"
    first = f"The environment {task['env']!r} raised {error['kind']}: {error['message']}"
    return f"{first}\n{error['traceback']}{_said(output)}"


def _ended(code: int) -> str:
    if code >= 0:
        return f"The environment's process ended in the middle of its work, with exit code {code}."
    name = signal.Signals(-code).name
    hint = " The kernel does so when memory runs out." if name == "SIGKILL" else ""
    return f"The environment's process was ended by {name}.{hint}"


def _said(output: IO[bytes]) -> str:
    """Return what the player printed last, for a message."""
    output.seek(0)
    lines = output.read().decode("utf-8", "replace").splitlines()[-_LAST_LINES:]
    return "".join(
        ["\nWhat it printed last:", *(f"\n    {line}" for line in lines)] if lines else ""
    )

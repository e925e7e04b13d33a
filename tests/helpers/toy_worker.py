"""A worker that does as it is told: `python toy_worker.py [--batches] [--slow-start] FD`."""

import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from rlserving import frames

DESCRIPTOR = int(sys.argv[-1])


def answer(request: frames.Request, size: int) -> frames.Answer:
    """Return the answer to one request, or what becomes of the worker instead."""
    said = request.body.decode()
    if said == "die":
        os._exit(3)
    if said.startswith("sleep "):
        time.sleep(float(said.split()[1]))
    text = json.dumps({"said": said, "of": size, "pid": os.getpid()})
    return frames.Answer(200, "application/json", text.encode(), said.count("outside"))


def main() -> None:
    """Greet, then answer frame after frame."""
    wire = socket.socket(fileno=DESCRIPTOR)
    if "--slow-start" in sys.argv:
        signal.signal(signal.SIGTERM, lambda *_: None)
        Path(sys.argv[-2]).touch()
        time.sleep(60)
    if "--unable" in sys.argv:
        wire.sendall(
            frames.pack(json.dumps({"error": "the model is of wood", "explained": True}).encode())
        )
        sys.exit(1)
    if "--dead" in sys.argv or ("--once" in sys.argv and Path(sys.argv[-2]).exists()):
        sys.stderr.write("no such thing\n")
        sys.exit(4)
    if "--once" in sys.argv:
        Path(sys.argv[-2]).touch()
    greeting = {"policies": ["default"], "batches": "--batches" in sys.argv}
    wire.sendall(frames.pack(json.dumps(greeting).encode()))
    splitter = frames.Splitter()
    for data in iter(lambda: wire.recv(1 << 16), b""):
        for payload in splitter.feed(data):
            requests = frames.unpack_requests(payload)
            answers = [answer(request, len(requests)) for request in requests]
            wire.sendall(frames.pack_answers(answers))
            if requests[0].body.startswith(b"hang up "):
                wire.close()
                Path(requests[0].body[8:].decode()).touch()
                time.sleep(1)
                os._exit(5)


if __name__ == "__main__":
    main()

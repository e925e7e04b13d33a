"""The limit: an ASGI application that calls ONNX Runtime itself. `python bare.py GRAPH PORT`.

No token, no log, no checks, no process beside it; the fastest loop and parser that uvicorn knows.
"""

import json
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime
import uvicorn

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
GREEDY = np.zeros((1, 2), np.float32)


async def application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Answer one request."""
    if scope["type"] != "http":
        return
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    observation = np.asarray(json.loads(body)["observation"], np.float32)[None]
    action = session.run(["action"], {"observation": observation, "noise": GREEDY})[0]
    answer = json.dumps({"action": int(action[0])}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(answer)).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


config = uvicorn.Config(
    application,
    port=int(sys.argv[2]),
    loop="uvloop",
    http="httptools",
    lifespan="off",
    access_log=False,
    log_level="error",
)
server = uvicorn.Server(config)


def _end_with_input() -> None:
    sys.stdin.read()
    server.should_exit = True


threading.Thread(target=_end_with_input, daemon=True).start()
server.run()

"""Ray Serve with the same graph, as its documentation begins. `python ray_serve.py GRAPH PORT`."""

import os
import sys
import tempfile
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import numpy as np
import onnxruntime
import ray
from ray import serve
from starlette.requests import Request

GRAPH = sys.argv[1]


class Policy:
    """The policy."""

    def __init__(self) -> None:
        """Load the graph."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(GRAPH, options)
        self.noise = np.zeros((1, 2), np.float32)

    async def __call__(self, request: Request) -> dict[str, int]:
        """Answer one request."""
        observation = np.asarray((await request.json())["observation"], np.float32)[None]
        feed = {"observation": observation, "noise": self.noise}
        return {"action": int(self.session.run(["action"], feed)[0][0])}


with tempfile.TemporaryDirectory(prefix="rlb-", ignore_cleanup_errors=True) as folder:
    token = Path(folder, "token")
    token.write_text("0" * 64, encoding="utf-8")
    os.environ["RAY_AUTH_TOKEN_PATH"] = str(token)
    ray.init(num_cpus=2, include_dashboard=False, _temp_dir=folder, _node_ip_address="127.0.0.2")
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[2])})
    serve.run(serve.deployment(Policy).bind(), route_prefix="/invocations")
    sys.stdin.read()
    serve.shutdown()
    ray.shutdown()

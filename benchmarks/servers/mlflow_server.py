"""MLflow's model server with the same graph. `python mlflow_server.py GRAPH PORT`."""

import os
import signal
import subprocess
import sys
import tempfile

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

import mlflow.onnx
import numpy as np
import onnx
from mlflow.models import infer_signature

with tempfile.TemporaryDirectory() as folder:
    model = f"{folder}/model"
    # Without a signature it hands on double precision, which the graph does not take.
    example = {"observation": np.zeros((1, 4), np.float32), "noise": np.zeros((1, 2), np.float32)}
    signature = infer_signature(example)
    mlflow.onnx.save_model(onnx.load(sys.argv[1]), model, signature=signature)
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", model]
    command += ["--port", sys.argv[2], "--host", "127.0.0.1", "--env-manager", "local"]
    # MLflow looks for its server on the path.
    programs = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])  # noqa: PTH120
    environment = {**os.environ, "PATH": programs}
    with subprocess.Popen(command, env=environment, start_new_session=True) as served:
        sys.stdin.read()
        os.killpg(served.pid, signal.SIGTERM)

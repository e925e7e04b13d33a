"""The checks of a real training fail where its script fails, exports nothing, or something else.

The toolkit is the one of the template for new ones: it trains in a second.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from wrong_plugins import run_pytest

import rlcore

SOURCES = Path(rlcore.__file__).parent / "template/src"
HEAD = """
from pathlib import Path

from rlcore.testing import ShortTraining, ToolkitContract

HERE = Path(__file__).parent
"""
CLASS = """
class Test_NAME(ToolkitContract):
    key = "mytoolkit.numpy"
    cannot = {"captured_logs": "a test"}
    training = ShortTraining(version="0.1.0", entry_point="NAME.py", source_dir=HERE / "scripts")
"""
TRAIN = """
import rlscript
import rlscript_mytoolkit

rlscript_mytoolkit.train(
    env="CartPole-v1",
    env_kwargs={},
    stop=rlscript.StopRule(steps=1000),
    evaluation=rlscript.EvaluationPlan(episodes=10),
    population=8,
    seed=1,
)
"""
SPOIL = """
import hashlib, json, os
from pathlib import Path

import onnx
from onnx import numpy_helper

folder = Path(os.environ["SM_MODEL_DIR"])
manifest = json.loads((folder / "policy.json").read_text())
name = manifest["policies"]["default"]["graph"]
graph = onnx.load(str(folder / name))
for tensor in graph.graph.initializer:
    values = numpy_helper.to_array(tensor)
    if values.dtype.kind == "f":
        tensor.CopyFrom(numpy_helper.from_array(-values, tensor.name))
onnx.save(graph, str(folder / name))
manifest["files"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
(folder / "policy.json").write_text(json.dumps(manifest))
"""
# Name of script and class -> its text, the check that fails, what its message holds.
SCRIPTS = {
    "right": (TRAIN, "", ""),
    "failing": (
        "raise ValueError('no such thing')",
        "test_a_short_training_succeeds",
        "ValueError: no such thing",
    ),
    "bare": (
        "print('rlcore step=1 time=1.0 episode_return_mean=2')",
        "test_its_policy_is_exported",
        "holds no policy.json",
    ),
    "spoilt": (
        TRAIN + SPOIL,
        "test_its_endpoint_acts_as_the_policy_does",
        "endpoint and training: equal in 0 of 10 episodes",
    ),
}


@pytest.mark.training
@pytest.mark.timeout(300)
def test_a_wrong_training_fails_the_check_of_what_is_wrong(tmp_path: Path) -> None:
    """One check fails, with a message that tells what was found; those of the right one hold."""
    info = tmp_path / "rl_plugin_mytoolkit-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: rl-plugin-mytoolkit\nVersion: 0.1.0\n")
    point = "mytoolkit.numpy = rl_plugin_mytoolkit.plugin:plugin"
    (info / "entry_points.txt").write_text(f"[rlcore.toolkits]\n{point}\n")
    (tmp_path / "scripts").mkdir()
    for name, (text, _, _) in SCRIPTS.items():
        (tmp_path / f"scripts/{name}.py").write_text(text)
    tests = HEAD + "".join(CLASS.replace("NAME", name) for name in SCRIPTS)

    found = run_pytest(
        tmp_path,
        tests,
        "-k",
        "training or exported or endpoint",
        PYTHONPATH=f"{tmp_path}:{SOURCES}",
    )

    failed = {name: list(messages) for name, messages in found.items()}
    assert {name: [check] * bool(check) for name, (_, check, _) in SCRIPTS.items()} == failed
    for name, (_, check, says) in SCRIPTS.items():
        assert says in found[name].get(check, "")

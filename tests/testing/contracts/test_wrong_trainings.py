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
    cannot = CANNOT
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
# A policy that holds out for 500 steps, with and without its bias.
SOLVED = """
import numpy as np
from rlscript_mytoolkit import crossentropy

def solved(self):
    kernel = np.array([0.1, 0.3, 3.0, 2.0], np.float32)
    return {"kernel": np.stack([-kernel, kernel], 1), "bias": np.array([0.0, 0.02], np.float32)}

crossentropy.CrossEntropy.weights = solved
"""
# Ten steps, each of which pays the same whatever is done.
FLAT = """
import gymnasium
import numpy as np

class Flat(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-9.0, 9.0, (4,), np.float32)
    action_space = gymnasium.spaces.Discrete(2)

    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.left = 10
        return self.seen(), {}

    def step(self, action):
        self.left -= 1
        return self.seen(), 1.0, False, self.left == 0, {}

    def seen(self):
        return self.np_random.normal(size=4).astype(np.float32)
"""
OPEN = """
import hashlib, json, os
from pathlib import Path

import onnx
from onnx import helper, numpy_helper

folder = Path(os.environ["SM_MODEL_DIR"])
manifest = json.loads((folder / "policy.json").read_text())
name = manifest["policies"]["default"]["graph"]
graph = onnx.load(str(folder / name))
tensors = {each.name: each for each in graph.graph.initializer}

def scale(factor, *names):
    for each in names:
        values = factor * numpy_helper.to_array(tensors[each])
        tensors[each].CopyFrom(numpy_helper.from_array(values, each))
"""
CLOSE = """
onnx.save(graph, str(folder / name))
manifest["files"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
(folder / "policy.json").write_text(json.dumps(manifest))
"""
NEGATIVE = "scale(-1, 'kernel', 'bias')"
# What is best in a batch depends on the others in it.
MIXED = """
preferences, chosen = graph.graph.node
mean = helper.make_node("ReduceMean", preferences.output, ["mean"], axes=[0])
less = helper.make_node("Sub", [*preferences.output, "mean"], ["less"])
chosen.input[0] = "less"
del graph.graph.node[:]
graph.graph.node.extend([preferences, mean, less, chosen])
del graph.opset_import[:]
graph.opset_import.extend([helper.make_opsetid("", 13)])
"""
# Where it is another than that of all.
CANNOT = {
    name: {"captured_logs": "a test", "evaluation_kept": "a test"} for name in ("excused", "modest")
}
ENDPOINT = "test_its_endpoint_acts_as_the_policy_does"


def spoilt(how: str, train: str = TRAIN) -> str:
    """Return a training whose export is changed afterwards."""
    return train + OPEN + how + CLOSE


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
    "foreign": (
        spoilt("manifest['toolkit'] = 'other.numpy'"),
        "test_its_policy_is_exported",
        "policy.json is of other.numpy 0.1.0 instead of mytoolkit.numpy 0.1.0",
    ),
    "outdated": (
        spoilt("manifest['release'] = '0.0.9'"),
        "test_its_policy_is_exported",
        "policy.json is of mytoolkit.numpy 0.0.9 instead of mytoolkit.numpy 0.1.0",
    ),
    "negative": (
        spoilt(NEGATIVE),
        ENDPOINT,
        "endpoint and training: equal in 0 of 10 episodes",
    ),
    "unkept": (
        spoilt(NEGATIVE + "; manifest['evaluation'] = None"),
        ENDPOINT,
        "no episodes of the training to compare with",
    ),
    "excused": (spoilt("manifest['evaluation'] = None"), "", ""),
    "modest": (TRAIN, ENDPOINT, "cannot names 'evaluation_kept', but policy.json keeps episodes"),
    "sampled": (
        spoilt(NEGATIVE + "; manifest['evaluation']['greedy'] = False"),
        ENDPOINT,
        "no episodes of the training to compare with",
    ),
    "solved": (SOLVED + TRAIN, "", ""),
    "unbiased": (
        SOLVED + spoilt("scale(0, 'bias')"),
        ENDPOINT,
        "endpoint and training: equal in 9 of 10 episodes; actions differ first in step",
    ),
    "mixed": (spoilt(MIXED), ENDPOINT, "alone is answered by"),
    "flat": (
        FLAT + TRAIN.replace("CartPole-v1", "flat:Flat"),
        ENDPOINT,
        "this game cannot tell policies apart",
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
    tests = HEAD
    for name in SCRIPTS:
        cannot = CANNOT.get(name, {"captured_logs": "a test"})
        tests += CLASS.replace("NAME", name).replace("CANNOT", repr(cannot))

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

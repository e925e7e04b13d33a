"""Coach's graph, made for as long as it trains."""

import contextlib
import gc
import importlib.util
import os
import warnings
from typing import Any, Iterator, Optional

import rlscript
from rlscript_coach.places import Place
from rlscript_coach.refusals import ExportRefused
from rlscript_coach.releases import MXNET, TENSORFLOW, backend, release
from rlscript_coach.schedule import Schedule

_NAMES = {TENSORFLOW: "TensorFlow", MXNET: "MXNet"}
# What exports policies, as rlcore's own environments have it, with what Coach's images have of
# other versions: tf2onnx needs a later protobuf, ONNX Runtime a later NumPy.
_EXPORTING = {TENSORFLOW: ("onnx", "onnxruntime", "tf2onnx"), MXNET: ("onnx", "onnxruntime")}
_COMMON = (
    "flatbuffers==1.12",
    "numpy==1.16.6",
    "onnxruntime==1.10.0",
    "protobuf==3.14.0",
    "typing-extensions==3.7.4.3",
)
LACKING = {
    TENSORFLOW: (*_COMMON, "onnx==1.8.0", "tf2onnx==1.8.5"),
    MXNET: (*_COMMON, "onnx==1.3.0"),
}
# Libraries that warn of what only their developers could mend.
_TALKATIVE = "gym|h5py|matplotlib|mxnet|numpy|pandas|pkg_resources|rl_coach|scipy|tensor"
_GYM_ERRORS = 40


@contextlib.contextmanager
def started(manager: Any, schedule: Schedule, place: Place, seed: Optional[int]) -> Iterator[Any]:
    """Build the graph and give its learner; close the environment and the session at the end."""
    rlscript.announce("building the graph of Coach {} on {}".format(release(), _NAMES[backend()]))
    film = _prepare(manager)
    if seed is not None:
        rlscript.seed_everything(seed)
    # It imports Coach, which must have been told first how much to say.
    from rlscript_coach.learner import CoachLearner  # noqa: PLC0415

    # Coach's memories fork: a child that happened to collect an earlier training's session would
    # wait for threads that it has not, and we for it.
    gc.collect()
    with _graph():
        manager.create_graph(_task(seed))
        try:
            yield CoachLearner(manager, schedule, place, film=film)
        finally:
            for environment in manager.environments:
                environment.env.close()
            if manager.sess is not None:
                manager.sess.close()


def quieten() -> None:
    """Keep colours, and what libraries tell their developers, out of the job's log.

    The metrics of the original are found in lines without colours alone.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    warnings.filterwarnings("ignore", module=_TALKATIVE)
    import gym  # noqa: PLC0415  # Coach brings it
    from rl_coach.logger import screen  # noqa: PLC0415  # Coach itself

    gym.logger.set_level(_GYM_ERRORS)
    screen.set_use_colors(False)
    if backend() == TENSORFLOW:
        import tensorflow as tf  # noqa: PLC0415

        tf.logging.set_verbosity(tf.logging.ERROR)


@contextlib.contextmanager
def _graph() -> Iterator[None]:
    """Make room for networks: a second training in a process would find the first one's."""
    if backend() == MXNET:
        import mxnet as mx  # noqa: PLC0415

        # Numbers in the names of parameters begin anew, so that checkpoints fit.
        with mx.name.NameManager():
            yield
        return
    import tensorflow as tf  # noqa: PLC0415
    from rl_coach.architectures.tensorflow_components import general_network  # noqa: PLC0415

    with tf.Graph().as_default():
        yield
    # Later releases keep the scopes that they have opened.
    getattr(general_network.GeneralTensorFlowNetwork, "variable_scopes_dict", {}).clear()


def require_converters() -> None:
    """Check that policies can be exported here: Coach's own images lack what that takes.

    Raises:
        ExportRefused: A package is missing.
    """
    for package in _EXPORTING[backend()]:
        if importlib.util.find_spec(package) is None:
            reason = (
                "is missing, which exports it: put these into requirements.txt, a line each, for "
                "pip 19.3 or later: {}. Images that do not install that file: let the script "
                "run pip before it imports rlscript_coach"
            )
            raise ExportRefused(package, reason.format(" ".join(LACKING[backend()])))


def _prepare(manager: Any) -> bool:
    """Let the networks run on the backend that is here; tell whether evaluations are filmed."""
    if backend() == MXNET:
        from rl_coach.base_parameters import Frameworks  # noqa: PLC0415

        for network in manager.agent_params.network_wrappers.values():
            network.framework = Frameworks.mxnet
    view = manager.visualization_parameters
    view.render = False
    wanted = bool(view.dump_gifs or view.dump_mp4)
    # Coach films its own evaluations, which are not held.
    view.dump_gifs = view.dump_mp4 = False
    # A job has been told already.
    if wanted and not os.environ.get("DISPLAY") and "RLCORE_JOB_NAME" not in os.environ:
        rlscript.announce("warning: there is no display (DISPLAY is not set): no GIFs are made")
    return wanted and bool(os.environ.get("DISPLAY"))


def _task(seed: Optional[int]) -> Any:
    from rl_coach.base_parameters import Frameworks, TaskParameters  # noqa: PLC0415

    return TaskParameters(
        framework_type=Frameworks.mxnet if backend() == MXNET else Frameworks.tensorflow,
        use_cpu=os.environ.get("SM_NUM_GPUS", "0") == "0",
        # Coach's tables of episodes and of all parameters go here.
        experiment_path=str(rlscript.intermediate_dir()),
        seed=seed,
    )

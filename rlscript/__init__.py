"""What a training script imports, whatever its toolkit: the script's side of rlcore.

Standard library alone, Python 3.6 and later. A toolkit's own package (`rlscript_ray`, ...)
implements `Learner`; `train` runs it with one stop rule, evaluations, checkpoints and a model that
can be deployed after every kind of stop. A script may as well use the single parts and keep its
own loop::

    import rlscript

    settings = rlscript.hyperparameters(env="CartPole-v1", lr=3e-4)
    rlscript.report(2000, episode_return_mean=23.3)
"""

from rlscript.archives import ArchiveError, extract
from rlscript.checkpoints import Checkpoint, Checkpoints
from rlscript.environments import EnvironmentFailed, make_environment
from rlscript.evaluation import Evaluation, Turn, evaluate
from rlscript.fitting import misfit, shapes_of
from rlscript.models import (
    InferenceCodeMissing,
    inference_code,
    named,
    publish_model,
    read_manifest,
)
from rlscript.paths import (
    channel,
    checkpoint_dir,
    intermediate_dir,
    job_name,
    model_dir,
    output_data_dir,
)
from rlscript.refusing import explained
from rlscript.reporting import announce, report, seconds_since_start
from rlscript.seeding import seed_everything
from rlscript.settings import HyperparameterError, hyperparameters
from rlscript.spaces import describe_space
from rlscript.starting import (
    NothingToStartFrom,
    StartingPoint,
    require_starting_point,
    starting_point,
)
from rlscript.stopping import Interruption, StopRule
from rlscript.training import DEFAULT_EVALUATION, EvaluationPlan, Learner, Outcome, Progress, train

__all__ = [
    "DEFAULT_EVALUATION",
    "ArchiveError",
    "Checkpoint",
    "Checkpoints",
    "EnvironmentFailed",
    "Evaluation",
    "EvaluationPlan",
    "HyperparameterError",
    "InferenceCodeMissing",
    "Interruption",
    "Learner",
    "NothingToStartFrom",
    "Outcome",
    "Progress",
    "StartingPoint",
    "StopRule",
    "Turn",
    "announce",
    "channel",
    "checkpoint_dir",
    "describe_space",
    "evaluate",
    "explained",
    "extract",
    "hyperparameters",
    "inference_code",
    "intermediate_dir",
    "job_name",
    "make_environment",
    "misfit",
    "model_dir",
    "named",
    "output_data_dir",
    "publish_model",
    "read_manifest",
    "report",
    "require_starting_point",
    "seconds_since_start",
    "seed_everything",
    "shapes_of",
    "starting_point",
    "train",
]
